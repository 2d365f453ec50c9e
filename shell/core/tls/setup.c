// SPDX-License-Identifier: GPL-3.0-or-later
// See setup.h: the nodes, whose files are whose, and the keys.
#include "core/tls/setup.h"

#include <string.h>

#include "base/token.h"
#include "core/change/edit.h"
#include "core/console/out.h"
#include "core/node/names.h"
#include "core/node/place.h"
#include "core/tls/setup_priv.h"
#include "core/tls/tools_priv.h"
#include "io/job.h"

void tls_setup_init(struct tls_setup *s, struct ctx *ctx, struct job *job, struct node *const *nodes, size_t n)
{
    s->ctx = ctx;
    s->job = job;
    s->n = n;
    s->refused = json_array();
    s->nodes = xcalloc(n + 1, sizeof(*s->nodes));
    for (size_t i = 0; i < n; i++)
        s->nodes[i].node = nodes[i];
}

void tls_setup_release(struct tls_setup *s)
{
    for (size_t i = 0; i < s->n; i++) {
        tls_node_release(&s->nodes[i].now);
        strv_release(&s->nodes[i].names);
        err_release(&s->nodes[i].err);
    }
    free(s->nodes);
    json_decref(s->refused);
}

void tls_refuse(struct tls_setup *s, const struct tls_setup_node *n, const char *what, const struct err *why)
{
    bool away = why->code == ERR_UNREACHABLE || why->code == ERR_TIMEOUT;
    edit_refuse(s->refused, &s->code, n->node->name, what, away ? "unreachable" : "conflict", why);
}

static void add_name(struct strv *names, const char *name)
{
    if (!strv_has(names, name))
        strv_add(names, name);
}

// What the operator calls it, and those of its own names that lead to it.
static void gather_names(struct tls_setup *s, struct job *job, struct tls_setup_node *n)
{
    _cleanup_strv_ struct strv said = STRV_INIT;
    strv_release(&n->names);
    add_name(&n->names, n->node->name);
    if (n->node->address)
        add_name(&n->names, n->node->address);
    for (size_t i = 0; n->node->address && i < n->now.said.n; i++) {
        if (x509_is_name(n->now.said.s[i]) && !strv_has(&n->names, n->now.said.s[i]))
            strv_add(&said, n->now.said.s[i]);
    }
    _cleanup_free_ bool *proved = xcalloc(said.n + 1, sizeof(*proved));
    node_names_prove(s->ctx, job, n->node, &said, proved);
    for (size_t i = 0; i < said.n; i++) {
        if (proved[i])
            strv_add(&n->names, said.s[i]);
    }
}

static void look_one(struct job *job, size_t i, void *arg)
{
    struct tls_setup *s = arg;
    struct tls_setup_node *n = &s->nodes[i];
    bool first = !n->looked;
    if (err_is_set(&n->err))
        return;
    tls_node_release(&n->now);
    n->looked = tls_ask(s->ctx, job, n->node, false, &n->now, &n->err) == 0;
    if (n->looked && first)
        gather_names(s, job, n);
}

void tls_setup_look(struct tls_setup *s)
{
    job_each(s->job, s->n, look_one, s);
    for (size_t i = 0; i < s->n; i++) {
        if (err_is_set(&s->nodes[i].err))
            tls_refuse(s, &s->nodes[i], "certificates", &s->nodes[i].err);
    }
}

static bool is_ours(const struct tls_node *t, enum tls_world w, enum tls_role r, const struct x509_cert *authority)
{
    const struct tls_file *f = &t->files[w][r];
    const char *why;
    if (!f->there)
        return true;
    if (!f->plain || f->mixed || (!tls_is_key(r) && (!f->cert || !authority)))
        return false;
    if (r == TLS_CA)
        return x509_same(f->cert, authority);
    if (!tls_is_key(r))
        return x509_trusted(f->cert, authority, &why);
    // A key is what it is: with a certificate of ours, or none, it can be certified.
    return f->public_key && x509_key_is_good(f->public_key);
}

const struct tls_file *tls_foreign(const struct tls_node *t, enum tls_world w, const struct x509_cert *authority)
{
    for (enum tls_role r = TLS_CA; r < TLS_ROLES; r++) {
        if (!is_ours(t, w, r, authority))
            return &t->files[w][r];
    }
    return NULL;
}

int tls_own_authority(enum tls_world w, bool make, char **ret_pem, struct x509_cert **ret_cert, struct err *e)
{
    *ret_pem = NULL;
    *ret_cert = NULL;
    if (tls_authority(w, make, ret_pem, e) < 0) {
        if (make || e->code != ERR_NOT_FOUND)
            return -1;
        err_release(e);
        return 0;
    }
    _cleanup_free_ char *cert = tls_authority_cert(*ret_pem);
    return x509_read(cert, strlen(cert), ret_cert, e);
}

static void set_aside(struct tls_setup_node *n, enum tls_world w, struct plan *p)
{
    _cleanup_free_ char *token = token_hex(4), *suffix = xasprintf(".migsh-aside-%s", token);
    _cleanup_strv_ struct strv words = STRV_INIT;
    strv_add(&words, suffix);
    for (enum tls_role r = TLS_CA; r < TLS_ROLES; r++) {
        if (n->now.files[w][r].there)
            strv_add(&words, n->now.files[w][r].path);
    }
    const char *const *list = (const char *const *)words.s;
    _cleanup_free_ char *what = xasprintf("%s: foreign files, set aside", tls_world_name(w));
    struct change *c = plan_add(p, n->node, CHANGE_COMMAND, what);
    c->seen = true;
    c->check = place_script(tls_aside_check, list, words.n);
    c->run = place_script(tls_aside, list, words.n);
    c->undo = place_script(tls_aside_undo, list, words.n);
    c->undo_always = true;
    n->aside[w] = true;
}

static bool lies_in(const char *directory, const struct tls_file *files)
{
    size_t n = strlen(directory);
    for (size_t r = 0; r < TLS_ROLES; r++) {
        if (strncmp(files[r].path, directory, n) == 0 && files[r].path[n] == '/')
            return true;
    }
    return false;
}

static char *directory_of(const char *path)
{
    return xstrndup(path, (size_t)(strrchr(path, '/') - path));
}

static void make_keys(struct tls_setup_node *n, enum tls_world w, struct plan *p)
{
    const struct tls_file *files = n->now.files[w];
    _cleanup_free_ char *token = token_hex(8), *directory = directory_of(files[TLS_SERVER_KEY].path);
    _cleanup_strv_ struct strv check = STRV_INIT, run = STRV_INIT, undo = STRV_INIT, directories = STRV_INIT;
    _cleanup_buf_ struct buf names = BUF_INIT;
    for (enum tls_role r = TLS_SERVER_KEY; r < TLS_ROLES; r++) {
        if (!tls_is_key(r) || (files[r].there && !n->aside[w]))
            continue;
        buf_addf(&names, "%s%s", names.len ? " " : "", strrchr(files[r].path, '/') + 1);
        strv_add(&check, files[r].path);
    }
    for (size_t i = 0; i < n->now.missing.n; i++) {
        if (lies_in(n->now.missing.s[i], files))
            strv_add(&directories, n->now.missing.s[i]);
    }
    if (!check.n && !directories.n)
        return;
    strv_copy(&check, &directories);
    bool qemu = w == TLS_QEMU;
    const char *first[] = {token, directory, qemu ? "0640" : "0600", qemu && n->now.qemu_group ? n->now.qemu_group : "",
                           buf_str(&names)};
    for (size_t i = 0; i < ARRAY_SIZE(first); i++)
        strv_add(&run, first[i]);
    strv_copy(&run, &directories);
    strv_add(&undo, token);
    strv_add(&undo, directory);
    for (size_t i = directories.n; i-- > 0;)
        strv_add(&undo, directories.s[i]);
    _cleanup_free_ char *what = xasprintf("%s: private keys", tls_world_name(w));
    struct change *c = plan_add(p, n->node, CHANGE_COMMAND, what);
    c->seen = true;
    c->check = place_script(tls_keys_check, (const char *const *)check.s, check.n);
    c->run = place_script(tls_keys, (const char *const *)run.s, run.n);
    c->undo = place_script(tls_keys_undo, (const char *const *)undo.s, undo.n);
    c->undo_always = true;
}

void tls_refuse_foreign(struct tls_setup *s, struct tls_setup_node *n, enum tls_world w, const struct tls_file *f)
{
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_free_ char *what = xasprintf("%s: certificates", tls_world_name(w));
    err_set(&e, ERR_EXISTS, "%s: %s is not of this console's making: nothing of %s is touched there", n->node->name,
            f->path, w == TLS_QEMU ? "QEMU's" : "libvirt's");
    err_hint(&e, "tls-check tells whether it is good as it is; --force sets it aside, and tls-revert puts it back");
    tls_refuse(s, n, what, &e);
    n->refused[w] = true;
}

static void plan_world(struct tls_setup *s, struct tls_setup_node *n, enum tls_world w,
                       const struct x509_cert *authority, struct plan *p)
{
    const struct tls_file *f = tls_foreign(&n->now, w, authority);
    if (f && !s->force) {
        tls_refuse_foreign(s, n, w, f);
        return;
    }
    if (f)
        set_aside(n, w, p);
    make_keys(n, w, p);
}

int tls_plan_keys(struct tls_setup *s, struct plan *p, struct err *e)
{
    for (enum tls_world w = TLS_LIBVIRT; w < TLS_WORLDS; w++) {
        char *pem = NULL;
        _cleanup_(x509_free_p) struct x509_cert *authority = NULL;
        int r = tls_own_authority(w, false, &pem, &authority, e);
        mem_wipe_text(pem);
        if (r < 0)
            return -1;
        for (size_t i = 0; i < s->n; i++) {
            if (s->nodes[i].looked)
                plan_world(s, &s->nodes[i], w, authority, p);
        }
    }
    return 0;
}

struct reload {
    struct ctx *ctx;
    struct node *const *nodes;
};

static void reload_one(struct job *job, size_t i, void *arg)
{
    struct reload *r = arg;
    struct place_exec spec = {.script = tls_reload, .root = true, .timeout_ms = 30000};
    _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
    _cleanup_err_ struct err e = ERR_INIT;
    if (node_run(r->ctx, job, r->nodes[i], &spec, &result, &e) < 0)
        out_notice(OUT_WARN, "%s: %s", r->nodes[i]->name, e.msg);
    else if (result.status != 0)
        out_notice(OUT_WARN, "%s: %s", r->nodes[i]->name, buf_str(&result.err));
}

void tls_reload_all(struct ctx *ctx, struct job *job, struct node *const *nodes, size_t n)
{
    struct reload r = {ctx, nodes};
    job_each(job, n, reload_one, &r);
}
