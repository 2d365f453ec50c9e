// SPDX-License-Identifier: GPL-3.0-or-later
// A host's devices: as names, as a tree.
#include <string.h>

#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/nodedev/nodedev.h"
#include "cmd/objects.h"
#include "cmd/tree.h"

enum { TREE, CAP, INACTIVE, ALL };

static void complete_cap(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    (void)prefix;
    for (const char *const *name = virt_nodedev_caps(); *name; name++)
        strv_add(out, *name);
}

static const struct opt_def opts[] = {
    [TREE] = {"tree", OPT_BOOL, 0, "list devices in a tree", .excludes = "cap|inactive"},
    [CAP] = {"cap", OPT_STRING, OPTF_POS | OPTF_LIST, "capability names, separated by comma", .complete = complete_cap},
    [INACTIVE] = {"inactive", OPT_BOOL, 0, "list inactive devices"},
    [ALL] = {"all", OPT_BOOL, 0, "list inactive & active devices"},
    {NULL},
};
static const struct view_col cols[] = {{"name", "Name"}, {NULL}};

static int cap_bits(const struct strv *caps, unsigned *ret, struct err *e)
{
    const char *const *names = virt_nodedev_caps();
    for (size_t i = 0; i < caps->n; i++) {
        unsigned bit = 0;
        while (names[bit] && strcmp(names[bit], caps->s[i]) != 0)
            bit++;
        if (!names[bit]) {
            size_t n = bit;
            const char *near = str_nearest(caps->s[i], names, n);
            err_set(e, ERR_USAGE, "--cap: '%s' is no capability of devices", caps->s[i]);
            return near ? err_hint(e, "did you mean %s?", near) : -1;
        }
        *ret |= 1U << bit;
    }
    return 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    static const struct view tree = {VIEW_CUSTOM, .render = tree_render};
    bool inactive = c->vals[INACTIVE].b, all = c->vals[ALL].b;
    unsigned filter = 0;
    if (cap_bits(&c->vals[CAP].list, &filter, e) < 0)
        return -1;
    bool whole = !filter && all;
    filter |= (inactive || all ? VIRT_NODEDEV_INACTIVE : 0) | (!inactive || all ? VIRT_NODEDEV_ACTIVE : 0);
    if (virt_nodedev_list(c->conn, filter, c->vals[TREE].b, &c->result, e) < 0)
        return err_wrap(e, "failed to list node devices");
    object_remember(c, "nodedev", "name", whole);
    if (c->vals[TREE].b)
        c->view = &tree;
    return 0;
}

const struct cmd_def cmd_nodedev_list = {
    .name = "nodedev-list",
    .group = "Hosts",
    .summary = "enumerate devices on this host",
    .help = "Active ones, unless options ask for others.",
    .example = "nodedev-list --cap pci\nnodedev-list --tree\nnodedev-list net,storage --node source",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_LINES, cols},
    .run = run};
