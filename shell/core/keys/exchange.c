// SPDX-License-Identifier: GPL-3.0-or-later
// Everybody's public key and host keys with everybody else. See keys.h. No input or output of its own; job threads.
#include <string.h>

#include "base/json.h"
#include "core/console/out.h"
#include "core/keys/line.h"
#include "core/keys/priv.h"
#include "io/ssh/known.h"
#include "io/ssh/remote.h"

static bool is_same(const struct keys_account *a, const struct keys_account *b)
{
    return strcmp(a->identity, b->identity) == 0 && strcmp(a->user, b->user) == 0;
}

// sshd's StrictModes: what lets a key in must not be writable by others, nor any directory on the way from home.
static void mend_modes(struct keys_account *a, struct plan *p)
{
    for (size_t i = 0; i < a->n_modes; i++) {
        const struct keys_mode *m = &a->modes[i];
        _cleanup_buf_ struct buf path = BUF_INIT;
        remote_quote_words(&path, (const char *const *)&m->path, 1);
        const char *q = buf_str(&path);
        struct change *c =
            plan_add(p, a->node, CHANGE_COMMAND, "not writable by others, or sshd takes no key from there");
        c->as_user = a->as_user;
        c->check = xasprintf("m=$(stat -Lc %%a -- %s) && [ $((0$m & 022)) = 0 ]", q);
        c->run = xasprintf("chmod go-w -- %s", q);
        // Only if it still is as it was left.
        c->undo = xasprintf("m=$(stat -Lc %%a -- %s) || exit 0; [ \"$m\" != %o ] || chmod %o -- %s", q, m->mode & ~022U,
                            m->mode, q);
    }
}

// A key that is there with options may not be able to do what it is wanted for.
static void tell_limits(const struct change *c, const char *old, size_t len, json_t *notes)
{
    for (size_t at = 0; at < len;) {
        const char *end = memchr(old + at, '\n', len - at);
        size_t n = end ? (size_t)(end - old) - at : len - at;
        _cleanup_free_ char *key = keys_has_options(old + at, n) ? keys_authorized_key(old + at, n) : NULL;
        for (size_t i = 0; key && i < c->add.n; i++) {
            _cleanup_free_ char *wanted = keys_authorized_key(c->add.s[i], strlen(c->add.s[i]));
            if (wanted && strcmp(wanted, key) == 0) {
                _cleanup_free_ char *note = xasprintf("%s is there already, limited by options, which are left alone",
                                                      strrchr(c->add.s[i], ' ') + 1);
                json_array_append_new(notes, json_text(note));
            }
        }
        at += n + 1;
    }
}

// Does sshd read the file that is about to be changed? It may have been told to look elsewhere, where only root writes.
static bool reads_file(struct keys *k, const struct keys_account *a)
{
    _cleanup_strv_ struct strv files = STRV_INIT;
    strv_split(&files, a->key_file ? a->key_file : "", ' ');
    bool reads = !a->key_file;
    for (size_t i = 0; i < files.n; i++)
        reads = reads || strcmp(files.s[i], ".ssh/authorized_keys") == 0 ||
                strcmp(files.s[i], "%h/.ssh/authorized_keys") == 0;
    if (a->root_rule && strcmp(a->root_rule, "no") == 0 && strcmp(a->user, "root") == 0)
        out_notice(OUT_WARN, "%s: sshd does not let root log in (PermitRootLogin no), so its keys will not help",
                   keys_account_name(a));
    if (reads)
        return true;
    _cleanup_err_ struct err e = ERR_INIT;
    err_set(&e, ERR_UNSUPPORTED, "%s: sshd looks for keys in %s, not in ~/.ssh/authorized_keys", keys_account_name(a),
            a->key_file);
    err_hint(&e, "add .ssh/authorized_keys to AuthorizedKeysFile in its sshd_config, or put the keys there by hand");
    keys_refuse(k, a, "who may log in", "conflict", &e);
    return false;
}

static void let_in(struct keys *k, struct keys_account *a, struct plan *p)
{
    struct change *c = keys_add_file(a, p, "who may log in", "authorized_keys");
    c->key = keys_authorized_key;
    c->inspect = tell_limits;
    for (size_t i = 0; i < k->n; i++) {
        const struct keys_account *b = &k->all[i];
        if (keys_left_out(k, b) || !b->usable || is_same(a, b))
            continue;
        _cleanup_free_ char *mark = keys_mark(b->node ? b->node->name : NULL);
        strv_take(&c->add,
                  xasprintf("%s %s@%s %s", b->public_keys.s[0], b->user, b->node ? b->node->name : "admin", mark));
    }
}

static bool shares_host_key(const struct keys_account *a, const struct keys_account *b)
{
    for (size_t i = 0; i < a->host_keys.n; i++) {
        if (strv_has(&b->host_keys, a->host_keys.s[i]))
            return true;
    }
    return false;
}

// What a machine says of itself must not take a name away from another: an address that each has (a bridge of libvirt
// or docker) or that the inventory gives to another leads elsewhere, depending on who asks.
static bool is_ambiguous(const struct keys *k, const struct keys_account *a, const char *name, bool given)
{
    for (size_t i = 1; i < k->n; i++) {
        const struct keys_account *b = &k->all[i];
        if (b == a || !b->node || (b->gathered && shares_host_key(a, b)))
            continue;
        if (strv_has(&b->given_names, name) || (!given && strv_has(&b->own_names, name)))
            return true;
    }
    return false;
}

static void names_of(const struct keys *k, const struct keys_account *a, struct strv *names)
{
    for (size_t i = 0; i < a->given_names.n; i++) {
        const char *name = a->given_names.s[i];
        if (is_ambiguous(k, a, name, true))
            out_notice(OUT_WARN, "%s: %s belongs to another node too, so no host key is stored under it", a->node->name,
                       name);
        else
            strv_add(names, name);
    }
    for (size_t i = 0; i < a->own_names.n; i++) {
        const char *name = a->own_names.s[i];
        if (!strv_has(names, name) && !is_ambiguous(k, a, name, false))
            strv_add(names, name);
    }
}

static void refuse_changed(struct keys *k, const struct keys_account *a, const struct keys_account *b, const char *name,
                           const struct remote_known_result *found)
{
    _cleanup_err_ struct err e = ERR_INIT;
    const char *at = keys_account_name(a), *whose = keys_account_name(b);
    if (found->verdict == KNOWN_REVOKED) {
        err_set(&e, ERR_HOSTKEY, "%s: %s line %u revokes the host key that %s has", at, found->file, found->line,
                whose);
        err_hint(&e, "%s must be given a new host key", whose);
    } else {
        err_set(&e, ERR_HOSTKEY, "%s: %s line %u has another host key for %s than %s has now", at, found->file,
                found->line, name, whose);
        err_hint(
            &e,
            "the line is left alone. If %s was installed anew and its fingerprint was compared, remove the line on %s "
            "(ssh-keygen -R '%s'), and run this again",
            whose, at, name);
    }
    keys_refuse(k, a, "host keys", "conflict", &e);
}

// Adds the names that the reader lacks for one key to `lacking`; false if one of them stands for another key there.
static bool find_lacking(struct keys *k, const struct keys_account *a, const struct keys_account *b, const char *key,
                         const struct strv *names, struct buf *lacking)
{
    const char *blank = strchr(key, ' ');
    _cleanup_free_ char *type = xstrndup(key, (size_t)(blank - key));
    for (size_t i = 0; i < names->n; i++) {
        struct remote_known_result found = {0};
        remote_known_look_text(buf_str(&a->known), a->known.len, "~/.ssh/known_hosts", names->s[i], type, blank + 1,
                               &found);
        remote_known_look_text(buf_str(&a->global), a->global.len, "/etc/ssh/ssh_known_hosts", names->s[i], type,
                               blank + 1, &found);
        bool bad = found.verdict == KNOWN_CHANGED || found.verdict == KNOWN_REVOKED;
        if (bad)
            refuse_changed(k, a, b, names->s[i], &found);
        else if (found.verdict != KNOWN_OK)
            buf_addf(lacking, "%s%s", lacking->len ? "," : "", names->s[i]);
        remote_known_release(&found);
        if (bad)
            return false;
    }
    return true;
}

static void introduce(struct keys *k, const struct keys_account *a, const struct keys_account *b,
                      const struct strv *names, struct change *c)
{
    _cleanup_free_ char *mark = keys_mark(b->node->name);
    _cleanup_strv_ struct strv lines = STRV_INIT;
    for (size_t i = 0; i < b->host_keys.n; i++) {
        _cleanup_buf_ struct buf lacking = BUF_INIT;
        if (!find_lacking(k, a, b, b->host_keys.s[i], names, &lacking))
            return; // all or nothing: a node half known would be trusted by its other key
        if (lacking.len)
            strv_take(&lines, xasprintf("%s %s %s", buf_str(&lacking), b->host_keys.s[i], mark));
    }
    strv_copy(&c->add, &lines);
}

void keys_plan_exchange(struct keys *k, struct plan *p)
{
    struct strv *names = xcalloc(k->n, sizeof(*names));
    for (size_t i = 1; i < k->n; i++) {
        if (k->all[i].gathered)
            names_of(k, &k->all[i], &names[i]);
    }
    for (size_t i = 0; i < k->n; i++) {
        struct keys_account *a = &k->all[i];
        if (keys_left_out(k, a))
            continue;
        if (a->node && reads_file(k, a)) {
            mend_modes(a, p);
            let_in(k, a, p);
        }
        struct change *c = keys_add_file(a, p, "host keys of the others", "known_hosts");
        c->key = keys_known_line;
        for (size_t j = 1; j < k->n; j++) {
            if (k->all[j].gathered && !is_same(a, &k->all[j]))
                introduce(k, a, &k->all[j], &names[j], c);
        }
    }
    for (size_t i = 0; i < k->n; i++)
        strv_release(&names[i]);
    free(names);
}
