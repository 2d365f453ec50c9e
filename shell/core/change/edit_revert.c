// SPDX-License-Identifier: GPL-3.0-or-later
// Taking back the steps of a journal, last first, nodes at the same time. Job threads. See edit.h. All that is needed
// is in the journal: the console that wrote it may be gone for days.
#include <string.h>

#include "base/json.h"
#include "core/change/edit_priv.h"
#include "core/console/inventory.h"
#include "core/console/out.h"
#include "io/job.h"

enum { RETRIES = 100, COMMAND_MS = 15 * 60000 };

struct revert {
    struct ctx *ctx;
    struct job *job;
    struct journal *journal;
    bool dry;
    struct edit_item *items; // for each step that is taken back
    unsigned *numbers;       // of the journal's steps
    size_t n;
    struct strv nodes; // but for the admin's machine
    bool admin;        // something is to be taken back there, too
};

struct undo {
    struct revert *r;
    struct edit_item *item;
    const json_t *about;
    struct node *node; // NULL: the admin's machine
};

static const char *about_node(const json_t *about)
{
    const char *name = json_text_at(json_object_get(about, "node"), "name");
    return name ? name : EDIT_ADMIN;
}

// The node as the inventory has it now (its address may have changed), else as it was then.
static int find_node(struct ctx *ctx, const json_t *about, struct node **ret, struct err *e)
{
    const json_t *n = json_object_get(about, "node");
    *ret = NULL;
    if (json_is_null(n))
        return 0;
    const char *name = json_text_at(n, "name");
    if (!name)
        return err_set(e, ERR_IO, "the journal does not say on which node this was done");
    *ret = inventory_peek(ctx_inventory(ctx), name);
    if (*ret)
        return 0;
    return node_new(name, json_text_at(n, "target"), (int)json_integer_value(json_object_get(n, "port")),
                    json_text_at(n, "uri"), json_text_at(n, "fingerprint"), NULL, ret, e);
}

static int text_of(const json_t *about, const char *key, char **ret, struct err *e)
{
    size_t n;
    if (journal_bytes_get(json_object_get(about, key), ret, &n) < 0)
        return err_set(e, ERR_IO, "the journal's record of this step has no \"%s\"", key);
    return 0;
}

// Conflicts: what migsh wrote against what is there.
static void show_conflict(const struct undo *u, const json_t *undo, const struct change_file *now)
{
    const json_t *hunks = json_object_get(undo, "hunks");
    size_t i;
    json_t *h;
    json_array_foreach(hunks, i, h)
    {
        const char *tag = json_text_at(h, "tag");
        _cleanup_free_ char *ours = NULL;
        size_t n = 0, len = 0, wrote_len = 0;
        const char *body = NULL, *wrote = NULL;
        if (!tag || journal_bytes_get(json_object_get(h, "now"), &ours, &n) < 0 || !ours ||
            !change_block_find(ours, n, tag, &wrote, &wrote_len) ||
            !change_block_find(buf_str(&now->text), now->text.len, tag, &body, &len))
            continue;
        struct change_file a = {true, BUF_INIT}, b = {true, BUF_INIT};
        buf_add(&a.text, wrote, wrote_len);
        buf_add(&b.text, body, len);
        _cleanup_free_ char *name = xasprintf("%s, block %s (what migsh wrote, what is there)", u->item->path, tag);
        json_decref(u->item->diff);
        u->item->diff = edit_diff(name, &a, &b);
        change_file_release(&a);
        change_file_release(&b);
    }
}

static int judge(const struct undo *u, const struct edit_file *old, struct change_file *ret, struct err *e)
{
    struct change_file f = {old->now.exists, BUF_INIT};
    buf_add(&f.text, buf_str(&old->now.text), old->now.text.len);
    const json_t *list = json_object_get(u->about, "undo");
    const char *before = json_text_at(u->about, "before");
    bool done = before && strcmp(before, old->sha) == 0;
    for (size_t i = json_array_size(list); i-- > 0 && !done;) {
        const json_t *undo = json_array_get(list, i);
        struct change_file next;
        if (json_is_null(undo))
            continue;
        if (change_undo(undo, &f, &next, e) < 0) {
            show_conflict(u, undo, &f);
            change_file_release(&f);
            return err_wrap(e, "%s: %s", u->item->node, u->item->path);
        }
        change_file_release(&f);
        f = next;
    }
    *ret = f;
    return 0;
}

// 0: done, or nothing was left to do; 1: changed meanwhile.
static int undo_file_once(const struct undo *u, const char *path, struct err *e)
{
    struct revert *r = u->r;
    bool as_user = json_is_true(json_object_get(u->about, "as_user"));
    const char *note = NULL;
    _cleanup_edit_file_ struct edit_file old = {.real = NULL};
    _cleanup_(change_file_release) struct change_file before = {false, BUF_INIT};
    if (edit_file_gather(r->ctx, r->job, u->node, path, as_user, &old, e) < 0 || judge(u, &old, &before, e) < 0)
        return -1;
    u->item->state = "unchanged";
    json_decref(u->item->diff);
    u->item->diff = edit_diff(path, &old.now, &before);
    if (!u->item->diff)
        return 0;
    struct edit_write w = {.old = &old,
                           .new_file = &before,
                           .as_user = as_user,
                           .no_backup = true,
                           .drop_dir = !before.exists && json_is_true(json_object_get(u->about, "dir_made"))};
    _cleanup_free_ char *words = edit_file_words(&w);
    json_decref(u->item->words);
    u->item->words = json_pack("[o]", json_text(words));
    u->item->state = "planned";
    if (r->dry)
        return 0;
    int rc = edit_file_write(r->ctx, r->job, u->node, &w, &note, e);
    if (note)
        edit_add_note(u->item, note);
    if (rc == 0)
        u->item->state = "reverted";
    return rc;
}

static int undo_file(const struct undo *u, struct err *e)
{
    _cleanup_free_ char *path = NULL;
    if (text_of(u->about, "path", &path, e) < 0)
        return -1;
    if (!path)
        return err_set(e, ERR_IO, "the journal's record of this step has no path");
    for (int i = 0; i < RETRIES; i++) {
        int rc = undo_file_once(u, path, e);
        if (rc <= 0)
            return rc;
        if (job_sleep(u->r->job, 2 + i % 8, e) < 0)
            return -1;
    }
    return err_set(e, ERR_STATE, "%s: %s changes faster than it can be written", u->item->node, path);
}

static int run_script(const struct undo *u, const char *script, struct remote_result *result, struct err *e)
{
    struct place_exec spec = {.script = script,
                              .root = !json_is_true(json_object_get(u->about, "as_user")),
                              .timeout_ms = json_is_true(json_object_get(u->about, "slow")) ? 0 : COMMAND_MS};
    return place_exec(u->r->ctx, u->r->job, u->node, &spec, result, e);
}

static int undo_keep(const struct undo *u, struct err *e)
{
    _cleanup_free_ char *script = NULL;
    _cleanup_facts_ struct facts facts = {0};
    if (!json_object_get(u->about, "undo_keep"))
        return 0;
    if (text_of(u->about, "undo_keep", &script, e) < 0)
        return -1;
    const struct edit_keep k = {script, json_is_true(json_object_get(u->about, "as_user")),
                                json_number_value(json_object_get(u->about, "keep_ms"))};
    return edit_keep(u->r->ctx, u->r->job, u->node, &k, &facts, e);
}

static int undo_command(const struct undo *u, struct err *e)
{
    _cleanup_free_ char *check = NULL, *undo = NULL;
    if (text_of(u->about, "check", &check, e) < 0 || text_of(u->about, "undo", &undo, e) < 0)
        return -1;
    _cleanup_(remote_result_release) struct remote_result there = REMOTE_RESULT_INIT;
    if (check && run_script(u, check, &there, e) < 0)
        return -1;
    u->item->state = "unchanged";
    if (there.status != 0 && !json_is_true(json_object_get(u->about, "undo_always")))
        return 0; // it never came to be, or is gone
    if (!undo) {
        u->item->notes = json_pack("[o]", json_text("this cannot be taken back by migsh: it stays"));
        return 0;
    }
    struct place_exec spec = {.script = undo, .root = !json_is_true(json_object_get(u->about, "as_user"))};
    _cleanup_free_ char *words = place_words(&spec);
    u->item->words = json_pack("[o]", json_text(words));
    u->item->state = "planned";
    if (u->r->dry)
        return 0;
    _cleanup_facts_ struct facts facts = {0};
    struct question q = {.tools = {undo},
                         .as_user = !spec.root,
                         .timeout_ms = json_is_true(json_object_get(u->about, "slow")) ? ASK_FOREVER : COMMAND_MS};
    if (node_ask(u->r->ctx, u->r->job, u->node, &q, &facts, e) < 0)
        return -1;
    edit_take_notes(u->item, &facts);
    u->item->state = "reverted";
    return undo_keep(u, e);
}

static int undo_journaled(const struct undo *u, unsigned number, struct err *e)
{
    struct revert *r = u->r;
    const char *kind = json_text_at(u->about, "kind");
    if (!kind)
        return err_set(e, ERR_IO, "the journal's record of this step cannot be read");
    if (job_check(r->job, e) < 0 || (!r->dry && journal_outcome(r->journal, number, STEP_UNDOING, NULL, e) < 0))
        return -1;
    int rc = strcmp(kind, "file") == 0 ? undo_file(u, e) : undo_command(u, e);
    if (r->dry)
        return rc;
    _cleanup_err_ struct err lost = ERR_INIT;
    if (journal_outcome(r->journal, number, rc < 0 ? STEP_UNDO_FAILED : STEP_UNDONE, NULL, &lost) < 0 && rc == 0)
        return err_set(e, lost.code, "%s: taken back, but %s", u->item->node, lost.msg);
    return rc;
}

// A step whose undoing the node has taken back by itself: with it came back what was undone before it, in this run.
static void done_again(struct revert *r, const char *node, size_t failed)
{
    const json_t *about = journal_step_at(r->journal, r->numbers[failed] - 1).about;
    if (r->dry || !json_object_get(about, "undo_keep"))
        return;
    for (size_t i = 0; i < failed; i++) {
        _cleanup_err_ struct err ignored = ERR_INIT; // then a later revert finds it, as it would be looked at anyway
        if (strcmp(r->items[i].node, node) == 0)
            journal_outcome(r->journal, r->numbers[i], STEP_DONE, NULL, &ignored);
    }
}

static void revert_node(struct job *job, size_t k, void *arg)
{
    (void)job;
    struct revert *r = arg;
    const char *name = r->nodes.s[k];
    const char *title = journal_command(r->journal);
    size_t undone = 0;
    bool failed = false;
    for (size_t i = 0; i < r->n; i++) {
        struct edit_item *item = &r->items[i];
        if (strcmp(item->node, name) != 0 || failed)
            continue;
        struct undo u = {r, item, journal_step_at(r->journal, r->numbers[i] - 1).about, NULL};
        edit_progress(title, name, item->what, false);
        int rc = find_node(r->ctx, u.about, &u.node, &item->err);
        if (rc == 0)
            rc = undo_journaled(&u, r->numbers[i], &item->err);
        if (rc < 0) {
            item->state = edit_error_state(&item->err);
            done_again(r, name, i);
        }
        failed = rc < 0; // what was done before it may be needed by it
        undone += rc == 0 && strcmp(item->state, "unchanged") != 0;
        node_unref(u.node);
    }
    _cleanup_free_ char *text = xasprintf("%zu %s", undone, r->dry ? "to take back" : "taken back");
    edit_progress(title, name, failed ? "not all could be taken back" : text, true);
}

static char *joined(const json_t *what)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    size_t i;
    json_t *w;
    json_array_foreach(what, i, w) buf_addf(&b, "%s%s", i ? ", " : "", json_is_string(w) ? json_string_value(w) : "?");
    return buf_steal(&b);
}

static bool may_have_acted(const struct journal_step *s)
{
    return strcmp(s->name, "edit") == 0 && s->state != STEP_UNCHANGED && s->state != STEP_UNDONE;
}

// What was done on the admin's machine is for all nodes of the journal: it goes with the last of them.
static bool needed_here(const struct revert *r, const struct strv *nodes)
{
    bool others = false, here = false;
    for (size_t i = 0; nodes && i < journal_steps(r->journal); i++) {
        struct journal_step s = journal_step_at(r->journal, i);
        const char *node = about_node(s.about);
        bool admin = strcmp(node, EDIT_ADMIN) == 0;
        here = here || (may_have_acted(&s) && admin);
        others = others || (may_have_acted(&s) && !admin && !strv_has(nodes, node));
    }
    if (others && here)
        out_notice(OUT_INFO,
                   "%s: what was done on this machine stays, because other nodes need it too; --revert without names "
                   "takes it back",
                   journal_command(r->journal));
    return others;
}

static void collect(struct revert *r, const struct strv *nodes)
{
    size_t n = journal_steps(r->journal);
    bool keep_here = needed_here(r, nodes);
    r->items = xcalloc(n + 1, sizeof(*r->items));
    r->numbers = xcalloc(n + 1, sizeof(*r->numbers));
    for (size_t i = n; i-- > 0;) {
        struct journal_step s = journal_step_at(r->journal, i);
        const char *node = about_node(s.about);
        bool admin = strcmp(node, EDIT_ADMIN) == 0;
        if (!may_have_acted(&s) || (nodes && (admin ? keep_here : !strv_has(nodes, node))))
            continue;
        const json_t *path = json_object_get(s.about, "path");
        r->items[r->n] = (struct edit_item){.node = node,
                                            .what = joined(json_object_get(s.about, "what")),
                                            .path = xstrdup(json_string_value(path)),
                                            .state = "skipped"};
        r->numbers[r->n++] = s.number;
        if (admin)
            r->admin = true;
        else if (!strv_has(&r->nodes, node))
            strv_add(&r->nodes, node);
    }
}

static int end(struct revert *r, bool failed, struct err *e)
{
    size_t left = 0;
    for (size_t i = 0; i < journal_steps(r->journal); i++) {
        struct journal_step s = journal_step_at(r->journal, i);
        left += s.state != STEP_UNCHANGED && s.state != STEP_UNDONE;
    }
    return journal_end(r->journal, !left ? JOURNAL_REVERTED : failed ? JOURNAL_FAILED : JOURNAL_DONE, NULL, e);
}

int edit_revert(struct ctx *ctx, struct job *job, struct journal *journal, const struct strv *nodes, bool dry,
                json_t **ret_report, struct err *e)
{
    if (!dry && ctx_readonly(ctx))
        return err_set(e, ERR_STATE, "this console is read-only: nothing is changed");
    struct revert r = {.ctx = ctx, .job = job, .journal = journal, .dry = dry};
    collect(&r, nodes);
    job_each(job, r.nodes.n, revert_node, &r);
    if (r.admin) { // last: with it may go the key by which the nodes are logged in to
        strv_add(&r.nodes, EDIT_ADMIN);
        revert_node(job, r.nodes.n - 1, &r);
    }
    json_t *report = json_array();
    for (size_t i = 0; i < r.n; i++)
        json_array_append_new(report, edit_item_json(&r.items[i]));
    int rc = edit_sum_up(r.items, r.n, e);
    _cleanup_err_ struct err lost = ERR_INIT;
    if (!dry && end(&r, rc < 0, &lost) < 0 && rc == 0) {
        err_move(e, &lost);
        rc = -1;
    }
    for (size_t i = 0; i < r.n; i++)
        edit_item_release(&r.items[i]);
    free(r.items);
    free(r.numbers);
    strv_release(&r.nodes);
    *ret_report = report;
    return rc;
}
