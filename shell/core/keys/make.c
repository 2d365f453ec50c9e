// SPDX-License-Identifier: GPL-3.0-or-later
// A key for an account that has none: the command that makes it, and the one that removes it and nothing else. See
// keys.h. No input or output of its own; job threads.
#include <string.h>

#include "base/token.h"
#include "core/console/out.h"
#include "core/keys/priv.h"
#include "core/keys/tools_priv.h"
#include "core/node/place.h"
#include "io/ssh/remote.h"

// A script that runs as the account, $HOME being its home: as it is for the login's own, else by su as root.
static char *as_account(const struct keys_account *a, const char *script, const char *const *args, size_t n)
{
    if (a->as_user)
        return place_script(script, args, n);
    struct buf b = BUF_INIT;
    _cleanup_buf_ struct buf inner = BUF_INIT;
    buf_adds(&inner, "exec sh -c ");
    remote_quote_words(&inner, &script, 1);
    buf_adds(&inner, " migsh ");
    remote_quote_words(&inner, args, n);
    const char *words[] = {"su", "-s", "/bin/sh", "-c", buf_str(&inner), a->user};
    buf_adds(&b, "exec ");
    remote_quote_words(&b, words, ARRAY_SIZE(words));
    return buf_steal(&b);
}

static void generate(struct keys *k, struct keys_account *a, struct plan *p)
{
    _cleanup_free_ char *token = token_hex(8), *mark = xasprintf("migsh-key-%s", token);
    _cleanup_free_ char *comment = xasprintf("%s@%s", a->user, a->node ? a->node->name : "admin");
    struct change *c = plan_add(p, a->node, CHANGE_COMMAND, "an ed25519 key");
    c->as_user = a->as_user;
    c->seen = true;
    c->check = as_account(a, keys_make_check, NULL, 0);
    c->run = as_account(a, keys_make, (const char *[]){mark, comment}, 2);
    c->undo = as_account(a, keys_make_undo, (const char *[]){mark, a->has_dir ? "" : "dir"}, 2);
    if (k->dry)
        out_notice(OUT_INFO, "%s has no key yet: what is done with it follows when it has one", keys_account_name(a));
    else if (!a->node)
        out_notice(OUT_INFO, "you have no ssh key: one is made, ~/.ssh/id_ed25519, without a passphrase");
}

void keys_plan_generate(struct keys *k, struct plan *p)
{
    for (size_t i = 0; i < k->n; i++) {
        struct keys_account *a = &k->all[i];
        if (keys_left_out(k, a) || a->usable)
            continue;
        _cleanup_err_ struct err e = ERR_INIT;
        if (a->locked && strcmp(a->locked, "id_ed25519") == 0) {
            err_set(&e, ERR_STATE,
                    "%s: ~/.ssh/id_ed25519 of %s has a passphrase (or cannot be read), so %s cannot use it",
                    keys_account_name(a), a->user, "a machine");
            err_hint(&e, "remove the passphrase there with ssh-keygen -p, or rename the key so that a new one is made");
            keys_refuse(k, a, "an ed25519 key", "conflict", &e);
        } else {
            generate(k, a, p);
        }
    }
}
