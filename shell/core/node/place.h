// SPDX-License-Identifier: GPL-3.0-or-later
// Running a script on a node, or on the admin's machine with the same words; as root by sudo where the login is not
// root's. Job threads. The password that sudo may want is asked for once for each node, kept in memory only (wiped at
// the end), and given to sudo on its stdin: never in argv, log or journal.
#pragma once

#include "base/err.h"
#include "core/console/ctx.h"
#include "io/ssh/remote.h"

struct job;

struct place_exec {
    const char *script;      // POSIX sh, run by `sh -c`
    const char *const *args; // $1 …, any bytes but NUL; may be NULL
    size_t n_args;
    bool root; // needs root: by itself, by `sudo -n`, or by sudo with a password
    const void
        *input; // what the shell function `input` prints in the script, all of it, once; with output(): its stdin
    size_t input_len;
    size_t max_output; // as in struct remote_exec
    double timeout_ms; // 0: none
    double idle_ms;    // as in struct remote_exec
    unsigned lane;     // which of the node's connections, see session_get_lane()
    // As in struct remote_exec. With feed(), `input` is not used.
    ssize_t (*feed)(void *data, void *buf, size_t n, struct err *e);
    int (*output)(void *data, bool is_stderr, const void *s, size_t n, struct err *e);
    void *data;
    int wake_fd;
};

// 0 whatever the exit status (in result); `node` NULL is the admin's machine. Errors as session_exec(), and ERR_AUTH
// when root is needed and neither sudo nor a password helps.
int place_exec(struct ctx *ctx, struct job *job, struct node *node, const struct place_exec *spec,
               struct remote_result *result, struct err *e);
// A script that brings its own words: "set -- 'WORD' …" before it. The caller frees.
char *place_script(const char *script, const char *const *words, size_t n);
// What is run on the node, for people to read before it is run: "sudo sh -c '…' migsh '/etc/hosts'".
char *place_words(const struct place_exec *spec);
// A command line that does it from within another script on the node; the caller frees. Where sudo wants a password it
// fails, with words that say so.
char *place_command(const struct place_exec *spec);
// "source", or "(admin)".
const char *place_name(const struct node *node);
// What a script there printed is not what it prints: ERR_FAILED, with the beginning of it, where our own marks belong;
// what follows may be a file's text. Returns -1.
int place_unexpected(const struct node *node, const char *output, struct err *e);
