// SPDX-License-Identifier: GPL-3.0-or-later
// What was done, by the journals of this user: journal-list, journal-show, journal-revert.
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/printable.h"
#include "base/table.h"
#include "cmd/commands.h"
#include "cmd/engine/apply.h"
#include "cmd/engine/complete_journal.h"
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

static const struct view_col list_cols[] = {{.key = "id", .title = "Id"},       {.key = "command", .title = "Command"},
                                            {.key = "time", .title = "Time"},   {.key = "state", .title = "State"},
                                            {.key = "count", .title = "Steps"}, {.key = "domain", .title = "Domain"},
                                            {.key = "way_on", .title = "Next"}, {.key = NULL}};

const struct cmd_def cmd_journal_list = {
    .name = "journal-list",
    .group = "Shell",
    .summary = "list what was done on nodes and can be taken back",
    .help =
        "Each command that changes nodes keeps a journal, oldest first here. States: running (a console is at it), "
        "done,\n"
        "failed, reverted, interrupted (its console ended in the middle: apply again, or revert). Where a workflow\n"
        "was left in the middle, the last column names the commands that take it on: resume ID, rollback ID. Of a\n"
        "migrate nothing can be gone on with or taken back: rollback --forget ID closes its journal.",
    .example = "journal-list",
    .view = {VIEW_TABLE, list_cols},
    .run = run_list};

enum { ID };

static const struct opt_def show_opts[] = {
    [ID] = {"id", OPT_STRING, OPTF_POS | OPTF_REQ, "which journal, as journal-list names it",
            .complete = complete_journal},
    {NULL},
};

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

static void render_show(const json_t *value, struct buf *out)
{
    static const char *const titles[] = {"Step", "Node", "What", "State"};
    static const char *const fields[] = {"id", "command", "time", "state"};
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        const char *s = json_text_at(value, fields[i]);
        buf_addf(out, "%s: ", fields[i]);
        buf_add_line(out, s ? s : "-");
        buf_addc(out, '\n');
    }
    buf_addc(out, '\n');
    struct table *t = table_new(ARRAY_SIZE(titles), titles);
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(value, "steps"), i, step)
    {
        _cleanup_free_ char *number = xasprintf("%lld", (long long)json_integer_value(json_object_get(step, "step")));
        _cleanup_free_ char *what = what_of(step);
        const char *const cells[] = {number, json_text_at(step, "node"), what, json_text_at(step, "state")};
        table_row(t, cells);
    }
    table_render(t, out);
    table_free(t);
    const char *way = json_text_at(value, "way_on");
    if (way)
        buf_addf(out, "next: %s %s\n", way, json_text_at(value, "id"));
}

const struct cmd_def cmd_journal_show = {.name = "journal-show",
                                         .group = "Shell",
                                         .summary = "show the steps of a journal",
                                         .help = "With --json also when each began and ended, and what was kept of a "
                                                 "migration (report ID shows that).",
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
    .group = "Shell",
    .summary = "take back what a journal says was done",
    .help =
        "All of it, wherever it was done, the last first; what others have changed since is shown and left alone. The\n"
        "--revert of a command takes back all its journals; this is for one.",
    .example = "journal-revert 20261121-041914.120-hosts-sync-3fa9c1 --plan\n"
               "journal-revert 20261121-041914.120-hosts-sync-3fa9c1",
    .opts = revert_opts,
    .view = {VIEW_CUSTOM, .render = apply_render},
    .run = run_revert};
