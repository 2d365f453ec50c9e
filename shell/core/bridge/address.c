// SPDX-License-Identifier: GPL-3.0-or-later
// See address.h.
#include "core/bridge/address.h"

#include <string.h>

#include "base/json.h"
#include "core/bridge/nets.h"
#include "core/bridge/tools_priv.h"
#include "core/console/address.h"
#include "core/console/inventory.h"
#include "core/node/ask.h"
#include "core/node/links.h"
#include "io/job.h"

struct fan {
    struct ctx *ctx;
    struct node *const *nodes;
    const char *args[2];
    struct facts *facts;
    struct err *errs;
};

static void ask_one(struct job *job, size_t i, void *arg)
{
    struct fan *f = arg;
    const struct question q = {.tools = {node_links, address_look}, .args = f->args, .n_args = ARRAY_SIZE(f->args)};
    node_ask(f->ctx, job, f->nodes[i], &q, &f->facts[i], &f->errs[i]);
}

static json_t *row_of(const struct node *node, const struct facts *f, const struct err *err)
{
    const char *verdict = facts_get(f, "verdict"), *why = err_is_set(err) ? err->msg : facts_get(f, "why");
    return json_pack("{s:o, s:o, s:o, s:o, s:n, s:o}", "node", json_text(node->name), "interface",
                     json_text(facts_get(f, "interface")), "verdict", json_text(verdict ? verdict : "unknown"), "mac",
                     json_text(facts_get(f, "mac")), "who", "why", json_text(verdict || why ? why : "no answer"));
}

// Only now, and only where somebody has it: the nodes and their guests.
static int name_owners(struct ctx *ctx, struct job *job, json_t *rows, struct err *e)
{
    size_t n, i;
    json_t *row;
    json_auto_t *nets = NULL;
    struct node **all = inventory_all(ctx_inventory(ctx), &n);
    int r = bridge_nets(ctx, job, all, n, &nets, e);
    node_list_free(all, n);
    if (r < 0)
        return -1;
    json_array_foreach(rows, i, row)
    {
        const char *mac = json_text_at(row, "mac");
        if (mac)
            json_object_set_new(row, "who", bridge_mac_owner(nets, mac));
    }
    return 0;
}

int address_check(struct ctx *ctx, struct job *job, struct node *const *nodes, size_t n, const char *address,
                  const char *link, json_t **ret, struct err *e)
{
    struct address parsed;
    const char *why;
    if (!address_parse(address, &parsed))
        return err_set(e, ERR_USAGE, "'%s' is no address", address);
    if ((why = address_not_of_guest(&parsed)))
        return err_set(e, ERR_USAGE, "%s %s", address, why);
    _cleanup_free_ struct facts *facts = xcalloc(n + 1, sizeof(*facts));
    _cleanup_free_ struct err *errs = xcalloc(n + 1, sizeof(*errs));
    struct fan f = {ctx, nodes, {address, link ? link : ""}, facts, errs};
    json_auto_t *rows = json_array();
    bool is_free = false, taken = false;
    job_each(job, n, ask_one, &f);
    for (size_t i = 0; i < n; i++) {
        json_t *row = row_of(nodes[i], &facts[i], &errs[i]);
        const char *verdict = json_text_at(row, "verdict");
        is_free = is_free || strcmp(verdict, "free") == 0;
        taken = taken || strcmp(verdict, "taken") == 0 || strcmp(verdict, "own") == 0;
        json_array_append_new(rows, row);
        facts_release(&facts[i]);
        err_release(&errs[i]);
    }
    if (job_check(job, e) < 0 || (taken && name_owners(ctx, job, rows, e) < 0))
        return -1;
    *ret = json_pack("{s:o, s:o, s:O}", "address", json_text(address), "verdict",
                     json_text(taken     ? "taken"
                               : is_free ? "free"
                                         : "unknown"),
                     "nodes", rows);
    return 0;
}
