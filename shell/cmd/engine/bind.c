// SPDX-License-Identifier: GPL-3.0-or-later
// Words to typed values, by the rows. Main thread; must not block. See bind.h.
#include "cmd/engine/bind.h"

#include <string.h>

#include "base/buf.h"
#include "io/file.h"
#include "io/virt/conn.h"
#include "io/virt/dom.h"

static const struct opt_def node_one = {"node", OPT_NODES, OPTF_HYPERVISORS,
                                        "the node to ask instead of the current one"};
static const struct opt_def node_each = {"node", OPT_NODES, OPTF_HYPERVISORS, "nodes to ask: NODE[,NODE…] or all"};

size_t cmd_opts_count(const struct cmd_def *def)
{
    size_t n = 0;
    while (def->opts && def->opts[n].name)
        n++;
    return n;
}

struct opt_def *cmd_opts(const struct cmd_def *def, size_t *ret_n)
{
    size_t n = cmd_opts_count(def);
    struct opt_def *opts = xcalloc(n + 2, sizeof(*opts));
    if (n)
        memcpy(opts, def->opts, n * sizeof(*opts));
    if (def->flags & CMD_CONN)
        opts[n++] = def->flags & CMD_EACH ? node_each : node_one;
    *ret_n = n;
    return opts;
}

struct opt_val *cmd_node_val(struct cmd_call *c)
{
    return c->def->flags & CMD_CONN ? &c->vals[cmd_opts_count(c->def)] : NULL;
}

static int bad_value(const struct opt_def *o, const char *text, const char *wanted, struct err *e)
{
    return err_set(e, ERR_USAGE, "--%s: '%s' is not %s", o->name, text, wanted);
}

static int set_enum(const struct opt_def *o, const char *text, struct err *e)
{
    _cleanup_buf_ struct buf all = BUF_INIT;
    for (size_t i = 0; o->choices[i]; i++) {
        if (strcmp(o->choices[i], text) == 0)
            return 0;
        buf_addf(&all, "%s%s", i ? ", " : "one of ", o->choices[i]);
    }
    return bad_value(o, text, buf_str(&all), e);
}

static void add_node(struct opt_val *v, struct node *n)
{
    v->nodes = xrealloc(v->nodes, v->n_nodes + 1, sizeof(*v->nodes));
    v->nodes[v->n_nodes++] = n;
}

// "all" behind --node means those that can be asked for domains.
static int set_nodes(struct ctx *ctx, const struct opt_def *o, struct opt_val *v, const char *text, struct err *e)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    strv_split(&names, text, ',');
    if (!names.n)
        return bad_value(o, text, "a node, a comma-separated list of nodes, or all", e);
    for (size_t i = 0; i < names.n; i++) {
        if (strcmp(names.s[i], "all") == 0) {
            size_t before = v->n_nodes;
            size_t n;
            struct node **all = inventory_all(ctx_inventory(ctx), &n);
            for (size_t k = 0; k < n; k++) {
                if (!(o->flags & OPTF_HYPERVISORS) || node_is_hypervisor(all[k]))
                    add_node(v, node_ref(all[k]));
            }
            node_list_free(all, n);
            if (v->n_nodes == before) {
                err_set(e, ERR_NOT_FOUND, n ? "no node is a hypervisor" : "no nodes");
                return err_hint(e, "node-add adds one");
            }
            continue;
        }
        struct node *node;
        if (inventory_find(ctx_inventory(ctx), names.s[i], &node, e) < 0)
            return -1;
        add_node(v, node);
    }
    return 0;
}

static int set_number(const struct opt_def *o, struct opt_val *v, const char *text, struct err *e)
{
    long long min = o->max ? o->min : -0x7fffffffffffffffLL, max = o->max ? o->max : 0x7fffffffffffffffLL;
    if (str_to_int(text, min, max, &v->i) == 0)
        return 0;
    if (!o->max)
        return bad_value(o, text, "a whole number", e);
    _cleanup_free_ char *wanted = xasprintf("a whole number from %lld to %lld", o->min, o->max);
    return bad_value(o, text, wanted, e);
}

// The typed part of a value; v->s is set by the caller.
static int set_typed(struct ctx *ctx, const struct opt_def *o, struct opt_val *v, const char *text, struct err *e)
{
    switch (o->type) {
    case OPT_INT:
        return set_number(o, v, text, e);
    case OPT_DURATION:
        if (str_to_duration_ms(text, o->unit ? o->unit : "ms", &v->ms) < 0)
            return bad_value(o, text, "a duration such as 5ms, 1.5s or 2m", e);
        return 0;
    case OPT_SIZE:
        if (str_to_size(text, o->unit_bytes ? o->unit_bytes : 1, &v->bytes) < 0)
            return bad_value(o, text, "a size such as 512, 64KiB or 8G", e);
        return 0;
    case OPT_ENUM:
        return set_enum(o, text, e);
    case OPT_NODE:
        node_unref(v->node);
        v->node = NULL;
        return inventory_find(ctx_inventory(ctx), text, &v->node, e);
    case OPT_NODES:
        return set_nodes(ctx, o, v, text, e);
    case OPT_URI:
        target_release(&v->target);
        return ctx_target(ctx, text, &v->target, e);
    default:
        return 0;
    }
}

static int set_value(struct ctx *ctx, const struct opt_def *o, struct opt_val *v, const char *text, struct err *e)
{
    if (v->given && !(o->flags & OPTF_MULTI))
        return err_set(e, ERR_USAGE, "--%s is given twice", o->name);
    if (set_typed(ctx, o, v, text, e) < 0)
        return -1;
    free(v->s);
    v->s = o->type == OPT_PATH ? file_expand_home(text) : xstrdup(text);
    if (o->flags & OPTF_MULTI)
        strv_add(&v->list, text);
    v->given = true;
    return 0;
}

static int unknown_option(const struct cmd_def *def, const struct opt_def *opts, size_t n, const char *name,
                          struct err *e)
{
    _cleanup_free_ const char **names = xcalloc(n, sizeof(*names));
    for (size_t i = 0; i < n; i++)
        names[i] = opts[i].name;
    err_set(e, ERR_USAGE, "%s has no option --%s", def->name, name);
    const char *near = str_nearest(name, names, n);
    return near ? err_hint(e, "did you mean --%s?", near) : err_hint(e, "help %s lists its options", def->name);
}

struct binder {
    struct cmd_call *c;
    const struct opt_def *opts;
    size_t n;
    const struct strv *words;
    size_t at;       // the word to look at next
    bool only_words; // behind "--"
};

static size_t find_option(const struct binder *b, const char *name, size_t len)
{
    size_t i = 0;
    while (i < b->n && (strncmp(b->opts[i].name, name, len) != 0 || b->opts[i].name[len]))
        i++;
    return i;
}

// "--name", "--name=value", "--name value".
static int bind_option(struct binder *b, const char *word, struct err *e)
{
    const char *name = word + 2, *eq = strchr(name, '=');
    size_t len = eq ? (size_t)(eq - name) : strlen(name);
    size_t i = find_option(b, name, len);
    if (i == b->n) {
        _cleanup_free_ char *typed = xstrndup(name, len);
        b->c->help = strcmp(name, "help") == 0;
        return unknown_option(b->c->def, b->opts, b->n, typed, e);
    }
    const struct opt_def *o = &b->opts[i];
    struct opt_val *v = &b->c->vals[i];
    if (o->type == OPT_BOOL) {
        if (eq)
            return err_set(e, ERR_USAGE, "--%s takes no value", o->name);
        if (v->given)
            return err_set(e, ERR_USAGE, "--%s is given twice", o->name);
        v->b = v->given = true;
        return 0;
    }
    if (eq)
        return set_value(b->c->ctx, o, v, eq + 1, e);
    if (b->at >= b->words->n)
        return err_set(e, ERR_USAGE, "--%s needs a value", o->name);
    return set_value(b->c->ctx, o, v, b->words->s[b->at++], e);
}

// How many words behind the one at hand will be taken by position?
static size_t words_behind(const struct binder *b)
{
    size_t n = 0;
    bool only_words = b->only_words;
    for (size_t i = b->at; i < b->words->n; i++) {
        const char *w = b->words->s[i];
        if (only_words || strncmp(w, "--", 2) != 0) {
            n++;
            continue;
        }
        only_words = !w[2];
        size_t k = find_option(b, w + 2, strcspn(w + 2, "="));
        i += k < b->n && b->opts[k].type != OPT_BOOL && !strchr(w, '='); // and its value
    }
    return n;
}

// "NODE… SOURCE DIR": a list leaves the last words to the required rows behind it.
static bool leaves_word(const struct binder *b, size_t i)
{
    size_t wanted = 0;
    for (size_t k = i + 1; k < b->n; k++)
        wanted += (b->opts[k].flags & OPTF_POS) && (b->opts[k].flags & OPTF_REQ) && !b->c->vals[k].given;
    return wanted && b->c->vals[i].given && words_behind(b) < wanted;
}

static int bind_positional(struct binder *b, const char *word, struct err *e)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct opt_def *o = &b->opts[i];
        struct opt_val *v = &b->c->vals[i];
        if (o->type == OPT_WORDS) {
            v->given = true;
            strv_add(&v->list, word);
            while (b->at < b->words->n)
                strv_add(&v->list, b->words->s[b->at++]);
            return 0;
        }
        if ((o->flags & OPTF_POS) && (!v->given || ((o->flags & OPTF_MULTI) && !leaves_word(b, i))))
            return set_value(b->c->ctx, o, v, word, e);
    }
    return err_set(e, ERR_USAGE, "%s: unexpected word '%s'", b->c->def->name, word);
}

static int bind_defaults(struct binder *b, struct err *e)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct opt_def *o = &b->opts[i];
        struct opt_val *v = &b->c->vals[i];
        if ((o->flags & OPTF_REQ) && !v->given) {
            err_set(e, ERR_USAGE, "%s needs %s%s", b->c->def->name, o->type == OPT_WORDS ? "words behind " : "--",
                    o->name);
            return err_hint(e, "help %s shows how it is called", b->c->def->name);
        }
        if (!v->given && o->def) {
            if (set_typed(b->c->ctx, o, v, o->def, e) < 0)
                return -1;
            v->s = xstrdup(o->def);
        }
    }
    return 0;
}

int cmd_bind(struct cmd_call *c, const struct strv *words, struct err *e)
{
    size_t n;
    _cleanup_free_ struct opt_def *opts = cmd_opts(c->def, &n);
    c->vals = xcalloc(n + 1, sizeof(*c->vals));
    struct binder b = {c, opts, n, words, 1, false};
    if (words->n == 2 && strcmp(words->s[1], "-h") == 0) { // among other words it may be a name
        c->help = true;
        return err_set(e, ERR_USAGE, "-h asks for help");
    }
    while (b.at < words->n) {
        const char *word = words->s[b.at++];
        if (!b.only_words && strcmp(word, "--") == 0)
            b.only_words = true;
        else if ((!b.only_words && word[0] == '-' && word[1] == '-' ? bind_option(&b, word, e)
                                                                    : bind_positional(&b, word, e)) < 0)
            return -1;
    }
    return bind_defaults(&b, e);
}

void cmd_call_release(struct cmd_call *c)
{
    size_t n = c->vals ? cmd_opts_count(c->def) + (c->def->flags & CMD_CONN ? 1 : 0) : 0;
    for (size_t i = 0; i < n; i++) {
        struct opt_val *v = &c->vals[i];
        bool secret = i < cmd_opts_count(c->def) && (c->def->opts[i].flags & OPTF_SECRET);
        if (secret && v->s)
            mem_wipe(v->s, strlen(v->s));
        free(v->s);
        strv_release(&v->list);
        node_unref(v->node);
        node_list_free(v->nodes, v->n_nodes);
        target_release(&v->target);
        virt_dom_free(v->dom);
        for (size_t k = 0; k < v->n_doms; k++)
            virt_dom_free(v->doms[k]);
        free(v->doms);
    }
    free(c->vals);
    virt_conn_unref(c->conn);
    target_release(&c->where);
    json_decref(c->result);
    c->vals = NULL;
    c->conn = NULL;
    c->result = NULL;
}
