// SPDX-License-Identifier: GPL-3.0-or-later
// Words to typed values, by the rows. Main thread; must not block. See bind.h.
#include "cmd/engine/bind.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "cmd/engine/render.h"
#include "cmd/engine/rules.h"
#include "io/file.h"
#include "io/virt/conn.h"
#include "io/virt/dom.h"

static const struct opt_def node_one = {"node", OPT_NODES, OPTF_HYPERVISORS,
                                        "the node to ask instead of the current one"};
static const struct opt_def node_each = {"node", OPT_NODES, OPTF_HYPERVISORS, "nodes to ask: NODE[,NODE…] or all"};

static const struct opt_def vertical = {"vertical", OPT_BOOL, 0, "a line for each field, instead of a table"};
static const struct opt_def human = {"human", OPT_BOOL, 0, "sizes as 1.50 GiB"};

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
    struct opt_def *opts = xcalloc(n + 4, sizeof(*opts));
    if (n)
        memcpy(opts, def->opts, n * sizeof(*opts));
    if (def->flags & CMD_CONN)
        opts[n++] = def->flags & CMD_EACH ? node_each : node_one;
    if (def->view.kind == VIEW_TABLE)
        opts[n++] = vertical;
    if (render_has_sizes(&def->view) && rules_find(opts, n, human.name, strlen(human.name)) == n)
        opts[n++] = human;
    *ret_n = n;
    return opts;
}

static size_t cmd_opts_total(const struct cmd_def *def)
{
    size_t n;
    free(cmd_opts(def, &n));
    return n;
}

static bool is_given(const struct bind_walk *w, const char *name)
{
    size_t i = rules_find(w->opts, w->n, name, strlen(name));
    return i < w->n && i >= cmd_opts_count(w->def) && w->given[i];
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

// `text` is NULL for a switch.
static int set_value(struct ctx *ctx, const struct opt_def *o, struct opt_val *v, const char *text, struct err *e)
{
    if (v->given && !(o->flags & OPTF_MULTI) && o->type != OPT_WORDS)
        return err_set(e, ERR_USAGE, "--%s is given twice", o->name);
    if (o->type == OPT_BOOL || o->type == OPT_WORDS) {
        v->given = true;
        v->b = o->type == OPT_BOOL;
        if (text)
            strv_add(&v->list, text);
        return 0;
    }
    if (set_typed(ctx, o, v, text, e) < 0)
        return -1;
    free(v->s);
    v->s = o->type == OPT_PATH ? file_expand_home(text) : xstrdup(text);
    if (o->flags & OPTF_LIST)
        strv_split(&v->list, text, ',');
    else if (o->flags & OPTF_MULTI)
        strv_add(&v->list, text);
    if (o->flags & OPTF_LIST && !v->list.n)
        return bad_value(o, text, "a name, or several with commas between", e);
    v->given = true;
    return 0;
}

static int unknown_option(const struct bind_walk *w, const char *name, struct err *e)
{
    _cleanup_free_ const char **names = xcalloc(w->n, sizeof(*names));
    for (size_t i = 0; i < w->n; i++)
        names[i] = w->opts[i].name;
    err_set(e, ERR_USAGE, "%s has no option --%s", w->def->name, name);
    const char *near = str_nearest(name, names, w->n);
    return near ? err_hint(e, "did you mean --%s?", near) : err_hint(e, "help %s lists its options", w->def->name);
}

void bind_walk_init(struct bind_walk *w, const struct cmd_def *def, const struct strv *words, size_t end)
{
    *w = (struct bind_walk){.def = def, .words = words, .at = 1, .end = end};
    w->opts = cmd_opts(def, &w->n);
    w->given = xcalloc(w->n + 1, sizeof(*w->given));
}

void bind_walk_release(struct bind_walk *w)
{
    free(w->opts);
    free(w->given);
}

// "--name", "--name=value", "--name value".
static int next_option(struct bind_walk *w, const char *word, size_t *ret_row, const char **ret_value, struct err *e)
{
    const char *name = word + 2, *eq = strchr(name, '=');
    size_t len = eq ? (size_t)(eq - name) : strlen(name);
    size_t i = rules_find(w->opts, w->n, name, len);
    if (i == w->n) {
        _cleanup_free_ char *typed = xstrndup(name, len);
        return unknown_option(w, typed, e);
    }
    const struct opt_def *o = &w->opts[i];
    const char *value = NULL;
    if (o->type == OPT_BOOL && eq)
        return err_set(e, ERR_USAGE, "--%s takes no value", o->name);
    w->given[i] = true;
    if (eq) {
        value = eq + 1;
    } else if (o->type != OPT_BOOL && w->at >= w->end) {
        w->cut = o;
        return err_set(e, ERR_USAGE, "--%s needs a value", o->name);
    } else if (o->type != OPT_BOOL) {
        value = w->words->s[w->at++];
    }
    *ret_row = i;
    *ret_value = value;
    return 1;
}

// How many words behind the one at hand will be taken by position?
static size_t words_behind(const struct bind_walk *w)
{
    size_t n = 0;
    bool only_words = w->only_words;
    for (size_t i = w->at; i < w->end; i++) {
        const char *word = w->words->s[i];
        if (only_words || !str_starts(word, "--")) {
            n++;
            continue;
        }
        only_words = !word[2];
        size_t len = strcspn(word + 2, "="), k = rules_find(w->opts, w->n, word + 2, len);
        i += k < w->n && w->opts[k].type != OPT_BOOL && !word[2 + len]; // and its value
    }
    return n;
}

// "NODE… SOURCE DIR": a list leaves the last words to the required rows behind it.
static bool leaves_word(const struct bind_walk *w, size_t i)
{
    size_t wanted = 0;
    for (size_t k = i + 1; k < w->n; k++)
        wanted += (w->opts[k].flags & OPTF_POS) && (w->opts[k].flags & OPTF_REQ) && !w->given[k];
    return !w->forgiving && wanted && w->given[i] && words_behind(w) < wanted;
}

// "repeat 5s list": no command begins with a digit.
static bool is_left_out(const struct bind_walk *w, size_t i, const char *word)
{
    bool command = false;
    for (size_t k = i + 1; k < w->n; k++)
        command |= (w->opts[k].flags & OPTF_COMMAND) != 0;
    return command && w->opts[i].type == OPT_DURATION && !isdigit((unsigned char)*word);
}

const struct opt_def *bind_positional(const struct bind_walk *w, const char *word)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct opt_def *o = &w->opts[i];
        if (is_left_out(w, i, word))
            continue;
        if (o->type == OPT_WORDS ||
            ((o->flags & OPTF_POS) && (!w->given[i] || ((o->flags & OPTF_MULTI) && !leaves_word(w, i)))))
            return o;
    }
    return NULL;
}

bool bind_secret_positional(const struct cmd_def *def)
{
    for (const struct opt_def *o = def->opts; o && o->name; o++) {
        if ((o->flags & OPTF_SECRET) && (o->flags & OPTF_POS))
            return true;
    }
    return false;
}

int bind_next(struct bind_walk *w, size_t *ret_row, const char **ret_value, struct err *e)
{
    if (w->at < w->end && !w->only_words && strcmp(w->words->s[w->at], "--") == 0) {
        w->only_words = true;
        w->at++;
    }
    if (w->at >= w->end)
        return 0;
    const char *word = w->words->s[w->at++];
    if (!w->only_words && str_starts(word, "--"))
        return next_option(w, word, ret_row, ret_value, e);
    const struct opt_def *o = bind_positional(w, word);
    if (!o && bind_secret_positional(w->def))
        return err_set(e, ERR_USAGE, "%s: too many words (they are not shown, as they may be secret)", w->def->name);
    if (!o)
        return err_set(e, ERR_USAGE, "%s: unexpected word '%s'", w->def->name, word);
    w->only_words |= o->type == OPT_WORDS;
    w->given[o - w->opts] = true;
    *ret_row = (size_t)(o - w->opts);
    *ret_value = word;
    return 1;
}

static int bind_defaults(struct cmd_call *c, const struct bind_walk *w, struct err *e)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct opt_def *o = &w->opts[i];
        struct opt_val *v = &c->vals[i];
        if ((o->flags & OPTF_REQ) && !v->given) {
            err_set(e, ERR_USAGE, "%s needs %s%s", c->def->name, o->type == OPT_WORDS ? "words after " : "--", o->name);
            return err_hint(e, "help %s shows how it is called", c->def->name);
        }
        if (!v->given && o->def) {
            if (set_typed(c->ctx, o, v, o->def, e) < 0)
                return -1;
            v->s = xstrdup(o->def);
        }
    }
    return 0;
}

int cmd_bind(struct cmd_call *c, const struct strv *words, struct err *e)
{
    _cleanup_(bind_walk_release) struct bind_walk w;
    bind_walk_init(&w, c->def, words, words->n);
    c->vals = xcalloc(w.n + 1, sizeof(*c->vals));
    if (words->n == 2 && strcmp(words->s[1], "-h") == 0) { // among other words it may be a name
        c->help = true;
        return err_set(e, ERR_USAGE, "-h asks for help");
    }
    size_t row = 0;
    const char *value = "";
    int r;
    while ((r = bind_next(&w, &row, &value, e)) > 0) {
        if (set_value(c->ctx, &w.opts[row], &c->vals[row], value, e) < 0)
            return -1;
    }
    if (r < 0) { // of a word that no row takes
        c->help = !w.only_words && strcmp(words->s[w.at - 1], "--help") == 0;
        return -1;
    }
    c->vertical = is_given(&w, vertical.name);
    c->human = is_given(&w, human.name);
    return bind_defaults(c, &w, e) < 0 ? -1 : rules_check(w.opts, w.n, w.given, e);
}

unsigned cmd_bits_between(const struct cmd_call *c, int first, int last)
{
    unsigned bits = 0;
    for (int i = first; i <= last; i++)
        bits |= c->vals[i].b ? c->def->opts[i].bits : 0;
    return bits;
}

unsigned cmd_bits(const struct cmd_call *c)
{
    return cmd_bits_between(c, 0, (int)cmd_opts_count(c->def) - 1);
}

const struct opt_val *cmd_val(const struct cmd_call *c, const char *name)
{
    size_t n = cmd_opts_count(c->def), i = rules_find(c->def->opts, n, name, strlen(name));
    return i < n ? &c->vals[i] : NULL;
}

void cmd_call_release(struct cmd_call *c)
{
    size_t n = c->vals ? cmd_opts_total(c->def) : 0;
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
