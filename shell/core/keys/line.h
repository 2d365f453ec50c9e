// SPDX-License-Identifier: GPL-3.0-or-later
// Lines of authorized_keys (sshd(8), "AUTHORIZED_KEYS FILE FORMAT") and known_hosts files as core/change/change.h wants
// them: what makes two of them the same, and whose migsh's own are. Pure; any thread. A line has no line end here but
// perhaps a CR, and need not be NUL-terminated. Results are the caller's.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// "type base64" of a public key line (a *.pub file, ssh-keygen -y), its comment cut off; NULL unless the type is one
// sshd accepts today and the key is of that type. So nothing but a key can come out of what a node sent.
char *keys_public(const char *line, size_t len);

// The key of an authorized_keys line in base64, whatever options stand in front of it; "CA " and the key for one that
// signs certificates, as it lets in others than the key itself. NULL for a comment and for what is no key line.
char *keys_authorized_key(const char *line, size_t len);
// Does the line limit what its key may do (any option)?
bool keys_has_options(const char *line, size_t len);

// A known_hosts line without its comment, fields separated by one blank; NULL for a comment.
char *keys_known_line(const char *line, size_t len);
// The key of a known_hosts line in base64; NULL for a comment and for lines with a marker (@revoked, @cert-authority).
char *keys_known_key(const char *line, size_t len);
// Does the known_hosts line name `name` (see remote_known_name()) in so many words, or hashed? Patterns do not count.
bool keys_known_names(const char *line, size_t len, const char *name);

// The last word of a line that migsh wrote for a node: "migsh:NODE". `node` NULL: the admin.
char *keys_mark(const char *node);
bool keys_marked(const char *line, size_t len, const char *node);
