// SPDX-License-Identifier: GPL-3.0-or-later
// Sizes, counters and errors of a domain's disks.
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/printable.h"
#include "cmd/commands.h"
#include "cmd/device/device.h"
#include "cmd/domain/power.h"
#include "cmd/engine/render.h"
#include "cmd/rows.h"
#include "core/console/out.h"
#include "core/guest/domxml.h"
#include "io/virt/counters.h"
#include "io/virt/dom.h"

enum { DOMAIN, DEVICE, HUMAN, ALL };

#define DEVICE_ROW                                                                                                     \
    {                                                                                                                  \
        "device", OPT_STRING, OPTF_POS, "block device: its target, or where it is stored", .of_domain = "disk"         \
    }
static const struct opt_def info_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [DEVICE] = DEVICE_ROW,
    [HUMAN] = {"human", OPT_BOOL, 0, "human readable output"},
    [ALL] = {"all", OPT_BOOL, 0, "display all block devices info", .excludes = "device"},
    {NULL},
};
static const struct opt_def stat_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [DEVICE] = DEVICE_ROW,
    [HUMAN] = {"human", OPT_BOOL, 0, "print a more human readable output"},
    {NULL},
};
static const struct opt_def error_opts[] = {[DOMAIN] = DOMAIN_ROW, {NULL}};

#define SIZE_COLS(pretty)                                                                                              \
    {"capacity", "Capacity", .bytes = (pretty), .digits = 3},                                                          \
        {"allocation", "Allocation", .bytes = (pretty), .digits = 3},                                                  \
    {                                                                                                                  \
        "physical", "Physical", .bytes = (pretty), .digits = 3                                                         \
    }
static const struct view_col cols[] = {{"target", "Target"}, SIZE_COLS(false), {NULL}};
static const struct view_col human_cols[] = {{"target", "Target"}, SIZE_COLS(true), {NULL}};

// ---- domblkinfo

// One that does not tell (an image that is gone, a network that is down) keeps nothing of the others back.
static json_t *one_of_all(struct virt_dom *dom, const json_t *disk)
{
    _cleanup_err_ struct err why = ERR_INIT;
    const char *target = json_text_at(disk, "target"), *source = json_text_at(disk, "source");
    json_t *row = NULL;
    if (source && *source && virt_dom_block_info(dom, target, &row, &why) < 0)
        out_notice(OUT_WARN, "%s: %s", target, why.msg);
    if (!row)
        row = json_pack("{s:n, s:n, s:n}", "capacity", "allocation", "physical");
    json_object_set_new(row, "target", json_text(target));
    return row;
}

static int run_info(struct cmd_call *c, struct err *e)
{
    static const struct view fields = {VIEW_FIELDS, cols + 1}, human_fields = {VIEW_FIELDS, human_cols + 1},
                             human = {VIEW_TABLE, human_cols};
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (!c->vals[ALL].b) {
        c->view = c->vals[HUMAN].b ? &human_fields : &fields;
        if (!c->vals[DEVICE].s)
            return err_set(e, ERR_USAGE, "no disk given: use --device, or --all");
        return virt_dom_block_info(dom, c->vals[DEVICE].s, &c->result, e);
    }
    if (device_domain_xml(c, false, &doc, e) < 0)
        return -1;
    json_auto_t *disks = domxml_disks(doc);
    size_t i;
    json_t *disk;
    c->result = json_array();
    json_array_foreach(disks, i, disk) json_array_append_new(c->result, one_of_all(dom, disk));
    c->view = c->vals[HUMAN].b ? &human : NULL;
    return 0;
}

// ---- domblkstat

static void render_stat(const json_t *value, struct buf *out)
{
    const char *key, *device = json_text_at(value, "device");
    json_t *v;
    json_object_foreach(json_object_get(value, "stats"), key, v)
    {
        _cleanup_free_ char *cell = render_cell(v);
        buf_add_line(out, device);
        buf_addc(out, ' ');
        buf_add_line(out, key);
        buf_addf(out, " %s\n", cell);
    }
}

static void render_human_stat(const json_t *value, struct buf *out)
{
    static const struct view_col titles[] = {{"rd_req", "number of read operations:"},
                                             {"rd_bytes", "number of bytes read:"},
                                             {"wr_req", "number of write operations:"},
                                             {"wr_bytes", "number of bytes written:"},
                                             {"errs", "error count:"},
                                             {"flush_operations", "number of flush operations:"},
                                             {"rd_total_times", "total duration of reads (ns):"},
                                             {"wr_total_times", "total duration of writes (ns):"},
                                             {"flush_total_times", "total duration of flushes (ns):"},
                                             {NULL}};
    const json_t *stats = json_object_get(value, "stats");
    const char *device = json_text_at(value, "device");
    if (*device) {
        buf_adds(out, "Device: ");
        buf_add_line(out, device);
        buf_addc(out, '\n');
    }
    for (const struct view_col *t = titles; t->key; t++) {
        _cleanup_free_ char *cell = render_cell(json_object_get(stats, t->key));
        if (json_object_get(stats, t->key))
            buf_addf(out, " %-31s %s\n", t->title, cell);
    }
}

static int run_stat(struct cmd_call *c, struct err *e)
{
    static const struct view human = {VIEW_CUSTOM, .render = render_human_stat};
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    const char *device = c->vals[DEVICE].s;
    json_t *stats;
    if (virt_dom_block_stats(dom, device ? device : "", &stats, e) < 0)
        return domain_failed(dom, "read the counters of a disk of", NULL, e);
    c->result = json_object();
    json_object_set_new(c->result, "device", json_text(device ? device : ""));
    json_object_set_new(c->result, "stats", stats);
    c->view = c->vals[HUMAN].b ? &human : NULL;
    return 0;
}

// ---- domblkerror

static int run_error(struct cmd_call *c, struct err *e)
{
    static const struct view none = {VIEW_NONE, .message = "No errors found"};
    if (virt_dom_block_errors(c->vals[DOMAIN].dom, &c->result, e) < 0)
        return -1;
    c->view = json_array_size(c->result) ? NULL : &none;
    return 0;
}

static void render_error(const json_t *value, struct buf *out)
{
    size_t i;
    json_t *row;
    json_array_foreach(value, i, row)
    {
        buf_add_line(out, json_text_at(row, "disk"));
        buf_adds(out, ": ");
        buf_add_line(out, json_text_at(row, "error"));
        buf_addc(out, '\n');
    }
}

const struct cmd_def cmd_domblkerror = {.name = "domblkerror",
                                        .group = "Devices",
                                        .summary = "show errors on block devices",
                                        .help = "I/O errors that paused a running domain or were reported to it.",
                                        .example = "domblkerror share",
                                        .opts = error_opts,
                                        .flags = CMD_CONN | CMD_READS,
                                        .view = {VIEW_CUSTOM, .render = render_error},
                                        .run = run_error};

const struct cmd_def cmd_domblkinfo = {
    .name = "domblkinfo",
    .group = "Devices",
    .summary = "domain block device size information",
    .help =
        "In bytes: the size that the guest sees, what is allocated, and the size of the file or device. With --all a\n"
        "disk whose sizes cannot be read is listed without them, and a warning says why.",
    .example = "domblkinfo share vda --human\ndomblkinfo share --all",
    .opts = info_opts,
    .flags = CMD_CONN | CMD_READS,
    .view = {VIEW_TABLE, cols},
    .run = run_info};

const struct cmd_def cmd_domblkstat = {
    .name = "domblkstat",
    .group = "Devices",
    .summary = "get device block stats for a domain",
    .help = "Of one disk, or of all disks together. Times are in nanoseconds. --human names each counter.",
    .example = "domblkstat share vda --human\ndomblkstat share",
    .opts = stat_opts,
    .flags = CMD_CONN | CMD_READS,
    .view = {VIEW_CUSTOM, .render = render_stat},
    .run = run_stat};
