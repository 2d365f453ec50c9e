// SPDX-License-Identifier: GPL-3.0-or-later
// What ~/.ssh/config and /etc/ssh/ssh_config say about one host, in OpenSSH's terms (ssh_config(5)): the first value
// found wins, IdentityFile adds up. Own parser, because libssh's knows neither IdentitiesOnly nor HostKeyAlias and
// turns ProxyJump into a shell command. Reads files only; any thread.
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"

struct remote_config {
    char *name; // as asked for
    char *host; // where to connect to (HostName)
    char *user;
    int port;
    struct strv identities; // IdentityFile, expanded, in order; the default names if none is configured
    bool identities_given;  // … and whether one was: a missing default file is no news, a missing configured one is
    int identities_only;    // 1: no other keys, not even the agent's
    char *agent;            // IdentityAgent: a path, "none", or NULL for $SSH_AUTH_SOCK
    char *jump;             // ProxyJump "[user@]host[:port],…" or NULL
    char *proxy_command;    // expanded, or NULL
    char *bind_address;
    struct strv user_known_hosts;
    struct strv global_known_hosts;
    char *host_key_alias;
    char *host_key_algorithms;
    char *kex_algorithms;
    char *ciphers;
    char *macs;
    char *pubkey_algorithms;
    int connect_timeout;          // seconds, 0: not given
    int pubkey, password, kbdint; // 1 (the default) or 0
    int hash_known_hosts;
    char *strict_at;         // "FILE line N" that says StrictHostKeyChecking yes: an unknown host is refused; or NULL
    char *revoked_host_keys; // a file, or NULL
    char *preferred;         // PreferredAuthentications: no other methods, in this order; NULL: any
    int password_prompts;    // -1: not given
    int family;              // AddressFamily, as AF_INET; 0: any
    int rsa_min;             // RequiredRSASize; 0: not given
    int batch;               // 1: nobody is asked for passwords and the like
};

// What restricts is obeyed, or refused by name (BindInterface, ProxyUseFdpass); what only widens, or
// is about forwarding, terminals and the like, is skipped.
// `name` as typed; `user` and `port` from the command line or inventory win (NULL, 0: not given). `file` NULL: the
// user's and the system's; otherwise that file alone, which must exist. ERR_USAGE names file and line of what cannot be
// read; ERR_UNSAFE for a file of the user's that others can write. Release in every case after success.
int remote_config_load(const char *name, const char *user, int port, const char *file, struct remote_config *ret,
                       struct err *e);
void remote_config_release(struct remote_config *c);

// "[user@]host[:port]" with IPv6 in brackets, or "ssh://user@host:port". *ret_user may become NULL, *ret_port 0. The
// caller frees.
int remote_config_parse_target(const char *s, char **ret_user, char **ret_host, int *ret_port, struct err *e);

// $HOME if it is absolute, else the password file's. The caller frees.
char *remote_config_home(void);
