// SPDX-License-Identifier: GPL-3.0-or-later
// The steps that make a bridge, and their way back. Job threads. See ensure.h.
//
//     armed            undo: the links as before, kept by a new login
//     files            undo: byte by byte
//     switched         kept by a new login; undo: armed
//
// So in either direction it is armed first, then the files are written, then the links change.
#include <stdlib.h>
#include <string.h>

#include "base/token.h"
#include "core/bridge/ensure.h"
#include "core/bridge/tools_priv.h"
#include "core/console/inventory.h"
#include "core/console/out.h"
#include "core/node/links.h"
#include "core/node/lock_place.h"
#include "core/node/place.h"

enum { TOKEN_BYTES = 6, GRACE_S = 30 };

struct steps {
    struct plan *p;
    struct node *node;
    const struct bridge_wish *w;
    const struct bridge_job *j;
    char *token, *back; // of the change, and of taking it back
    char *within;
};

static char *tools(const char *last, const char *const *words, size_t n)
{
    _cleanup_free_ char *script = xasprintf("%s%s%s", lock_place, bridge_live, last);
    return place_script(script, words, n);
}

static char *one_word(const char *last, const char *word)
{
    _cleanup_free_ char *script = xasprintf("%s%s", lock_place, last);
    return place_script(script, &word, 1);
}

static char *arm(const struct steps *s, const char *token, bool forward)
{
    _cleanup_free_ char *go = xasprintf("%s%s%s", lock_place, bridge_live, bridge_go),
                        *undo = xasprintf("%s%s%s", lock_place, bridge_live, bridge_undo);
    const struct bridge_files *files = &s->j->files;
    const char *const fixed[] = {token,
                                 s->within,
                                 s->w->bridge,
                                 s->w->port,
                                 forward ? "forward" : "back",
                                 forward ? s->j->want : s->j->before,
                                 go,
                                 undo,
                                 s->j->backend->hook,
                                 forward ? s->j->before : ""};
    _cleanup_strv_ struct strv words = STRV_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
        strv_add(&words, fixed[i]);
    for (size_t i = 0; i < files->n; i++)
        strv_add(&words, files->f[i].path);
    return tools(bridge_arm, (const char *const *)words.s, words.n);
}

static char *is_so(const struct steps *s, const char *token)
{
    const char *const words[] = {token, s->j->want};
    return tools(bridge_so, words, 2);
}

static void add_armed(const struct steps *s)
{
    _cleanup_free_ char *what = xasprintf("the way back armed on the node, for %s s", s->within);
    struct change *c = plan_add(s->p, s->node, CHANGE_COMMAND, what);
    c->check = is_so(s, s->token);
    c->run = arm(s, s->token, true);
    c->undo = one_word(bridge_switch, s->back);
    c->undo_keep = one_word(bridge_keep, s->back);
    c->undo_always = true;
    c->keep_ms = (double)(s->w->within_s + GRACE_S) * 1000;
}

static void add_switch(const struct steps *s)
{
    _cleanup_free_ char *what = xasprintf("%s with %s, kept by a new login", s->w->bridge, s->w->port);
    struct change *c = plan_add(s->p, s->node, CHANGE_COMMAND, what);
    c->check = is_so(s, "");
    c->run = one_word(bridge_switch, s->token);
    c->keep = one_word(bridge_keep, s->token);
    c->keep_ms = (double)(s->w->within_s + GRACE_S) * 1000;
    c->undo = arm(s, s->back, false);
    c->undo_always = true;
}

static void free_names(void *data)
{
    char **names = data;
    free(names[0]);
    free(names[1]);
    free(names);
}

static void add_files(const struct steps *s)
{
    for (size_t i = 0; i < s->j->files.n; i++) {
        const struct bridge_file *f = &s->j->files.f[i];
        struct change *c = plan_add(s->p, s->node, f->edit ? CHANGE_LINES : CHANGE_FILE, f->what);
        c->path = xstrdup(f->path);
        c->edit = f->edit;
        if (f->edit) {
            char **names = xcalloc(2, sizeof(*names));
            names[0] = xstrdup(s->w->bridge);
            names[1] = xstrdup(s->w->port);
            c->data = names;
            c->free_data = free_names;
            continue;
        }
        change_set_text(c, buf_str(&f->text), f->text.len);
        c->mode = f->mode;
        c->dir_mode = 0755;
        c->no_backup = true; // it is ours alone
    }
}

// Who logs in by an address that will be gone is told; what it means the trial will show.
static void tell(const struct steps *s)
{
    const struct bridge_job *j = s->j;
    for (size_t i = 0; i < j->notes.n; i++)
        out_notice(OUT_WARN, "%s: %s", s->node->name, j->notes.s[i]);
    const char *address = s->node->address;
    if (!address || s->w->move)
        return;
    _cleanup_free_ char *there = xasprintf(" %s/", address);
    if (strstr(j->before, there) && !strstr(j->want, there))
        out_notice(OUT_WARN, "%s: ssh goes to %s, which it will not have any more: the change will be taken back",
                   s->node->name, address);
}

static int look(struct ctx *ctx, struct job *job, struct node *node, const struct bridge_wish *w, struct facts *ret,
                struct err *e)
{
    if (bridge_check_name(w->bridge, "bridge", e) < 0 || bridge_check_name(w->port, "network interface", e) < 0)
        return -1;
    const char *const args[] = {w->bridge, w->port};
    const struct question q = {
        .tools = {node_links, bridge_live, bridge_look}, .args = args, .n_args = ARRAY_SIZE(args)};
    return node_ask(ctx, job, node, &q, ret, e);
}

int bridge_ensure_plan(struct ctx *ctx, struct job *job, struct node *node, const struct bridge_wish *w, bool verify,
                       struct plan *p, struct err *e)
{
    _cleanup_facts_ struct facts f = {0};
    _cleanup_(bridge_job_release) struct bridge_job j = {.backend = NULL};
    if (look(ctx, job, node, w, &f, e) < 0)
        return -1;
    if (bridge_judge(&f, w, &j, e) < 0)
        return err_wrap(e, "%s", node->name);
    _cleanup_free_ char *token = token_hex(TOKEN_BYTES), *back = xasprintf("%sr", token),
                        *within = xasprintf("%lld", w->within_s);
    const struct steps s = {p, node, w, &j, token, back, within};
    tell(&s);
    if (!verify)
        add_armed(&s);
    add_files(&s);
    add_switch(&s);
    return 0;
}
