// SPDX-License-Identifier: GPL-3.0-or-later
// The changes that only a command can make, and the tests of any change's effect. Job threads. See edit.h.
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/printable.h"
#include "core/change/edit_priv.h"
#include "core/console/session.h"
#include "io/job.h"

enum { COMMAND_MS = 15 * 60000 };

static int run_script(const struct edit_step *s, const struct change *c, const char *script,
                      struct remote_result *result, struct err *e)
{
    struct place_exec spec = {.script = script, .root = !c->as_user, .timeout_ms = c->slow ? 0 : COMMAND_MS};
    return place_exec(s->r->ctx, s->r->job, s->node, &spec, result, e);
}

// Does the check say that all is done? 1: yes, 0: no.
static int check(const struct edit_step *s, const struct change *c, struct err *e)
{
    _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
    if (run_script(s, c, c->check, &result, e) < 0)
        return -1;
    return result.status == 0;
}

static void add_check(struct buf *b, const struct change *c)
{
    buf_addf(b, "(%s\n) >/dev/null 2>&1 || { echo; say no-effect yes; }\n", c->check);
}

// All by one script, as each way there and back takes time. What was seen to be missing may have been done meanwhile.
static char *command_script(const struct change *c)
{
    struct buf b = BUF_INIT;
    if (c->seen)
        buf_addf(&b, "(%s\n) >/dev/null 2>&1 && exit\n", c->check);
    buf_addf(&b, "(%s\n) || exit\n", c->run);
    if (!c->keep)
        add_check(&b, c);
    return buf_steal(&b);
}

// By a login that was made after the change, as often as it takes. Who has an answer, whichever, is through.
int edit_keep(struct ctx *ctx, struct job *job, struct node *node, const struct edit_keep *k, struct facts *ret,
              struct err *e)
{
    enum { PAUSE_MS = 500, ANSWER_MS = 60000, EXIT_AGAIN = 75 };
    double end = clock_mono_ms() + k->ms;
    for (;;) {
        int status = 0;
        struct question q = {
            .tools = {k->script}, .as_user = k->as_user, .timeout_ms = ANSWER_MS, .ret_status = &status};
        if (node)
            session_drop(ctx, node);
        if (node_ask(ctx, job, node, &q, ret, e) == 0)
            return 0;
        bool lost = e->code == ERR_UNREACHABLE || e->code == ERR_TIMEOUT;
        bool again = status == EXIT_AGAIN;
        if ((!again && (status || !lost)) || clock_mono_ms() > end)
            return status ? -1 : err_hint(e, "nobody has kept the change, so the node takes it back by itself");
        err_release(e);
        if (!again && job_sleep(job, PAUSE_MS, e) < 0)
            return -1;
    }
}

static int keep(const struct edit_step *s, const struct change *c, struct facts *facts, struct err *e)
{
    _cleanup_buf_ struct buf script = BUF_INIT;
    buf_addf(&script, "(%s\n) || exit\n", c->keep);
    add_check(&script, c);
    const struct edit_keep k = {buf_str(&script), c->as_user, c->keep_ms};
    facts_release(facts);
    *facts = (struct facts){0};
    return edit_keep(s->r->ctx, s->r->job, s->node, &k, facts, e);
}

static int do_command(const struct edit_step *s, const struct change *c, struct err *e)
{
    _cleanup_free_ char *script = command_script(c);
    _cleanup_facts_ struct facts facts = {0};
    struct question q = {.tools = {script}, .as_user = c->as_user, .timeout_ms = c->slow ? ASK_FOREVER : COMMAND_MS};
    if (node_ask(s->r->ctx, s->r->job, s->node, &q, &facts, e) < 0)
        return -1;
    edit_take_notes(edit_step_item(s, 0), &facts);
    if (c->keep && keep(s, c, &facts, e) < 0)
        return -1;
    if (facts_yes(&facts, "no-effect"))
        return err_set(e, ERR_FAILED, "%s: %s: the command succeeded but had no effect", place_name(s->node), c->what);
    return 0;
}

static int command_journaled(const struct edit_step *s, const struct change *c, struct err *e)
{
    struct journal *journal = s->r->journal;
    unsigned number;
    json_t *about = json_pack(
        "{s:o, s:o, s:[o], s:o, s:o, s:o, s:b, s:b, s:b, s:o*, s:f}", "kind", json_text("command"), "node",
        edit_node_about(s->node), "what", json_text(c->what), "check", journal_bytes(c->check, strlen(c->check)), "run",
        journal_bytes(c->run, strlen(c->run)), "undo", journal_bytes(c->undo, c->undo ? strlen(c->undo) : 0), "as_user",
        c->as_user, "slow", c->slow, "undo_always", c->undo_always, "undo_keep",
        c->undo_keep ? journal_bytes(c->undo_keep, strlen(c->undo_keep)) : NULL, "keep_ms", c->keep_ms);
    int rc = journal_intent(journal, "edit", about, &number, e);
    json_decref(about);
    if (rc < 0)
        return -1;
    rc = do_command(s, c, e);
    json_t *outcome = rc < 0 ? edit_error_json(e) : NULL;
    _cleanup_err_ struct err lost = ERR_INIT;
    int w_rc = journal_outcome(journal, number, rc < 0 ? STEP_FAILED : STEP_DONE, outcome, &lost);
    json_decref(outcome);
    if (w_rc < 0 && rc == 0)
        return err_set(e, lost.code, "%s: done, but %s", place_name(s->node), lost.msg);
    return rc;
}

int edit_run_command(const struct edit_step *s, struct err *e)
{
    const struct change *c = edit_change(s, 0);
    struct edit_item *item = edit_step_item(s, 0);
    bool ask = !c->seen || s->r->mode == EDIT_VERIFY;
    int done = ask ? check(s, c, e) : 0;
    if (done < 0)
        return -1;
    edit_step_state(s, done ? (s->r->mode == EDIT_VERIFY ? "verified" : "unchanged") : "planned");
    if (done)
        return 0;
    struct place_exec spec = {.script = c->run, .root = !c->as_user};
    _cleanup_free_ char *words = place_words(&spec);
    item->words = json_pack("[o]", json_text(words));
    if (!c->undo)
        edit_add_note(item, "this cannot be taken back by migsh");
    if (s->r->mode == EDIT_VERIFY)
        return err_set(e, ERR_VERDICT, "%s: not done: %s", place_name(s->node), c->what);
    if (s->r->mode == EDIT_PLAN)
        return 0;
    if (command_journaled(s, c, e) < 0)
        return -1;
    edit_step_state(s, "changed");
    return 0;
}

// The changes' own tests of the effect, after something was done, or when only testing.
void edit_run_verify(const struct edit_step *s, const struct change *c, struct edit_item *item)
{
    bool wanted = strcmp(item->state, "changed") == 0 || strcmp(item->state, "verified") == 0;
    if (!c->verify || !wanted)
        return;
    _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
    int rc = run_script(s, c, c->verify, &result, &item->err);
    if (rc == 0 && result.status != 0) {
        // What it prints says why.
        _cleanup_buf_ struct buf text = BUF_INIT;
        buf_add_printable(&text, buf_str(&result.out), result.out.len);
        buf_add_printable(&text, buf_str(&result.err), result.err.len);
        while (text.len && text.s[text.len - 1] == '\n')
            buf_truncate(&text, text.len - 1);
        rc = err_set(&item->err, ERR_VERDICT, "%s: %s", place_name(s->node), buf_str(&text));
    }
    if (rc < 0)
        item->state = edit_error_state(&item->err);
}
