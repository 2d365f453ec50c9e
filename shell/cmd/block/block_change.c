// SPDX-License-Identifier: GPL-3.0-or-later
// A disk's size, and from where on an event tells how far it is written.
#include "base/json.h"
#include "base/units.h"
#include "cmd/block/block.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "io/virt/block.h"
#include "io/virt/counters.h"
#include "io/virt/dom.h"

enum { DOMAIN, PATH, SIZE, SHRINK };

static const struct opt_def resize_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [PATH] = BLOCK_PATH_ROW,
    [SIZE] = {"size", OPT_SIZE, OPTF_POS | OPTF_REQ, "new size of the block device, in KiB where no unit is given",
              .unit_bytes = 1024},
    [SHRINK] = {"shrink", OPT_BOOL, 0, "allow a smaller size: what lies beyond it is lost"},
    {NULL},
};
static const struct opt_def threshold_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [PATH] = {"dev", OPT_STRING, OPTF_POS | OPTF_REQ, "device to set threshold for, or one of its chain: vda[1]",
              .of_domain = "disk"},
    [SIZE] = {"threshold", OPT_SIZE, OPTF_POS | OPTF_REQ, "threshold, in bytes where no unit is given",
              .unit_bytes = 1},
    {NULL},
};

// libvirt and QEMU cut off whatever is beyond the new size, and a number without a unit is KiB: "10" for a disk of
// 10 GiB is all that it takes.
static int check_size(const struct cmd_call *c, struct err *e)
{
    const char *path = c->vals[PATH].s;
    unsigned long long bytes = c->vals[SIZE].bytes;
    json_t *info;
    if (virt_dom_block_info(c->vals[DOMAIN].dom, path, &info, e) < 0)
        return err_wrap(e, "cannot read its current size");
    const json_t *capacity = json_object_get(info, "capacity");
    json_int_t has = json_is_integer(capacity) ? json_integer_value(capacity) : INT64_MAX;
    json_decref(info);
    if (has == INT64_MAX)
        return err_set(e, ERR_FAILED, "the current size of %s is unknown: --shrink resizes it anyway", path);
    if (bytes >= (unsigned long long)has)
        return 0;
    char old[UNITS_TEXT], new[UNITS_TEXT];
    units_bytes((double)has, 2, old);
    units_bytes((double)bytes, 2, new);
    err_set(e, ERR_UNSAFE, "%s is %s: shrinking it to %s would cut off data", path, old, new);
    return err_hint(e, "a size without a unit is in KiB; --shrink shrinks it anyway");
}

static int run_resize(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if ((!c->vals[SHRINK].b && check_size(c, e) < 0) ||
        virt_block_resize(dom, c->vals[PATH].s, c->vals[SIZE].bytes, e) < 0)
        return domain_failed(dom, "resize a disk of", NULL, e);
    domain_result(c, dom);
    json_object_set_new(c->result, "disk", json_text(c->vals[PATH].s));
    json_object_set_new(c->result, "size_bytes", json_integer((json_int_t)c->vals[SIZE].bytes));
    return 0;
}

static int run_threshold(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (virt_block_threshold(dom, c->vals[PATH].s, c->vals[SIZE].bytes, e) < 0)
        return domain_failed(dom, "set a threshold for a disk of", NULL, e);
    domain_result(c, dom);
    json_object_set_new(c->result, "disk", json_text(c->vals[PATH].s));
    json_object_set_new(c->result, "threshold_bytes", json_integer((json_int_t)c->vals[SIZE].bytes));
    return 0;
}

const struct cmd_def cmd_blockresize = {
    .name = "blockresize",
    .group = "Devices",
    .summary = "resize block device of domain",
    .help = "The running guest notices. Unlike virsh this refuses to shrink a disk without --shrink: the data beyond\n"
            "the new size would be cut off at once.",
    .example = "blockresize share vda 20G",
    .opts = resize_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Block device '{disk}' is resized"},
    .run = run_resize};

const struct cmd_def cmd_domblkthreshold = {
    .name = "domblkthreshold",
    .group = "Devices",
    .summary = "set the threshold for block-threshold event for a given block device or its backing chain element",
    .help = "Once the guest writes beyond it, the event block-threshold is sent.",
    .example = "domblkthreshold share vda 15G",
    .opts = threshold_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE},
    .run = run_threshold};
