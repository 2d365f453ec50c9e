// SPDX-License-Identifier: GPL-3.0-or-later
// What was done, by the journals of this user: journal-list, journal-show, journal-revert.
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/printable.h"
#include "base/table.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/engine/apply.h"
#include "cmd/engine/complete_journal.h"
#include "cmd/engine/render.h"
#include "core/change/edit.h"
#include "core/journal/journal.h"

static void add_time(json_t *v, double t)
{
    _cleanup_free_ char *text = clock_text(t);
    json_object_set_new(v, "time", json_text(text));
    json_object_set_new(v, "seconds", json_real(t));
}

static json_t *head(const struct journal *j)
{
    json_t *v =
        json_pack("{s:o, s:o, s:o, s:i}", "id", json_text(journal_id(j)), "command", json_text(journal_command(j)),
                  "state", json_text(journal_state_name(journal_get_state(j))), "count", (int)journal_steps(j));
    add_time(v, journal_time(j));
    const json_t *domain = json_object_get(journal_about(j), "domain");
    if (json_is_string(domain))
        json_object_set_new(v, "domain", json_deep_copy(domain));
    if (*journal_way_on(j))
        json_object_set_new(v, "way_on", json_text(journal_way_on(j)));
    return v;
}

static int run_list(struct cmd_call *c, struct err *e)
{
    _cleanup_strv_ struct strv ids = STRV_INIT;
    if (journal_list(NULL, &ids, e) < 0)
        return -1;
    c->result = json_array();
    for (size_t i = 0; i < ids.n; i++) {
        _cleanup_(journal_close_p) struct journal *j = NULL;
        _cleanup_err_ struct err bad = ERR_INIT;
        if (journal_open(ids.s[i], false, &j, &bad) == 0)
            json_array_append_new(c->result, head(j));
        else if (bad.code != ERR_NOT_FOUND) // discarded meanwhile
            json_array_append_new(c->result, json_pack("{s:o, s:o, s:o}", "id", json_text(ids.s[i]), "state",
                                                       json_text("unreadable"), "error", json_text(bad.msg)));
    }
    return 0;
}

static const struct view_col list_cols[] = {
    {.key = "id", .title = "Id"},       {.key = "command", .title = "Command"},
    {.key = "time", .title = "Time"},   {.key = "state", .title = "State", .state = true},
    {.key = "count", .title = "Steps"}, {.key = "domain", .title = "Domain"},
    {.key = "way_on", .title = "Next"}, {.key = NULL}};

const struct cmd_def cmd_journal_list = {
    .name = "journal-list",
    .group = "Journals",
    .summary = "list what was done on nodes and can be taken back",
    .help =
        "Each command that changes nodes keeps a journal, oldest first here. States: running (a console is at it), "
        "done,\n"
        "failed, reverted, interrupted (its console ended in the middle: apply again, or revert). Where a workflow\n"
        "was left in the middle, the last column names the commands that take it on: resume ID, rollback ID. Of a\n"
        "migrate nothing can be gone on with or taken back: rollback --forget ID closes its journal.",
    .example = "journal-list",
    .view = {VIEW_TABLE, list_cols, .empty = "nothing was done yet that could be gone on with, or taken back"},
    .run = run_list};

enum { ID };

static const struct opt_def show_opts[] = {
    [ID] = {"id", OPT_STRING, OPTF_POS | OPTF_REQ, "which journal, as journal-list names it",
            .complete = complete_journal},
    {NULL},
};

// "total_ms 1234, checks 8": what a step came to, by its plain values, and of lists how many they have; NULL: nothing.
static char *values_text(const json_t *outcome)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    const char *name;
    json_t *one;
    json_object_foreach((json_t *)outcome, name, one)
    {
        _cleanup_free_ char *number = json_is_real(one)    ? xasprintf("%g", json_real_value(one))
                                      : json_is_array(one) ? xasprintf("%zu", json_array_size(one))
                                      : json_is_integer(one) || json_is_boolean(one) ? json_dumps(one, JSON_ENCODE_ANY)
                                                                                     : NULL;
        const char *text = json_is_string(one) ? json_string_value(one) : number;
        if (text)
            buf_addf(&b, "%s%s %s", b.len ? ", " : "", name, text);
    }
    return b.len ? buf_steal(&b) : NULL;
}

// What its writer says of it, or what there is.
static char *outcome_text(const json_t *outcome)
{
    static const char *const said[] = {"msg", "detail"};
    for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
        const char *s = json_text_at(outcome, said[i]);
        if (s && *s)
            return xstrdup(s);
    }
    return json_is_string(outcome) ? xstrdup(json_string_value(outcome)) : values_text(outcome);
}

static json_t *step_json(const struct journal_step *s)
{
    static const char *const keys[] = {"what", "title", "path"};
    json_t *v = json_pack("{s:i, s:o, s:o}", "step", (int)s->number, "name", json_text(s->name), "state",
                          json_text(journal_step_state_name(s->state)));
    const json_t *node = json_object_get(s->about, "node");
    node = json_is_string(node) ? node : json_object_get(node, "name");
    json_object_set_new(v, "node", node ? json_deep_copy(node) : json_text(EDIT_ADMIN));
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        const json_t *x = json_object_get(s->about, keys[i]);
        if (x)
            json_object_set_new(v, keys[i], json_deep_copy(x));
    }
    json_object_set_new(v, "begun", json_real(s->begun));
    if (s->ended > 0)
        json_object_set_new(v, "ended", json_real(s->ended));
    const json_t *msg = json_object_get(s->outcome, "msg");
    if (msg)
        json_object_set_new(v, "error", json_deep_copy(msg));
    char *outcome = outcome_text(s->outcome);
    if (outcome)
        json_object_set_new(v, "outcome", json_text(outcome));
    free(outcome);
    return v;
}

static int run_show(struct cmd_call *c, struct err *e)
{
    _cleanup_(journal_close_p) struct journal *j = NULL;
    if (journal_open(c->vals[ID].s, false, &j, e) < 0)
        return -1;
    c->result = head(j);
    json_object_set_new(c->result, "about", json_deep_copy(journal_about(j)));
    json_t *steps = json_array();
    for (size_t i = 0; i < journal_steps(j); i++) {
        struct journal_step s = journal_step_at(j, i);
        json_array_append_new(steps, step_json(&s));
    }
    json_object_set_new(c->result, "steps", steps);
    if (journal_kept(j))
        json_object_set_new(c->result, "kept", json_deep_copy(journal_kept(j)));
    return 0;
}

static char *what_of(const json_t *step)
{
    const json_t *what = json_object_get(step, "what");
    if (!what && json_object_get(step, "title"))
        return xasprintf("%s: %s", json_text_at(step, "name"), json_text_at(step, "title"));
    const char *path = json_text_at(step, "path");
    _cleanup_buf_ struct buf b = BUF_INIT;
    size_t i;
    json_t *w;
    if (json_is_string(what))
        buf_adds(&b, json_string_value(what));
    json_array_foreach(what, i, w) buf_addf(&b, "%s%s", i ? ", " : "", json_is_string(w) ? json_string_value(w) : "?");
    if (path)
        buf_addf(&b, " (%s)", path);
    return buf_steal(&b);
}

// A screen is 80 columns wide: what a table's other columns leave of it, and not less than says anything.
enum { SCREEN = 80, GAP = 3, LEAST = 24 };

// The text as a line, cut off at that many characters.
static char *clipped(const char *s, size_t width)
{
    _cleanup_buf_ struct buf line = BUF_INIT;
    buf_add_line(&line, s);
    const char *all = buf_str(&line);
    size_t at = 0, cut = 0, n = 0;
    while (all[at]) {
        if (++n == width)
            cut = at;
        size_t len = utf8_sequence(all + at, line.len - at);
        at += len ? len : 1;
    }
    return n > width ? xasprintf("%.*s…", (int)cut, all) : buf_steal(&line);
}

static size_t widest(size_t have, const char *s)
{
    size_t n = s ? strlen(s) : 0;
    return n > have ? n : have;
}

static void render_steps(const json_t *steps, struct buf *out)
{
    static const char *const titles[] = {"Step", "Node", "What", "State", "Outcome"};
    size_t i, node = strlen("Node"), title = strlen("What"), state = strlen("State"), columns = ARRAY_SIZE(titles) - 1;
    json_t *step;
    json_array_foreach(steps, i, step)
    {
        _cleanup_free_ char *what = what_of(step);
        node = widest(node, json_text_at(step, "node"));
        title = widest(title, what);
        state = widest(state, json_text_at(step, "state"));
        if (json_object_get(step, "outcome"))
            columns = ARRAY_SIZE(titles);
    }
    size_t taken = strlen("Step") + node + title + state + ARRAY_SIZE(titles) * GAP;
    size_t left = taken + LEAST < SCREEN ? SCREEN - taken : LEAST;
    struct table *t = table_new(columns, titles);
    json_array_foreach(steps, i, step)
    {
        _cleanup_free_ char *number = xasprintf("%lld", (long long)json_integer_value(json_object_get(step, "step")));
        _cleanup_free_ char *what = what_of(step);
        const char *text = json_text_at(step, "outcome");
        _cleanup_free_ char *outcome = text ? clipped(text, left) : NULL;
        const char *const cells[] = {number, json_text_at(step, "node"), what, json_text_at(step, "state"), outcome};
        table_row(t, cells);
    }
    render_table(t, out);
    table_free(t);
}

static void add_ms(struct buf *out, const char *title, const json_t *value)
{
    char text[UNITS_TEXT];
    if (json_is_number(value))
        buf_addf(out, ", %s %s", title, units_duration(json_number_value(value), text));
}

// What was kept of a migration, in a line; report tells it all.
static void render_kept(const json_t *value, struct buf *out)
{
    const json_t *result = json_object_get(json_object_get(value, "kept"), "result");
    const json_t *bytes = json_object_get(result, "bytes");
    const char *verdict = json_text_at(result, "verdict");
    if (!verdict)
        return;
    buf_adds(out, "kept: ");
    buf_add_line(out, verdict);
    add_ms(out, "total time", json_object_get(result, "total_ms"));
    add_ms(out, "downtime", json_object_get(result, "downtime_ms"));
    add_ms(out, "outage at the most", json_object_get(json_object_get(result, "outage"), "max_ms"));
    if (json_is_number(bytes)) {
        char text[UNITS_TEXT];
        units_bytes(json_number_value(bytes), 2, text);
        buf_addf(out, ", %s sent", text);
    }
    buf_addf(out, " (report %s shows all)\n", json_text_at(value, "id"));
}

static void render_show(const json_t *value, struct buf *out)
{
    static const char *const fields[] = {"id", "command", "time", "state"};
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        const char *s = json_text_at(value, fields[i]);
        buf_addf(out, "%s: ", fields[i]);
        buf_add_line(out, s ? s : "-");
        buf_addc(out, '\n');
    }
    buf_addc(out, '\n');
    render_steps(json_object_get(value, "steps"), out);
    render_kept(value, out);
    const char *way = json_text_at(value, "way_on");
    if (way)
        buf_addf(out, "next: %s %s\n", way, json_text_at(value, "id"));
}

const struct cmd_def cmd_journal_show = {.name = "journal-show",
                                         .group = "Journals",
                                         .summary = "show the steps of a journal",
                                         .help =
                                             "And what each came to, as far as a screen has room, then the figures\n"
                                             "that were kept of a migration (report ID shows all of them). With\n"
                                             "--json also when each step began and ended, and all that was kept.",
                                         .example = "journal-show 20261121-041914.120-hosts-sync-3fa9c1",
                                         .opts = show_opts,
                                         .view = {VIEW_CUSTOM, .render = render_show},
                                         .run = run_show};

enum { DRY = ID + 1 };

static const struct opt_def revert_opts[] = {
    [ID] = {"id", OPT_STRING, OPTF_POS | OPTF_REQ, "which journal, as journal-list names it",
            .complete = complete_journal},
    [DRY] = {"plan", OPT_BOOL, 0, "show what would be done, and do nothing"},
    {NULL},
};

// What a recipe did in steps of its own, only the recipe can take back.
static int check_steps(const struct journal *j, struct err *e)
{
    if (journal_is_workflow(j)) {
        err_set(e, ERR_STATE, "%s is a journal of %s", journal_id(j), journal_command(j));
        return err_hint(e, "rollback %s takes it back", journal_id(j));
    }
    if (journal_is_record(j)) {
        err_set(e, ERR_STATE, "%s only tells what libvirt's %s did: there is nothing to take back", journal_id(j),
                journal_command(j));
        return err_hint(e, "cleanup DOMAIN shows where the guest is");
    }
    for (size_t i = 0; i < journal_steps(j); i++) {
        struct journal_step s = journal_step_at(j, i);
        if (strcmp(s.name, "edit") == 0)
            continue;
        err_set(e, ERR_STATE, "%s is a journal of %s, which knows how to take it back", journal_id(j),
                journal_command(j));
        return err_hint(e, "%s … --revert", journal_command(j));
    }
    return 0;
}

static int run_revert(struct cmd_call *c, struct err *e)
{
    _cleanup_(journal_close_p) struct journal *j = NULL;
    bool dry = c->vals[DRY].b;
    json_t *items = NULL;
    if (journal_open(c->vals[ID].s, !dry, &j, e) < 0 || check_steps(j, e) < 0)
        return -1;
    int r = 0;
    if (journal_get_state(j) != JOURNAL_REVERTED)
        r = edit_revert(c->ctx, c->job, j, NULL, dry, &items, e);
    size_t i, changed = 0;
    json_t *item;
    json_array_foreach(items, i, item) changed +=
        strcmp(json_text_at(item, "state"), dry ? "planned" : "reverted") == 0;
    c->result = json_pack("{s:o, s:o, s:i, s:o}", "mode", json_text(dry ? "plan" : "revert"), "journal",
                          json_text(journal_id(j)), dry ? "planned" : "changed", (int)changed, "items",
                          items ? items : json_array());
    return r;
}

const struct cmd_def cmd_journal_revert = {
    .name = "journal-revert",
    .group = "Journals",
    .summary = "take back what a journal says was done",
    .help =
        "All of it, wherever it was done, the last first; what others have changed since is shown and left alone. The\n"
        "--revert of a command takes back all its journals; this is for one.",
    .example = "journal-revert 20261121-041914.120-hosts-sync-3fa9c1 --plan\n"
               "journal-revert 20261121-041914.120-hosts-sync-3fa9c1",
    .opts = revert_opts,
    .view = {VIEW_CUSTOM, .render = apply_render},
    .run = run_revert};
