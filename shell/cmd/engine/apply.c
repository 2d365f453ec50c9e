// SPDX-License-Identifier: GPL-3.0-or-later
// Plan, question, journal, run, report: for every command that changes nodes by a plan. See apply.h.
#include "cmd/engine/apply.h"
#include "cmd/engine/render.h"

#include <string.h>

#include "base/json.h"
#include "base/printable.h"
#include "base/table.h"
#include "core/console/out.h"
#include "io/job.h"

static const char *const mode_names[] = {"ask", "plan", "apply", "verify", "revert"};

enum apply_mode apply_mode_of(const struct cmd_call *c)
{
    for (enum apply_mode mode = APPLY_MODE_PLAN; mode <= APPLY_MODE_REVERT; mode++) {
        if (cmd_val(c, mode_names[mode])->b)
            return mode;
    }
    return APPLY_MODE_ASK;
}

static const char *journal_of(const struct cmd_call *c)
{
    const struct opt_val *v = cmd_val(c, "journal");
    return v ? v->s : NULL;
}

// Everything that a call gathers: a result, and the first error with the words of all.
struct sum {
    json_t *items;
    struct err err;
};

static void take(struct sum *s, json_t *report, struct err *e)
{
    if (report)
        json_array_extend(s->items, report);
    json_decref(report);
    if (err_is_set(e))
        err_join(&s->err, e);
    err_release(e);
}

static size_t count_state(const json_t *items, const char *state)
{
    size_t n = 0, i;
    json_t *item;
    json_array_foreach(items, i, item) n += strcmp(json_text_at(item, "state"), state) == 0;
    return n;
}

static void finish(struct cmd_call *c, enum apply_mode mode, const char *journal, struct sum *s)
{
    size_t changed = count_state(s->items, "changed") + count_state(s->items, "reverted");
    json_decref(c->result);
    c->result = json_pack("{s:o, s:o*, s:i, s:i, s:o}", "mode", json_text(mode_names[mode]), "journal",
                          journal ? json_text(journal) : NULL, "changed", (int)changed, "planned",
                          (int)count_state(s->items, "planned"), "items", s->items);
    s->items = NULL;
}

static void run_stages(struct cmd_call *c, enum apply_mode mode, const struct apply *a, struct journal *journal,
                       struct sum *s)
{
    static const enum edit_mode modes[] = {EDIT_PLAN, EDIT_PLAN, EDIT_APPLY, EDIT_VERIFY};
    for (size_t i = 0; i < a->n_stages && s->err.code != ERR_CANCELLED; i++) {
        _cleanup_(plan_free_p) struct plan *plan = plan_new(a->title);
        _cleanup_err_ struct err e = ERR_INIT;
        json_t *report = NULL;
        if (a->stages[i].make(c, mode, a->data, plan, &e) < 0) {
            take(s, NULL, &e);
            return;
        }
        edit_run(c->ctx, c->job, plan, modes[mode], journal, &report, &e);
        take(s, report, &e);
    }
}

static int end(struct cmd_call *c, struct sum *s, struct err *e)
{
    (void)c;
    json_decref(s->items);
    if (!err_is_set(&s->err))
        return 0;
    err_move(e, &s->err);
    return -1;
}

static int look(struct cmd_call *c, enum apply_mode mode, const struct apply *a, struct err *e)
{
    struct sum s = {json_array(), ERR_INIT};
    run_stages(c, mode, a, NULL, &s);
    finish(c, mode == APPLY_MODE_ASK ? APPLY_MODE_PLAN : mode, NULL, &s);
    return end(c, &s, e);
}

static int apply(struct cmd_call *c, const struct apply *a, struct err *e)
{
    const char *shared = journal_of(c);
    struct journal *journal = NULL;
    if ((shared ? journal_open(shared, true, &journal, e) : journal_create(a->title, a->about, &journal, e)) < 0)
        return -1;
    struct sum s = {json_array(), ERR_INIT};
    run_stages(c, APPLY_MODE_APPLY, a, journal, &s);
    _cleanup_err_ struct err lost = ERR_INIT;
    bool acted = journal_steps(journal) > 0;
    if (acted && journal_end(journal, err_is_set(&s.err) ? JOURNAL_FAILED : JOURNAL_DONE, NULL, &lost) < 0)
        take(&s, NULL, &lost);
    finish(c, APPLY_MODE_APPLY, acted ? journal_id(journal) : NULL, &s);
    if (shared)
        journal_close(journal);
    else
        journal_discard(journal);
    return end(c, &s, e);
}

// Shows the plan and asks.
static int ask(struct cmd_call *c, const struct apply *a, struct err *e)
{
    _cleanup_err_ struct err seen = ERR_INIT;
    int rc = look(c, APPLY_MODE_ASK, a, &seen);
    size_t n = (size_t)json_integer_value(json_object_get(c->result, "planned"));
    if (!n || seen.code == ERR_CANCELLED) {
        err_move(e, &seen);
        return rc;
    }
    _cleanup_buf_ struct buf text = BUF_INIT;
    apply_render(c->result, &text);
    _cleanup_free_ char *question = xasprintf("Make %s? (yes/no) ", n == 1 ? "this change" : "these changes");
    _cleanup_free_ char *answer = NULL;
    out_notice(OUT_INFO, "%s", buf_str(&text));
    if (out_ask(c->job, OUT_ASK_YESNO, question, &answer, e) < 0) {
        if (e->code != ERR_AUTH)
            return -1;
        err_set(e, ERR_USAGE, "%s: there is no terminal to ask on, so nothing was done", c->def->name);
        return err_hint(e, "--apply does it, --plan only shows it");
    }
    if (strcmp(answer, "yes") != 0)
        return err_set(e, ERR_CANCELLED, "%s: nothing was done", c->def->name);
    return apply(c, a, e);
}

static bool belongs(const struct journal *j, const struct apply *a)
{
    return !a->about || json_equal(journal_about(j), a->about);
}

static void revert_one(struct cmd_call *c, const char *id, bool named, const struct apply *a, struct sum *s)
{
    _cleanup_(journal_close_p) struct journal *j = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    json_t *report = NULL;
    // First a look: one that others have at work but that is not meant must not be an error.
    if (journal_open(id, false, &j, &e) == 0 && (named || belongs(j, a)) && journal_get_state(j) != JOURNAL_REVERTED) {
        journal_close(steal(&j));
        if (journal_open(id, true, &j, &e) == 0)
            edit_revert(c->ctx, c->job, j, a->nodes, false, &report, &e);
    } else if (e.code == ERR_IO && !named) {
        out_notice(OUT_WARN, "%s", e.msg);
        err_release(&e);
    }
    take(s, report, &e);
}

static int revert(struct cmd_call *c, const struct apply *a, struct err *e)
{
    const char *named = journal_of(c);
    _cleanup_strv_ struct strv ids = STRV_INIT;
    if (named)
        strv_add(&ids, named);
    else if (journal_list(a->title, &ids, e) < 0)
        return -1;
    struct sum s = {json_array(), ERR_INIT};
    for (size_t i = ids.n; i-- > 0 && s.err.code != ERR_CANCELLED;)
        revert_one(c, ids.s[i], named != NULL, a, &s);
    finish(c, APPLY_MODE_REVERT, named, &s);
    return end(c, &s, e);
}

int apply_run(struct cmd_call *c, enum apply_mode mode, const struct apply *a, struct err *e)
{
    switch (mode) {
    case APPLY_MODE_ASK:
        return ask(c, a, e);
    case APPLY_MODE_APPLY:
        return apply(c, a, e);
    case APPLY_MODE_REVERT:
        return revert(c, a, e);
    default:
        return look(c, mode, a, e);
    }
}

int apply_node(struct cmd_call *c, const struct node *node, json_t *about, apply_make *make, void *data, struct err *e)
{
    json_auto_t *owned = about;
    _cleanup_strv_ struct strv nodes = STRV_INIT;
    strv_add(&nodes, node->name);
    const struct apply_stage stage = {make};
    const struct apply a = {c->def->name, owned, &nodes, &stage, 1, data};
    return apply_run(c, apply_mode_of(c), &a, e);
}

int apply_refused(struct cmd_call *c, json_t *refused, enum err_code code, int status, struct err *e)
{
    size_t n = json_array_size(refused);
    if (!n)
        return status;
    if (!c->result)
        c->result = json_object();
    json_t *items = json_object_get(c->result, "items");
    if (!items) {
        items = json_array();
        json_object_set_new(c->result, "items", items);
    }
    json_array_extend(items, refused);
    if (status < 0)
        return status;
    const char *name = json_text_at(json_array_get(refused, 0), "node");
    return err_set(e, code, "not everything could be done: %zu refused or out of reach, the first on %s", n, name);
}

static void add_text(struct buf *out, const char *s)
{
    buf_add_printable(out, s, strlen(s));
}

// The scripts that write files are the same each time, and most commands are on every node: shown in full once.
static void add_words(struct buf *out, const char *node, const char *words, struct strv *seen)
{
    static const char mark[] = "' 'migsh' '";
    const char *args = NULL;
    for (const char *p = words; (p = strstr(p, mark)); p++)
        args = p;
    _cleanup_free_ char *script = args ? xstrndup(words, (size_t)(args - words)) : NULL;
    const char *what = script ? script : words;
    buf_addf(out, "%s runs: ", node);
    if (!strv_has(seen, what)) {
        add_text(out, words);
        strv_add(seen, what);
    } else if (script) {
        buf_adds(out, "the same script with '");
        add_text(out, args + strlen(mark));
    } else {
        buf_adds(out, "the same as above");
    }
    buf_addc(out, '\n');
}

static void add_details(const json_t *item, bool show_diff, struct buf *out)
{
    const json_t *notes = json_object_get(item, "notes");
    const char *diff = json_text_at(item, "diff"), *path = json_text_at(item, "path");
    show_diff &= diff != NULL;
    if (!show_diff && !json_array_size(notes))
        return;
    _cleanup_free_ char *head = xasprintf("%s: %s%s%s%s", json_text_at(item, "node"), json_text_at(item, "what"),
                                          path ? " (" : "", path ? path : "", path ? ")" : "");
    buf_add_line(out, head);
    buf_addc(out, '\n');
    size_t i;
    json_t *s;
    json_array_foreach(notes, i, s)
    {
        buf_adds(out, "  warning: ");
        buf_add_line(out, json_string_value(s));
        buf_addc(out, '\n');
    }
    if (show_diff)
        add_text(out, diff);
    buf_addc(out, '\n');
}

void apply_render(const json_t *value, struct buf *out)
{
    static const char *const titles[] = {"Node", "What", "State"};
    const char *mode = json_text_at(value, "mode");
    bool plan = mode && strcmp(mode, "plan") == 0;
    const json_t *items = json_object_get(value, "items");
    _cleanup_strv_ struct strv seen = STRV_INIT;
    _cleanup_buf_ struct buf all_words = BUF_INIT;
    struct table *t = table_new(ARRAY_SIZE(titles), titles);
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item)
    {
        const char *state = json_text_at(item, "state");
        const json_t *words = json_object_get(item, "words");
        add_details(item, plan || json_object_get(item, "error"), out);
        for (size_t k = 0; plan && k < json_array_size(words); k++)
            add_words(&all_words, json_text_at(item, "node"), json_string_value(json_array_get(words, k)), &seen);
        const char *const cells[] = {json_text_at(item, "node"), json_text_at(item, "what"), state};
        table_row(t, cells);
    }
    if (all_words.len)
        buf_addf(out, "%s\n", all_words.s);
    if (json_array_size(items))
        render_table(t, out);
    else
        buf_adds(out, mode && strcmp(mode, "revert") == 0 ? "nothing to take back\n" : "nothing to do\n");
    table_free(t);
    if (json_text_at(value, "journal") && !plan)
        buf_addf(out, "journal %s\n", json_text_at(value, "journal"));
}
