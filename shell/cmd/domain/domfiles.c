// SPDX-License-Identifier: GPL-3.0-or-later
// What a domain consists of on its node's disks.
#include <string.h>

#include "cmd/commands.h"
#include "cmd/domain/guest.h"
#include "cmd/rows.h"
#include "core/guest/files.h"
#include "io/virt/conn.h"

enum { DOMAIN };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    {NULL},
};

static const struct view_col cols[] = {{"kind", "Kind"},
                                       {"target", "Target"},
                                       {"format", "Format"},
                                       {"size", "Size", .bytes = true},
                                       {"allocation", "Allocation", .bytes = true},
                                       {"exists", "Exists"},
                                       {"in_use", "In use"},
                                       {"path", "Path"},
                                       {"problem", "Problem"},
                                       {NULL}};

int guest_node(struct cmd_call *c, struct node **ret, bool *ret_root, struct err *e)
{
    const char *uri = virt_conn_uri(c->conn);
    *ret_root = guest_is_system(uri);
    return guest_machine(c->where.node, uri, target_label(&c->where), ret, e);
}

static int run(struct cmd_call *c, struct err *e)
{
    struct node *node;
    bool root;
    if (guest_node(c, &node, &root, e) < 0)
        return -1;
    return guest_files(c->ctx, c->job, node, c->vals[DOMAIN].dom, &c->result, e);
}

const struct cmd_def cmd_domfiles = {
    .name = "domfiles",
    .group = "Domains",
    .summary = "list all files of a domain",
    .help =
        "Everything on the node's disks that belongs to the domain, in the order in which it has to be copied, what\n"
        "backs an image before the image: disks with their backing chains, UEFI variables, the state of an emulated\n"
        "TPM, the saved state of managedsave, and files that only snapshots name. A file that is missing is listed as\n"
        "such. \"In use\" is a file that a process of the node has open for writing, or that QEMU has locked.\n"
        "With --json or in Lua a row also tells owner, group, mode, inode (\"DEVICE:NUMBER\"), pool and volume, and "
        "what\n"
        "backs it.",
    .example = "domfiles share\ndomfiles share@source --json",
    .opts = opts,
    .flags = CMD_CONN | CMD_READS,
    .view = {VIEW_TABLE, cols, .empty = "no files: the domain has no disks"},
    .run = run};
