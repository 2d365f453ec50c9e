// SPDX-License-Identifier: GPL-3.0-or-later
// A guest's file systems: which there are, and holding them still while they are copied.
#include "base/buf.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "io/virt/agent.h"

enum { DOMAIN, MOUNTPOINT };

static const struct opt_def info_opts[] = {[DOMAIN] = DOMAIN_ROW, {NULL}};
static const struct opt_def freeze_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [MOUNTPOINT] = {"mountpoint", OPT_STRING, OPTF_POS | OPTF_MULTI, "mountpoint path to be frozen"},
    {NULL},
};
static const struct opt_def thaw_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [MOUNTPOINT] = {"mountpoint", OPT_STRING, OPTF_POS | OPTF_MULTI, "mountpoint path to be thawed"},
    {NULL},
};

static int run_info(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (virt_guest_filesystems(dom, &c->result, e) < 0)
        return domain_failed(dom, "get the file systems of", NULL, e);
    size_t i, k;
    json_t *row, *target;
    json_array_foreach(c->result, i, row)
    {
        _cleanup_buf_ struct buf all = BUF_INIT;
        json_array_foreach(json_object_get(row, "targets"), k, target)
            buf_addf(&all, "%s%s", k ? "," : "", json_string_value(target));
        json_object_set_new(row, "target", json_text(buf_str(&all)));
    }
    return 0;
}

static int change(struct cmd_call *c, const char *verb,
                  int (*fn)(struct virt_dom *d, const struct strv *mountpoints, int *ret_n, struct err *e),
                  struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    int n;
    if (fn(dom, &c->vals[MOUNTPOINT].list, &n, e) < 0)
        return domain_failed(dom, verb, NULL, e);
    domain_result(c, dom);
    json_object_set_new(c->result, "filesystems", json_integer(n));
    return 0;
}

static int run_freeze(struct cmd_call *c, struct err *e)
{
    return change(c, "freeze the file systems of", virt_guest_freeze, e);
}

static int run_thaw(struct cmd_call *c, struct err *e)
{
    return change(c, "thaw the file systems of", virt_guest_thaw, e);
}

static const struct view_col cols[] = {
    {"mountpoint", "Mountpoint"}, {"name", "Name"}, {"type", "Type"}, {"target", "Target"}, {NULL}};

const struct cmd_def cmd_domfsinfo = {.name = "domfsinfo",
                                      .group = "Domains",
                                      .summary = "get information of domain's mounted filesystems",
                                      .help = "As the agent inside the guest sees them.",
                                      .example = "domfsinfo share",
                                      .opts = info_opts,
                                      .flags = CMD_CONN | CMD_READS,
                                      .view = {VIEW_TABLE, cols},
                                      .run = run_info};

const struct cmd_def cmd_domfsfreeze = {
    .name = "domfsfreeze",
    .group = "Domains",
    .summary = "freeze domain's mounted filesystems",
    .help = "The agent inside the guest has it write out all that it holds and wait with everything new, until\n"
            "domfsthaw: a copy of the disks made meanwhile is whole. A guest that is left frozen hangs.",
    .example = "domfsfreeze share\ndomfsfreeze share --mountpoint /var",
    .opts = freeze_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Froze {filesystems} filesystem(s)"},
    .run = run_freeze};

const struct cmd_def cmd_domfsthaw = {.name = "domfsthaw",
                                      .group = "Domains",
                                      .summary = "thaw domain's mounted filesystems",
                                      .help = "Lets a guest go on that domfsfreeze holds.",
                                      .example = "domfsthaw share",
                                      .opts = thaw_opts,
                                      .flags = CMD_CONN,
                                      .view = {VIEW_NONE, .message = "Thawed {filesystems} filesystem(s)"},
                                      .run = run_thaw};
