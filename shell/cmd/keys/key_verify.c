// SPDX-License-Identifier: GPL-3.0-or-later
// Who can log in to whom.
#include "cmd/commands.h"
#include "cmd/keys/keys_common.h"

enum { NODES, USER };

static const struct opt_def opts[] = {
    [NODES] = KEYS_NODES_ROW,
    [USER] = USER_ROW,
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    size_t n;
    _cleanup_free_ struct node **nodes = keys_nodes(&c->vals[NODES], &n);
    _cleanup_(keys_free_p) struct keys *k = NULL;
    if (keys_new(c->ctx, nodes, n, c->vals[USER].s, false, &k, e) < 0)
        return -1;
    return keys_test_logins(c, k, &c->result, e);
}

const struct cmd_def cmd_key_verify = {
    .name = "key-verify",
    .group = "Nodes",
    .summary = "try the ssh logins from every node to every node",
    .help =
        "Logs in from your machine and from each node to each node with ssh itself, as the account that migsh logs\n"
        "in as (or --user), answering no questions and trusting no unknown host key. The numbers are the time of a\n"
        "login. Fails if any login does.",
    .example = "key-verify\nkey-verify source dest\n--json key-verify --user root",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = keys_render_logins},
    .run = run};
