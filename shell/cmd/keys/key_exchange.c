// SPDX-License-Identifier: GPL-3.0-or-later
// Everybody's keys to everybody.
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/engine/apply.h"
#include "cmd/keys/keys_common.h"
#include "io/job.h"

enum { NODES, USER, ACCEPT_NEW };

static const struct opt_def opts[] = {
    [NODES] = KEYS_NODES_ROW,
    [USER] = USER_ROW,
    [ACCEPT_NEW] = {"accept-new", OPT_BOOL, 0, "take host keys that are not known yet without a question"},
    APPLY_ROWS,
    {NULL},
};

static int make_keys(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *p, struct err *e)
{
    struct keys *k = data;
    k->dry = mode == APPLY_MODE_PLAN || mode == APPLY_MODE_ASK;
    keys_gather(k, c->job);
    keys_plan_generate(k, p);
    return job_check(c->job, e);
}

static int make_exchange(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *p, struct err *e)
{
    (void)mode;
    struct keys *k = data;
    for (size_t i = 0; i < k->n; i++) { // perhaps the first stage has given it one
        struct keys_account *a = &k->all[i];
        a->key_made = a->gathered && !a->usable && !(a->locked && strcmp(a->locked, "id_ed25519") == 0);
    }
    keys_gather(k, c->job);
    keys_plan_exchange(k, p);
    return job_check(c->job, e);
}

static int run(struct cmd_call *c, struct err *e)
{
    static const struct apply_stage stages[] = {{make_keys}, {make_exchange}};
    enum apply_mode mode = apply_mode_of(c);
    size_t n;
    _cleanup_free_ struct node **nodes = keys_nodes(&c->vals[NODES], &n);
    _cleanup_(keys_free_p) struct keys *k = NULL;
    if (keys_new(c->ctx, nodes, n, c->vals[USER].s, c->vals[ACCEPT_NEW].b, &k, e) < 0)
        return -1;
    _cleanup_strv_ struct strv names = STRV_INIT;
    for (size_t i = 0; i < n; i++)
        strv_add(&names, nodes[i]->name);
    struct apply a = {.title = "key-exchange",
                      .nodes = c->vals[NODES].given ? &names : NULL,
                      .stages = stages,
                      .n_stages = ARRAY_SIZE(stages),
                      .data = k};
    int status = keys_conclude(c, k, apply_run(c, mode, &a, e), e);
    if (mode != APPLY_MODE_VERIFY || status < 0)
        return status;
    json_t *logins = NULL;
    status = keys_test_logins(c, k, &logins, e);
    json_object_set_new(c->result, "logins", logins);
    return status;
}

static void render(const json_t *value, struct buf *out)
{
    apply_render(value, out);
    const json_t *logins = json_object_get(value, "logins");
    if (logins)
        keys_render_logins(logins, out);
}

const struct cmd_def cmd_key_exchange = {
    .name = "key-exchange",
    .group = "Nodes",
    .summary = "let all nodes log in to each other by ssh keys",
    .help =
        "Each node without a usable ssh key gets an ed25519 key; old keys are kept. Each node's public key, and "
        "yours,\n"
        "goes into the authorized_keys of the others, and the host keys of the others into its known_hosts, under the\n"
        "names that the inventory has for them, and under those of their own that lead from here to where the key was\n"
        "shown. Host keys are read from the server's own files, over a login whose host key was\n"
        "checked. Lines that are there are left as they are; a host key that has changed is refused.\n"
        "\n"
        "For the first contact a node's password will do; a host key that is not known yet is shown, and asked about.\n"
        "\n"
        "libvirtd logs in to other nodes as root: where migsh's login is another account, --user root makes the\n"
        "exchange for root (with sudo). --revert of some nodes takes back what was done here when it was for none but\n"
        "them. --verify also logs in from every node to every node, as key-verify does.",
    .example = "key-exchange --plan\nkey-exchange source dest --apply\nkey-exchange --user root --apply --accept-new\n"
               "key-exchange --revert",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = render},
    .run = run};
