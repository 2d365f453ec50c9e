// SPDX-License-Identifier: GPL-3.0-or-later
// The certificates of nodes: where they are, what a node has, what is wrong with it, and the authorities of this
// console that sign new ones. Plans that put them there are core/tls/setup.h's.
//
// There are two worlds, each with an authority of its own, so that a key which QEMU's user can read opens no door but
// QEMU's: libvirtd lets in everybody whose certificate its authority has signed, and a guest that breaks out of QEMU
// has QEMU's keys.
//
// A private key is made on its node and never leaves it. What is compared and certified is its public half, as
// ssh-keygen prints it.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"
#include "core/console/ctx.h"
#include "core/node/ask.h"
#include "io/x509.h"

struct job;

enum tls_world { TLS_LIBVIRT, TLS_QEMU, TLS_WORLDS };
enum tls_role { TLS_CA, TLS_SERVER, TLS_SERVER_KEY, TLS_CLIENT, TLS_CLIENT_KEY, TLS_ROLES };
static inline bool tls_is_key(enum tls_role role)
{
    return role == TLS_SERVER_KEY || role == TLS_CLIENT_KEY;
}

struct tls_file {
    char *path;
    bool there, plain; // plain: a file, or a link to one
    bool mixed;        // of a certificate: it holds a private key, too
    unsigned mode;
    char *owner, *group;
    bool qemu_may_not; // QEMU's user was tried, and cannot read it
    struct buf pem;    // of a certificate
    struct x509_cert *cert;
    char *public_key; // of a key
    char *sealed;     // why that is not known
};

struct tls_node {
    struct node *node; // lent
    struct tls_file files[TLS_WORLDS][TLS_ROLES];
    struct strv said;    // names and addresses that it gives itself
    struct strv missing; // directories of the files, outermost first
    char *qemu_group;    // whom QEMU runs as; NULL: not known
    char *settings;      // of libvirtd.conf, that name other files; NULL: none
    int64_t now;         // by its own clock
    bool untried;        // whether QEMU's user can read the files
    bool listens;
    char *unit; // systemd's, which would listen for TLS; NULL: there is no systemd
    bool unit_on;
    bool config_off; // libvirtd.conf says listen_tls = 0
};

// What to put among a question's tools, behind qemu_user, and what takes a node's part of the answer; false: none.
extern const char tls_look[];
bool tls_take(const struct facts *facts, struct node *node, struct tls_node *ret);
// `as_user`: with the login's own rights, which do for what everybody may read.
int tls_ask(struct ctx *ctx, struct job *job, struct node *node, bool as_user, struct tls_node *ret, struct err *e);
void tls_node_release(struct tls_node *t);

// "libvirt" or "qemu"
const char *tls_world_name(enum tls_world w);
// Is any file of that world there?
bool tls_has_any(const struct tls_node *t, enum tls_world w);
// Of the certificates that are there, the end of the one that ends first; INT64_MAX: there is none.
int64_t tls_until(const struct tls_node *t);
enum { TLS_DAY_S = 86400, TLS_SOON_DAYS = 30 };

// All that is wrong, [{"node", "file", "world", "level": "fail"|"warn"|"info", "seen", "wanted", "libvirt": its text or
// null, "remedy", "name": only where a certificate is not made out to it}], in the order of the files. A world of which
// nothing is there is one finding.
json_t *tls_judge(const struct tls_node *t);
// One of them; what is NULL is null.
json_t *tls_finding(const char *node, const char *world, const char *file, const char *level, const char *seen,
                    const char *wanted, const char *libvirt, const char *remedy);
// {"node", "libvirt": "pass"|"warn"|"fail"|"none", "qemu": likewise, "days": until the first ends or null, "listens",
// "unsure": what of QEMU's could not be judged, or null, "authority": digest of QEMU's, or null, "names": that QEMU's
// certificate as a server is made out to}
json_t *tls_summary(const struct tls_node *t, const json_t *findings);

// The console's own authority of that world, in its state directory, for nobody else to read: certificate and key. With
// `make` it is made where there is none; else that is ERR_NOT_FOUND. *ret is the caller's: mem_wipe_text() frees it.
int tls_authority(enum tls_world w, bool make, char **ret_pem, struct err *e);
// The certificate without the key; the caller frees.
char *tls_authority_cert(const char *pem);
