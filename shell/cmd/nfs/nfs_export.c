// SPDX-License-Identifier: GPL-3.0-or-later
// Export a directory of a node by NFS.
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/engine/apply.h"
#include "core/nfs/export.h"
#include "core/nfs/exports.h"
#include "core/nfs/nfs.h"

enum { NODE, DIR, TO, OPTIONS, REMOVE };

static void complete_client(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)prefix;
    inventory_names(ctx_inventory(ctx), out);
}

static const struct opt_def opts[] = {
    [NODE] = {"server", OPT_NODE, OPTF_POS | OPTF_REQ, "node that exports"},
    [DIR] = {"dir", OPT_STRING, OPTF_POS | OPTF_REQ, "its directory"},
    [TO] = {"to", OPT_STRING, OPTF_MULTI,
            "who may mount it: nodes, addresses, networks, names, @netgroups, *; with commas",
            .complete = complete_client},
    [OPTIONS] = {"options", OPT_STRING, 0, "of exports(5)", .def = "rw,sync,no_root_squash,no_subtree_check"},
    [REMOVE] = {"remove", OPT_BOOL, 0, "take these clients out of the export"},
    APPLY_ROWS,
    {NULL},
};

struct call {
    struct strv clients;
    json_t *notes;
};

static void call_release(struct call *k)
{
    strv_release(&k->clients);
    json_decref(k->notes);
}

// A node's name stands for its address: the server need not know the name.
static int add_client(struct ctx *ctx, struct call *k, const char *word, struct err *e)
{
    struct node *node = inventory_peek(ctx_inventory(ctx), word);
    if (!node) {
        strv_add(&k->clients, word);
        return exports_check_client(word, e);
    }
    char *address = NULL;
    int r = nfs_address(node, &address, e);
    if (r == 0)
        strv_take(&k->clients, address);
    node_unref(node);
    return r;
}

static int read_clients(struct cmd_call *c, struct call *k, struct err *e)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    for (size_t i = 0; i < c->vals[TO].list.n; i++)
        strv_split(&words, c->vals[TO].list.s[i], ',');
    if (!words.n) {
        err_set(e, ERR_USAGE, "nfs-export needs --to");
        return err_hint(e, "for example: nfs-export %s %s --to source,dest", c->vals[NODE].s, c->vals[DIR].s);
    }
    for (size_t i = 0; i < words.n; i++) {
        if (add_client(c->ctx, k, words.s[i], e) < 0)
            return -1;
    }
    for (size_t i = 0; i < k->clients.n && !c->vals[REMOVE].b; i++) {
        json_t *notes = json_array();
        int r = exports_check(k->clients.s[i], c->vals[OPTIONS].s, notes, e);
        size_t n;
        json_t *note;
        json_array_foreach(notes, n, note)
        {
            bool told = false;
            for (size_t m = 0; m < json_array_size(k->notes); m++)
                told = told || json_equal(json_array_get(k->notes, m), note);
            if (!told)
                json_array_append(k->notes, note);
        }
        json_decref(notes);
        if (r < 0)
            return -1;
    }
    return 0;
}

static int make(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *p, struct err *e)
{
    (void)mode;
    struct call *k = data;
    const struct nfs_export x = {.node = c->vals[NODE].node,
                                 .dir = c->vals[DIR].s,
                                 .clients = &k->clients,
                                 .options = c->vals[OPTIONS].s,
                                 .remove = c->vals[REMOVE].b};
    const char *server;
    return nfs_export_plan(c->ctx, c->job, &x, p, k->notes, &server, e);
}

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_(call_release) struct call k = {STRV_INIT, json_array()};
    if (exports_check_path(c->vals[DIR].s, e) < 0)
        return -1;
    if (apply_mode_of(c) != APPLY_MODE_REVERT && read_clients(c, &k, e) < 0)
        return -1;
    json_t *about =
        json_pack("{s:o, s:o}", "node", json_text(c->vals[NODE].node->name), "dir", json_text(c->vals[DIR].s));
    return apply_node(c, c->vals[NODE].node, about, make, &k, e);
}

const struct cmd_def cmd_nfs_export = {
    .name = "nfs-export",
    .group = "Storage",
    .summary = "export a directory of a node",
    .help =
        "The plan: install the server where there is none (apt-get, dnf, yum, zypper), make the directory, write the "
        "entry,\n"
        "start and enable the services, have the server read its exports. The entry goes into /etc/exports, where "
        "comments\n"
        "and all other entries stay as they are, or, on a node that has nfs-ganesha and no exportfs, into a block of\n"
        "ganesha's configuration. A node as a client is written as its address. --revert takes back what migsh did for "
        "this\n"
        "directory; installed packages and a directory that is no longer empty stay.",
    .example = "nfs-export nfs /home/image --to source,dest --plan\n"
               "nfs-export nfs /nfs --to '*' --options rw,sync,no_root_squash --apply\n"
               "nfs-export nfs /volume1/VM --to 10.0.1.0/24 --apply\n"
               "nfs-export nfs /home/image --revert",
    .opts = opts,
    .view = {VIEW_CUSTOM, .render = apply_render},
    .run = run};
