// SPDX-License-Identifier: GPL-3.0-or-later
// A login on another machine, over ssh (libssh inside). Every function blocks its caller and therefore belongs on a
// job's thread; inside nothing blocks: each wait is a poll() that also watches job_cancel_fd() and a deadline of its
// own, so that neither Ctrl-C nor a frozen peer can hang it. A `struct remote` belongs to one thread at a time (see
// core/console/session.h).
//
// Host keys are always checked against known_hosts. An unknown key is refused unless a person says yes or it equals a
// pinned fingerprint; a changed key is refused always, whatever ~/.ssh/config says about StrictHostKeyChecking.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"

struct job;
struct remote;

enum remote_ask_kind { REMOTE_ASK_TEXT, REMOTE_ASK_SECRET, REMOTE_ASK_YESNO };
// Puts a question to the operator. *ret_answer is malloc()ed and NUL-terminated ("yes" or "no" for YESNO); the remote
// wipes and frees it. -1 with ERR_AUTH where nobody can be asked, ERR_CANCELLED where the person refused.
typedef int remote_ask_fn(void *data, struct job *job, enum remote_ask_kind kind, const char *question,
                          char **ret_answer, struct err *e);

struct remote_options {
    const char *host;        // a host name, address, or a Host of ~/.ssh/config
    const char *user;        // NULL: from the config, else the local user's name
    int port;                // 0: from the config, else 22
    const char *config_file; // NULL: ~/.ssh/config and /etc/ssh/ssh_config; otherwise this file alone, as `ssh -F`
    const char *fingerprint; // "SHA256:…": accept this key of a host that is not known yet; NULL: ask
    double connect_ms;       // for name, TCP and key exchange together; 0: ConnectTimeout of the config, else 15 s
    double stall_ms;         // a peer silent for so long although asked for a sign of life is gone; 0: 25 s
    remote_ask_fn *ask;      // NULL: never ask
    void *ask_data;
};

// Connects (through the ProxyJump hosts, if any), checks the host key, logs in. Authentication is tried in the order
// agent, key files, keyboard-interactive, password. Errors: ERR_UNREACHABLE (name, route, refused, closed early),
// ERR_TIMEOUT, ERR_HOSTKEY, ERR_AUTH, ERR_CANCELLED, ERR_USAGE (a broken config file).
int remote_open(struct job *job, const struct remote_options *options, struct remote **ret, struct err *e);
void remote_close(struct remote *r); // never waits for the peer; NULL is fine
DEFINE_CLEANUP(struct remote, remote_close);

const char *remote_label(const struct remote *r);       // "root@node1", "root@node1:2222"
const char *remote_server(const struct remote *r);      // the server's banner: "SSH-2.0-OpenSSH_9.2p1 …"
const char *remote_fingerprint(const struct remote *r); // "SHA256:…" of the key the server proved to have
const char *remote_host_key(const struct remote *r);    // that key: "ssh-ed25519 AAAA…"
bool remote_broken(const struct remote *r);             // of no further use: close it
// One round trip within `timeout_ms`. -1 (ERR_UNREACHABLE, ERR_TIMEOUT, ERR_CANCELLED): the connection is broken.
int remote_ping(struct job *job, struct remote *r, double timeout_ms, struct err *e);

// Adds a word so that any POSIX shell reads it as that word and nothing else. The one way a foreign string gets into a
// remote command line. -1 with ERR_USAGE, nothing added, if `word` (n bytes) contains a NUL, which no command line can
// carry.
int remote_quote(struct buf *b, const char *word, size_t n, struct err *e);
// The words quoted and joined by blanks. (C strings hold no NUL, so this cannot fail.)
void remote_quote_words(struct buf *b, const char *const *words, size_t n);
// What an operator typed to be run by a shell: one word is a line, several are taken literally.
void remote_add_line(struct buf *b, const struct strv *words);

enum { REMOTE_LATER = -2 };

struct remote_exec {
    const char *command; // read by the login shell of the remote user
    const char *what;    // for the log, where the command may hold what nobody else is to read; NULL: the command
    // Instead: `command` is a POSIX script, for a shell that is kept open for further ones (a login shell takes longer
    // than most scripts). `shell` is the line that becomes it, for the login shell: "exec sh". The script runs in a
    // subshell, its stdin is empty: no input, feed() or output(). If the shell itself says no, its exit status and
    // output are the result, and `started` is false.
    const char *shell;
    const void *input; // the command's stdin; NULL and no feed(): empty
    size_t input_len;
    // Instead of `input`: fills buf with up to n bytes; 0 ends stdin, -1 (e set) aborts the command. May block on local
    // disks. REMOTE_LATER: there is nothing yet; asked again when `wake_fd` is readable, and once a second anyway.
    ssize_t (*feed)(void *data, void *buf, size_t n, struct err *e);
    // Takes output as it comes instead of gathering it in the result; -1 (e set) aborts the command.
    int (*output)(void *data, bool is_stderr, const void *s, size_t n, struct err *e);
    void *data;        // for feed() and output()
    int wake_fd;       // 0: none. Only polled: feed() reads it empty
    size_t max_output; // gathered bytes of both streams together; 0: 64 MiB. More is an error (ERR_FAILED)
    double timeout_ms; // for the whole command; 0: none (a dead peer is noticed anyway, see stall_ms)
    double idle_ms;    // a command that prints nothing for so long is given up (ERR_TIMEOUT); 0: none. Not local_exec()
};

// What the command did. Its stdout is what the far side sent: a login shell whose start-up files print (bash reads
// ~/.bashrc under sshd) adds that noise in front, so whoever parses should frame the wanted part with a marker.
struct remote_result {
    int status;   // exit status; 128 + number for a signal, as a shell reports it
    char *signal; // "TERM", "KILL" …, or NULL
    bool started; // the server had accepted the command (also set when remote_exec() fails)
    struct buf out;
    struct buf err;
};
#define REMOTE_RESULT_INIT                                                                                             \
    {                                                                                                                  \
        0, NULL, false, BUF_INIT, BUF_INIT                                                                             \
    }
void remote_result_release(struct remote_result *result);

// Commands run by this process on other machines so far, for tests and --timing.
uint64_t remote_commands(void);
// Runs one command to its end. 0 whatever the exit status; -1 if the command or the connection could not be brought to
// an end
// (*result then holds what had come until then). On cancel and timeout the command is sent SIGTERM, its stdin and
// stdout are closed, and the connection stays usable if the peer confirms. sshd ignores that signal for root's logins
// (OpenSSH has no privilege separation there): such a command ends when it next reads or writes.
int remote_exec(struct job *job, struct remote *r, const struct remote_exec *spec, struct remote_result *result,
                struct err *e);
// Hands out what a command printed if it ended with 0; else ERR_FAILED with the end of its stderr, `who` in front.
int remote_result_output(const char *who, struct remote_result *result, char **ret_out, struct err *e);
// Does the name or address, as it is resolved here, lead to the very address that this login was connected to, and
// nowhere else? Asks no one but the resolver. False where that cannot be told: through a jump host, or no answer in
// time.
bool remote_leads_to(struct job *job, struct remote *r, const char *name, double timeout_ms);

// The common case: stdout of a command that must end with 0 (else ERR_FAILED with the end of its stderr). *ret_out is
// freed by the caller; NULL if it is not wanted.
int remote_output(struct job *job, struct remote *r, const char *command, char **ret_out, struct err *e);
