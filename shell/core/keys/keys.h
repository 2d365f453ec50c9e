// SPDX-License-Identifier: GPL-3.0-or-later
// Who may log in to whom by which key: what each node and the admin's machine have, and the plans
// (core/change/change.h) that make every node trust every other, or forget one. Job threads. Carries nothing out; that
// is core/change/edit.h.
//
// Host keys come from the server's own files, over a login whose host key was checked, and only if the key that was
// checked is among them. So a key that anybody in between could have shown never gets into a file.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"
#include "core/change/change.h"
#include "core/console/ctx.h"

struct job;

struct keys_mode { // a file or directory that others could write, for which sshd refuses the keys in it
    char *path;
    unsigned mode;
};

// One account on one machine. The strings come from there, but have been looked at: keys are keys, names are names.
struct keys_account {
    struct node *node; // NULL: the admin; a reference
    char *login;       // who migsh is there at first; NULL for the admin
    char *host;        // where the others find its sshd
    int port;
    bool as_user; // the account is the login's own, so nothing needs root
    bool gathered;
    bool key_made;  // since then, perhaps
    struct err err; // why not, when it was tried

    char *user;              // the account
    char *identity;          // two entries of the inventory with the same are one account
    struct strv given_names; // known_hosts names by which the operator knows it
    struct strv own_names;   // what it calls itself, and its addresses, as far as they lead to it from here
    struct strv host_keys;   // "type base64"
    struct strv public_keys; // of the user: the one to be handed out first
    bool usable;             // the first works without a person (the admin's: at all)
    char *locked;            // "id_ed25519": is there, but wants a passphrase
    bool has_dir;            // ~/.ssh
    char *key_file;          // AuthorizedKeysFile, where it is set and for certain
    char *root_rule;         // PermitRootLogin, likewise
    struct keys_mode *modes; // that have to be mended
    size_t n_modes;
    struct buf known;      // its known_hosts
    struct buf global;     // /etc/ssh/ssh_known_hosts
    struct buf authorized; // its authorized_keys, migsh's lines only
};

struct keys {
    struct ctx *ctx;
    char *user; // the account on every node; NULL: the login's own
    bool accept_new;
    bool dry;                 // nothing will be carried out
    struct keys_account *all; // [0] is the admin
    size_t n;
    json_t *refused;    // items as in edit_run()'s report: what could not be looked at or must not be done
    enum err_code code; // of the first of them
};

// `nodes` are lent for the call. ERR_USAGE for a user's name that is none, or a broken ssh_config.
int keys_new(struct ctx *ctx, struct node *const *nodes, size_t n, const char *user, bool accept_new, struct keys **ret,
             struct err *e);
void keys_free(struct keys *k);
DEFINE_CLEANUP(struct keys, keys_free);
const char *keys_account_name(const struct keys_account *a); // the node's, or "(admin)"

// Looks at all accounts that have not been gathered, and at the key of those that were given one since, in parallel. An
// account that cannot be looked at has its `err` set afterwards and an item in `refused`, and is left out of every
// plan. Machines that were in the inventory twice are told.
void keys_gather(struct keys *k, struct job *job);
// Nothing is known of the account any more.
void keys_forget(struct keys_account *a);
// An item for `refused`; `err` is lent.
void keys_refuse(struct keys *k, const struct keys_account *a, const char *what, const char *state,
                 const struct err *err);

// Is it an account that stands for itself elsewhere in the set already (a machine under two names; the admin's machine
// that is a node as well)?
bool keys_is_double(const struct keys *k, const struct keys_account *a);

// The plans. First: a key for each who has none. Then, gathered anew: everybody's public key and host keys with
// everybody else.
void keys_plan_generate(struct keys *k, struct plan *p);
void keys_plan_exchange(struct keys *k, struct plan *p);
// Removes `gone`'s user keys from all authorized_keys and its host keys from all known_hosts. What it was known by is
// also read from the others, as a node that has to be revoked may well not answer. ERR_NOT_FOUND when nobody knows a
// key of it.
int keys_plan_revoke(struct keys *k, const struct keys_account *gone, struct plan *p, struct err *e);

// Logs in from every account to every node, and gives [{"from", "to", "ok", "ms" or null, "error" (unless ok)}], row by
// row; not from a machine to itself.
json_t *keys_verify(struct keys *k, struct job *job);
