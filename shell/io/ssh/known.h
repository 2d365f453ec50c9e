// SPDX-License-Identifier: GPL-3.0-or-later
// known_hosts files (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): looking a key up, and adding one. Files only, no libssh;
// any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strv.h"

enum remote_known { KNOWN_NOTHING, KNOWN_OK, KNOWN_CHANGED, KNOWN_OTHER_TYPE, KNOWN_REVOKED };

struct remote_known_result {
    enum remote_known verdict;
    char *file; // the line that decides (not for KNOWN_NOTHING and KNOWN_OK)
    unsigned line;
    struct strv types; // key types recorded for the name, in file order
};

// The name a host goes by: `host` in lower case, or "[host]:port" off port 22. The caller frees.
char *remote_known_name(const char *host, int port);

// Does this known_hosts host field ("a,b", "*.c,!d.c", "|1|salt|hash") mean `name`?
bool remote_known_match(const char *field, const char *name);

// Looks `name` up in the files; those that do not exist count as empty. `type` and `key` (base64) are what the server
// showed; NULL: only the types are gathered. A key marked @revoked loses against every other line. *ret is to be
// released. ERR_IO, ERR_AUTH if a file cannot be read: then nothing is known, and nothing may be trusted.
int remote_known_look(const struct strv *files, const char *name, const char *type, const char *key,
                      struct remote_known_result *ret, struct err *e);
void remote_known_release(struct remote_known_result *r);
// The same in a text that was read elsewhere; `label` stands for its name in the result. *result goes on from what
// other texts gave it (all zero at first).
void remote_known_look_text(const char *text, size_t len, const char *label, const char *name, const char *type,
                            const char *key, struct remote_known_result *result);

// Appends a line to `file` (made with mode 0600, its directory with 0700) under a lock, fsynced; does nothing if the
// same line is there already; ERR_HOSTKEY if the name has got another key there meanwhile. `hashed`: the name is not
// readable in the file (HashKnownHosts).
int remote_known_add(const char *file, const char *name, const char *type, const char *key, bool hashed, struct err *e);

// A file of RevokedHostKeys, a public key a line: *ret_line is the one of this key, or 0. One that cannot be read is an
// error, as for ssh: then no key may be trusted. ERR_UNSUPPORTED for a KRL.
int remote_known_revoked(const char *path, const char *key, unsigned *ret_line, struct err *e);

// Is `key` base64 of a key that says itself (RFC 4253, 6.6) to be of `type`? What foreign machines call a key is looked
// at with this before it goes into a file.
bool remote_known_key_valid(const char *type, const char *key);
