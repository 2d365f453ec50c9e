// SPDX-License-Identifier: GPL-3.0-or-later
// The run of a plan: nodes at the same time, the steps of a node in order. Job threads. See edit.h.
#include "core/change/edit.h"

#include <string.h>

#include "base/json.h"
#include "core/change/edit_priv.h"
#include "core/console/inventory.h"
#include "io/job.h"

enum { RETRIES = 100 };

struct judged {
    struct edit_file old;
    struct change_file new_file;
    json_t *undo; // array, an element for each change
};

static void judged_release(struct judged *j)
{
    edit_file_release(&j->old);
    change_file_release(&j->new_file);
    json_decref(j->undo);
    *j = (struct judged){.undo = NULL};
}

// What is there against what is wanted, as a diff of the block alone: the conflict.
static void show_conflict(const struct edit_step *s, size_t i, const struct change_file *now)
{
    const struct change *c = edit_change(s, i);
    struct edit_item *item = edit_step_item(s, i);
    const char *body;
    size_t len;
    if (c->kind != CHANGE_BLOCK || !change_block_find(buf_str(&now->text), now->text.len, c->tag, &body, &len))
        return;
    struct change_file a = {true, BUF_INIT}, b = {true, BUF_INIT};
    buf_add(&a.text, body, len);
    buf_add(&b.text, c->text ? c->text : "", c->text_len);
    _cleanup_free_ char *name = xasprintf("%s, block %s", c->path, c->tag);
    json_decref(item->diff);
    item->diff = edit_diff(name, &a, &b);
    change_file_release(&a);
    change_file_release(&b);
}

// All changes of the step, one after the other, on the content that was gathered.
static int judge(const struct edit_step *s, struct judged *j, struct err *e)
{
    struct change_file f = {j->old.now.exists, BUF_INIT};
    buf_add(&f.text, buf_str(&j->old.now.text), j->old.now.text.len);
    j->undo = json_array();
    for (size_t i = 0; i < s->n; i++) {
        struct change *c = s->r->plan->changes[s->index[i]];
        struct edit_item *item = edit_step_item(s, i);
        struct change_file next;
        json_t *undo;
        if (c->meet)
            c->meet(c, j->old.host);
        if (c->inspect) {
            json_decref(item->notes);
            item->notes = json_array();
            c->inspect(c, buf_str(&f.text), f.text.len, item->notes);
        }
        if (change_judge(c, &f, &next, &undo, e) < 0) {
            show_conflict(s, i, &f);
            change_file_release(&f);
            return -1;
        }
        json_array_append_new(j->undo, undo);
        change_file_release(&f);
        f = next;
    }
    j->new_file = f;
    return 0;
}

static bool is_new(const struct judged *j)
{
    const struct change_file *a = &j->old.now, *b = &j->new_file;
    return a->exists != b->exists || a->text.len != b->text.len ||
           memcmp(buf_str(&a->text), buf_str(&b->text), a->text.len) != 0;
}

static json_t *file_about(const struct edit_step *s, const struct judged *j)
{
    const struct change *c = edit_change(s, 0);
    char after[DIGEST_HEX] = "absent";
    if (j->new_file.exists)
        digest_sha256(j->new_file.text.s, j->new_file.text.len, after);
    json_t *what = json_array();
    for (size_t i = 0; i < s->n; i++)
        json_array_append_new(what, json_text(edit_change(s, i)->what));
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:O}", "kind", json_text("file"), "node",
                     edit_node_about(s->node), "what", what, "path", journal_bytes(j->old.real, strlen(j->old.real)),
                     "before", json_text(j->old.sha), "after", json_text(after), "as_user", c->as_user, "dir_made",
                     !j->old.has_dir, "undo", j->undo);
}

// Before and after one write. 1: changed meanwhile.
static int write_journaled(const struct edit_step *s, const struct edit_write *w, const struct judged *j, struct err *e)
{
    struct edit_run *r = s->r;
    unsigned number;
    json_t *about = file_about(s, j);
    int rc = journal_intent(r->journal, "edit", about, &number, e);
    json_decref(about);
    if (rc < 0)
        return -1;
    const char *note = NULL;
    rc = edit_file_write(r->ctx, r->job, s->node, w, &note, e);
    if (note)
        edit_add_note(edit_step_item(s, 0), note);
    json_t *outcome = rc < 0 ? edit_error_json(e) : NULL;
    _cleanup_err_ struct err lost = ERR_INIT;
    enum journal_step_state state = rc < 0 ? STEP_FAILED : rc == 1 ? STEP_UNCHANGED : STEP_DONE;
    int w_rc = journal_outcome(r->journal, number, state, outcome, &lost);
    json_decref(outcome);
    if (w_rc < 0 && rc == 0)
        return err_set(e, lost.code, "%s: done, but %s", place_name(s->node), lost.msg);
    return rc;
}

static int run_file_once(const struct edit_step *s, struct err *e)
{
    struct edit_run *r = s->r;
    const struct change *c = edit_change(s, 0);
    struct edit_item *item = edit_step_item(s, 0);
    _cleanup_(judged_release) struct judged j = {.undo = NULL};
    if (edit_file_gather(r->ctx, r->job, s->node, c->path, c->as_user, &j.old, e) < 0 || judge(s, &j, e) < 0)
        return -1;
    if (!is_new(&j)) {
        edit_step_state(s, r->mode == EDIT_VERIFY ? "verified" : "unchanged");
        return 0;
    }
    struct edit_write w = {.old = &j.old,
                           .new_file = &j.new_file,
                           .as_user = c->as_user,
                           .mode = c->mode,
                           .dir_mode = c->dir_mode,
                           .owner = c->owner,
                           .no_backup = c->no_backup};
    json_decref(item->diff);
    json_decref(item->words);
    item->diff = edit_diff(j.old.real, &j.old.now, &j.new_file);
    _cleanup_free_ char *words = edit_file_words(&w);
    item->words = json_pack("[o]", json_text(words));
    edit_step_state(s, "planned");
    if (r->mode == EDIT_VERIFY)
        return err_set(e, ERR_VERDICT, "%s: %s is not as wanted", place_name(s->node), c->path);
    if (r->mode == EDIT_PLAN)
        return 0;
    int rc = write_journaled(s, &w, &j, e);
    if (rc == 0)
        edit_step_state(s, "changed");
    return rc;
}

static int run_file(const struct edit_step *s, struct err *e)
{
    for (int i = 0; i < RETRIES; i++) {
        int rc = run_file_once(s, e);
        if (rc <= 0)
            return rc;
        // Others are at it: each time another one gets through, so let the others go first for a moment.
        if (job_sleep(s->r->job, 2 + i % 8, e) < 0)
            return -1;
    }
    return err_set(e, ERR_STATE, "%s: %s changes faster than it can be written", place_name(s->node),
                   edit_change(s, 0)->path);
}

static int run_step(const struct edit_step *s)
{
    struct err *e = &edit_step_item(s, 0)->err;
    edit_progress(s->r->plan->title, place_name(s->node), edit_change(s, 0)->what, false);
    int rc = job_check(s->r->job, e);
    if (rc == 0)
        rc = edit_change(s, 0)->kind == CHANGE_COMMAND ? edit_run_command(s, e) : run_file(s, e);
    if (rc < 0)
        edit_step_state(s, edit_error_state(e));
    for (size_t i = 0; i < s->n && rc == 0; i++) {
        edit_run_verify(s, edit_change(s, i), edit_step_item(s, i));
        rc = err_is_set(&edit_step_item(s, i)->err) ? -1 : 0;
    }
    return rc;
}

static bool same_step(const struct change *a, const struct change *b)
{
    return a->kind != CHANGE_COMMAND && b->kind != CHANGE_COMMAND && a->as_user == b->as_user &&
           strcmp(a->path, b->path) == 0;
}

// What is shown at a node's end: the worst of its states.
static void node_ended(const struct edit_run *r, size_t from, size_t to)
{
    size_t changed = 0;
    const struct edit_item *bad = NULL;
    for (size_t i = from; i < to; i++) {
        const struct edit_item *item = &r->items[r->order[i]];
        changed += strcmp(item->state, "changed") == 0 || strcmp(item->state, "planned") == 0;
        if (!bad && err_is_set(&item->err))
            bad = item;
    }
    const char *const verbs[] = {[EDIT_PLAN] = "to change", [EDIT_APPLY] = "changed", [EDIT_VERIFY] = "not as wished"};
    _cleanup_free_ char *text = bad       ? xstrdup(bad->state)
                                : changed ? xasprintf("%zu %s", changed, verbs[r->mode])
                                          : xstrdup(r->mode == EDIT_VERIFY ? "verified" : "unchanged");
    edit_progress(r->plan->title, r->items[r->order[from]].node, text, true);
}

static void run_node(struct job *job, size_t k, void *arg)
{
    (void)job;
    struct edit_run *r = arg;
    bool failed = false;
    for (size_t i = r->from[k]; i < r->from[k + 1];) {
        struct edit_step s = {r, r->plan->changes[r->order[i]]->node, &r->order[i], 1};
        while (i + s.n < r->from[k + 1] && same_step(edit_change(&s, 0), edit_change(&s, s.n)))
            s.n++;
        if (failed)
            edit_step_state(&s, "skipped");
        else if (run_step(&s) < 0)
            // A look at the rest costs nothing and tells more, but not where nobody answers.
            failed = r->mode == EDIT_APPLY || strcmp(edit_step_item(&s, 0)->state, "unreachable") == 0;
        i += s.n;
    }
    node_ended(r, r->from[k], r->from[k + 1]);
}

// Sorts the changes by node, the nodes as they first appear.
static void group(struct edit_run *r)
{
    size_t n = r->plan->n, done = 0;
    r->order = xcalloc(n + 1, sizeof(*r->order));
    r->from = xcalloc(n + 2, sizeof(*r->from));
    bool *taken = xcalloc(n + 1, sizeof(*taken));
    for (size_t i = 0; i < n; i++) {
        if (taken[i])
            continue;
        r->from[r->nodes++] = done;
        for (size_t k = i; k < n; k++) {
            if (taken[k] || strcmp(r->items[k].node, r->items[i].node) != 0)
                continue;
            taken[k] = true;
            r->order[done++] = k;
        }
    }
    r->from[r->nodes] = done;
    free(taken);
}

int edit_run(struct ctx *ctx, struct job *job, const struct plan *plan, enum edit_mode mode, struct journal *journal,
             json_t **ret_report, struct err *e)
{
    if (mode == EDIT_APPLY && ctx_readonly(ctx))
        return err_set(e, ERR_STATE, "this console is read-only: nothing is changed");
    struct edit_run r = {.ctx = ctx, .job = job, .plan = plan, .mode = mode, .journal = journal};
    r.items = xcalloc(plan->n + 1, sizeof(*r.items));
    for (size_t i = 0; i < plan->n; i++) {
        const struct change *c = plan->changes[i];
        r.items[i] = (struct edit_item){.change = c,
                                        .node = place_name(c->node),
                                        .what = xstrdup(c->what),
                                        .path = xstrdup(c->path),
                                        .state = "skipped"};
    }
    group(&r);
    job_each(job, r.nodes, run_node, &r);
    json_t *report = json_array();
    for (size_t i = 0; i < plan->n; i++)
        json_array_append_new(report, edit_item_json(&r.items[i]));
    int rc = edit_sum_up(r.items, plan->n, e);
    for (size_t i = 0; i < plan->n; i++)
        edit_item_release(&r.items[i]);
    free(r.items);
    free(r.order);
    free(r.from);
    *ret_report = report;
    return rc;
}
