// SPDX-License-Identifier: GPL-3.0-or-later
// libvirt's files of settings (libvirtd.conf, virtqemud.conf, qemu.conf): read as strictly as libvirt does, and changed
// where they stand, so that comments and order stay. Pure; any thread.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

enum conf_file { CONF_DAEMON, CONF_QEMU };

enum conf_type {
    CONF_BOOL, // 0 or 1
    CONF_UINT,
    CONF_INT,
    CONF_STRING,
    CONF_LIST,  // of strings
    CONF_LIMIT, // a number, or "unlimited"
};

enum conf_flag {
    CONF_NETWORK = 1, // libvirtd's alone: of the modular daemons virtproxyd has it
    CONF_SOCKET = 2,  // not obeyed where systemd has made the sockets
    CONF_SECRET = 4,  // is not shown
};

struct conf_key {
    const char *name; // NULL ends a table
    enum conf_type type;
    unsigned flags;
};

// The keys that libvirt knows, in the order of its own files.
const struct conf_key *conf_keys(enum conf_file file);
const char *conf_type_name(enum conf_type type);

// What a file sets. A key may be set twice: libvirt takes the first.
struct conf_entry {
    char *key;
    json_t *value;            // integer, string, or array of strings
    size_t at, value_at, end; // bytes: of the key, of the value and behind it
};
struct conf {
    struct conf_entry *all;
    size_t n;
};
// ERR_STATE with the line that libvirt would stumble over.
int conf_parse(const char *text, size_t len, struct conf *ret, struct err *e);
void conf_release(struct conf *c);
#define _cleanup_conf_ _cleanup_(conf_release)
const struct conf_entry *conf_find(const struct conf *c, const char *key);
// What the comment of a key that is not set says ("#max_clients = 5000"), mostly libvirt's own default; NULL: there is
// none. A new reference.
json_t *conf_stock(const char *text, size_t len, const char *key);

struct conf_wish {
    const struct conf_key *key;
    char *text; // the value as the file has it; NULL: not set any more
};
struct conf_wishes {
    struct conf_wish *all;
    size_t n;
};
// "KEY=VALUE", or with `unset` "KEY". ERR_USAGE: no such key, or no value of its type.
int conf_wish_add(struct conf_wishes *w, enum conf_file file, const char *word, bool unset, struct err *e);
void conf_wishes_release(struct conf_wishes *w);
#define _cleanup_wishes_ _cleanup_(conf_wishes_release)
// The text with all of it so. A key that is set is given the value where it stands; else the comment that has it
// becomes the setting; else it comes last. What is not to be set becomes a comment. ERR_STATE as conf_parse().
int conf_edit(const char *text, size_t len, const struct conf_wishes *w, struct buf *ret, struct err *e);
