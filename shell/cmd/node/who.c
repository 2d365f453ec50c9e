// SPDX-License-Identifier: GPL-3.0-or-later
// The locks of consoles on the nodes: who, break-lock.
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "core/console/out.h"
#include "core/journal/journal.h"
#include "core/node/lock.h"

enum { NODES };

static const struct opt_def who_opts[] = {
    [NODES] = NODES_ROW(OPTF_MULTI, "which nodes to ask"),
    {NULL},
};

static json_t *list_all(struct cmd_call *c)
{
    size_t n;
    struct node **all = inventory_all(ctx_inventory(c->ctx), &n);
    json_t *rows = node_lock_list(c->ctx, c->job, all, n);
    node_list_free(all, n);
    return rows;
}

// What could not be asked, in one error; 0: all answered.
static int silent_nodes(const json_t *rows, struct err *e)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        const char *why = json_text_at(row, "error"), *code = json_text_at(row, "code");
        if (!why)
            continue;
        _cleanup_err_ struct err one = ERR_INIT;
        err_set(&one, err_code_from_name(code ? code : ""), "%s", why);
        if (err_is_set(e))
            err_join(e, &one);
        else
            err_move(e, &one);
    }
    return err_is_set(e) ? -1 : 0;
}

static int run_who(struct cmd_call *c, struct err *e)
{
    const struct opt_val *v = &c->vals[NODES];
    c->result = v->given ? node_lock_list(c->ctx, c->job, v->nodes, v->n_nodes) : list_all(c);
    size_t i;
    json_t *row;
    json_array_foreach(c->result, i, row) json_object_del(row, "held");
    return silent_nodes(c->result, e);
}

static const struct view_col who_cols[] = {
    {.key = "node", .title = "Node"},       {.key = "domain", .title = "What"},
    {.key = "command", .title = "Command"}, {.key = "by", .title = "By"},
    {.key = "since", .title = "Since"},     {.key = "journal", .title = "Journal"},
    {.key = "error", .title = "Problem"},   {.key = NULL}};

const struct cmd_def cmd_who = {
    .name = "who",
    .group = "Nodes",
    .summary = "list the consoles that are at work on the nodes",
    .help =
        "A command that works in steps (cold-migrate, live-migrate, import-domain, resume, rollback) holds a lock on "
        "the\n"
        "nodes it works on, which every other console sees, whoever runs it. It ends with its console, however that\n"
        "ends. This machine, \"(admin)\", is locked for nodes without an ssh login. Fails if a node cannot be asked.",
    .example = "who\nwho source,dest",
    .opts = who_opts,
    .view = {VIEW_TABLE, who_cols, .empty = "no console is at work on a node"},
    .run = run_who};

enum { NAME, REASON, YES };

static const struct opt_def break_opts[] = {
    [NAME] = {"name", OPT_STRING, OPTF_POS | OPTF_REQ, "the domain, its uuid, or the lock, as who names it"},
    [REASON] = {"reason", OPT_STRING, OPTF_REQ, "why; the console that had it is told"},
    [YES] = {"yes", OPT_BOOL, 0, "do it without a question"},
    {NULL},
};

static bool is_meant(const json_t *row, const char *name)
{
    const char *lock = json_text_at(row, "lock"), *domain = json_text_at(row, "domain");
    return lock && (strcmp(lock, name) == 0 || (domain && strcmp(domain, name) == 0) ||
                    (strncmp(lock, "domain:", 7) == 0 && strcmp(lock + 7, name) == 0));
}

// The rows that the name means, all of one lock.
static int choose(const json_t *rows, const char *name, json_t **ret, struct err *e)
{
    json_t *found = json_array(), *row;
    size_t i;
    int r = 0;
    json_array_foreach(rows, i, row)
    {
        const json_t *first = json_array_get(found, 0);
        if (r < 0 || !is_meant(row, name))
            continue;
        if (first && !json_equal(json_object_get(first, "lock"), json_object_get(row, "lock"))) {
            err_set(e, ERR_USAGE, "'%s' is the name of two domains: %s, %s", name, json_text_at(first, "lock"),
                    json_text_at(row, "lock"));
            r = err_hint(e, "name the one that is meant by its uuid");
        }
        json_array_append(found, row);
    }
    if (r == 0 && json_array_size(found) == 0 && silent_nodes(rows, e) == 0)
        err_set(e, ERR_NOT_FOUND, "nobody holds a lock on '%s'", name);
    if (err_is_set(e)) {
        json_decref(found);
        return -1;
    }
    *ret = found;
    return 0;
}

static int confirm(struct cmd_call *c, const json_t *rows, struct err *e)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        _cleanup_free_ char *who = node_lock_describe(row);
        out_notice(OUT_INFO, "%s: '%s': %s", json_text_at(row, "node"), c->vals[NAME].s, who);
    }
    if (c->vals[YES].b)
        return 0;
    _cleanup_free_ char *answer = NULL;
    if (out_ask(c->job, OUT_ASK_YESNO, "Take the lock away from it? It stops before its next step. (yes/no) ", &answer,
                e) < 0) {
        if (e->code != ERR_AUTH)
            return -1;
        err_set(e, ERR_USAGE, "break-lock: there is no terminal to ask on, so nothing was done");
        return err_hint(e, "--yes does it");
    }
    return strcmp(answer, "yes") == 0 ? 0 : err_set(e, ERR_CANCELLED, "break-lock: nothing was done");
}

// One node's, told in the journal before and after.
static int break_one(struct cmd_call *c, struct journal *j, const json_t *row, struct err *e)
{
    unsigned step;
    json_t *about = json_pack("{s:O, s:O, s:o}", "node", json_object_get(row, "node"), "held",
                              json_object_get(row, "held"), "title", json_text("the lock is taken away"));
    int r = journal_intent(j, "break", about, &step, e);
    json_decref(about);
    if (r < 0)
        return -1;
    r = node_lock_break(c->ctx, c->job, row, c->vals[REASON].s, e);
    _cleanup_err_ struct err lost = ERR_INIT;
    json_t *outcome =
        r < 0 ? json_pack("{s:o, s:o}", "code", json_text(err_code_name(e->code)), "msg", json_text(e->msg)) : NULL;
    journal_outcome(j, step, r < 0 ? STEP_FAILED : STEP_DONE, outcome, &lost);
    json_decref(outcome);
    return r;
}

static int break_all(struct cmd_call *c, const json_t *rows, struct err *e)
{
    const json_t *first = json_array_get(rows, 0);
    _cleanup_(journal_close_p) struct journal *j = NULL;
    json_t *about = json_pack("{s:o, s:o, s:o}", "domain", json_text(c->vals[NAME].s), "of",
                              json_text(json_text_at(first, "lock")), "reason", json_text(c->vals[REASON].s));
    int r = journal_create("break-lock", about, &j, e);
    json_decref(about);
    if (r < 0)
        return -1;
    json_t *nodes = json_array(), *row;
    size_t i;
    c->result = json_pack("{s:o, s:O*, s:O*, s:o, s:o}", "name", json_text(c->vals[NAME].s), "lock",
                          json_object_get(first, "lock"), "of", json_object_get(first, "journal"), "nodes", nodes,
                          "journal", json_text(journal_id(j)));
    json_array_foreach(rows, i, row)
    {
        _cleanup_err_ struct err one = ERR_INIT;
        if (break_one(c, j, row, &one) == 0)
            json_array_append(nodes, json_object_get(row, "node"));
        else if (err_is_set(e))
            err_join(e, &one);
        else
            err_move(e, &one);
    }
    _cleanup_err_ struct err lost = ERR_INIT;
    journal_end(j, err_is_set(e) ? JOURNAL_FAILED : JOURNAL_DONE, NULL, &lost);
    return err_is_set(e) ? -1 : 0;
}

static int run_break(struct cmd_call *c, struct err *e)
{
    if (!*c->vals[REASON].s)
        return err_set(e, ERR_USAGE, "break-lock: --reason has to say something");
    json_t *all = list_all(c), *rows = NULL;
    int r = choose(all, c->vals[NAME].s, &rows, e);
    _cleanup_err_ struct err silent = ERR_INIT;
    if (r == 0 && silent_nodes(all, &silent) < 0)
        out_notice(OUT_WARN, "it may hold more: %s", silent.msg);
    if (r == 0)
        r = confirm(c, rows, e);
    if (r == 0)
        r = break_all(c, rows, e);
    json_decref(rows);
    json_decref(all);
    return r;
}

const struct cmd_def cmd_break_lock = {
    .name = "break-lock",
    .group = "Nodes",
    .summary = "take a lock on nodes away from the console that holds it",
    .help =
        "For a console that hangs, or that nobody can get at: one that has ended holds nothing. Shows who holds the "
        "lock,\n"
        "asks, and takes it away on all nodes that answer. The step that its console is at is not cut off: wait for\n"
        "that before you work on the same. Before its next step the console stops, and tells the reason and how to go "
        "on.",
    .example = "break-lock web --reason \"its console hangs since noon\"",
    .opts = break_opts,
    .view = {.kind = VIEW_NONE, .message = "The lock on '{name}' was taken away"},
    .run = run_break};
