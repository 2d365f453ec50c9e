// SPDX-License-Identifier: GPL-3.0-or-later
// The job that a disk has: shown, limited, ended.
#include "base/buf.h"
#include "base/json.h"
#include "base/units.h"
#include "cmd/block/block.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "io/virt/block.h"
#include "io/virt/dom.h"

enum { DOMAIN, PATH, ABORT, ASYNC, PIVOT, INFO, BYTES, RAW, BANDWIDTH };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [PATH] = BLOCK_PATH_ROW,
    [ABORT] = {"abort", OPT_BOOL, 0, "abort the active job on the specified disk", .excludes = "bytes|bandwidth"},
    [ASYNC] = {"async", OPT_BOOL, 0, "implies --abort; request but don't wait for job end",
               .excludes = "bytes|bandwidth"},
    [PIVOT] = {"pivot", OPT_BOOL, 0, "implies --abort; conclude and pivot a copy or commit job",
               .excludes = "bytes|bandwidth"},
    [INFO] = {"info", OPT_BOOL, 0, "get active job information for the specified disk",
              .excludes = "abort|async|pivot|bandwidth"},
    [BYTES] = {"bytes", OPT_BOOL, 0, "get/set bandwidth in bytes rather than MiB/s"},
    [RAW] = {"raw", OPT_BOOL, 0, "implies --info; output details rather than human summary",
             .excludes = "abort|async|pivot|bandwidth"},
    [BANDWIDTH] = BLOCK_BANDWIDTH_ROW,
    {NULL},
};

static int end_job(struct cmd_call *c, struct err *e)
{
    struct block_wait w = {.c = c, .path = c->vals[PATH].s, .what = "job"};
    int r = block_wait_begin(&w, e);
    if (r == 0)
        r = block_wait_end(&w, c->vals[PIVOT].b, c->vals[ASYNC].b, e);
    if (r == 0)
        block_result(&w, c->vals[ASYNC].b ? "ending" : c->vals[PIVOT].b ? "pivoted" : "ended", NULL);
    block_wait_release(&w);
    return r;
}

static int limit_job(struct cmd_call *c, struct err *e)
{
    struct block_wait w = {.c = c, .path = c->vals[PATH].s};
    unsigned long long bytes;
    if (block_bandwidth(c, &bytes, e) < 0)
        return -1;
    if (virt_block_job_limit(c->vals[DOMAIN].dom, c->vals[PATH].s, bytes, e) < 0)
        return domain_failed(c->vals[DOMAIN].dom, "limit the job of a disk of", NULL, e);
    block_result(&w, "limited", NULL);
    return 0;
}

static void render_human(const json_t *value, struct buf *out)
{
    json_int_t limit = json_integer_value(json_object_get(value, "bandwidth_bytes"));
    if (!json_text_at(value, "type")) {
        buf_addf(out, "No current block job for %s\n", json_text_at(value, "disk"));
        return;
    }
    buf_addf(out, "%s: [%3lld %%]", json_text_at(value, "title"),
             (long long)json_integer_value(json_object_get(value, "percent")));
    if (limit) {
        char text[UNITS_TEXT];
        units_bytes((double)limit, 3, text);
        buf_addf(out, "    Bandwidth limit: %lld bytes/s (%s/s)", (long long)limit, text);
    }
    buf_addc(out, '\n');
}

static void render_fields(const json_t *value, json_int_t limit, struct buf *out)
{
    if (json_text_at(value, "type"))
        buf_addf(out, " type=%s\n bandwidth=%lld\n cur=%lld\n end=%lld\n", json_text_at(value, "title"),
                 (long long)limit, (long long)json_integer_value(json_object_get(value, "cur")),
                 (long long)json_integer_value(json_object_get(value, "end")));
}

static void render_raw_bytes(const json_t *value, struct buf *out)
{
    render_fields(value, json_integer_value(json_object_get(value, "bandwidth_bytes")), out);
}

// In MiB, and what is begun of one counts.
static void render_raw(const json_t *value, struct buf *out)
{
    json_int_t limit = json_integer_value(json_object_get(value, "bandwidth_bytes"));
    render_fields(value, (limit + (1 << 20) - 1) >> 20, out);
}

static int run(struct cmd_call *c, struct err *e)
{
    static const struct view raw = {VIEW_CUSTOM, .render = render_raw},
                             raw_bytes = {VIEW_CUSTOM, .render = render_raw_bytes};
    const struct opt_val *v = c->vals;
    struct virt_block_job job;
    if (v[ABORT].b || v[ASYNC].b || v[PIVOT].b)
        return end_job(c, e);
    if (v[BANDWIDTH].s)
        return limit_job(c, e);
    int r = virt_block_job(v[DOMAIN].dom, v[PATH].s, true, &job, e);
    if (r < 0 && e->code == ERR_UNSUPPORTED && !v[BYTES].b) { // a daemon that counts in MiB
        err_release(e);
        r = virt_block_job(v[DOMAIN].dom, v[PATH].s, false, &job, e);
    }
    if (r < 0)
        return -1;
    c->result = json_object();
    json_object_set_new(c->result, "disk", json_text(v[PATH].s));
    json_object_set_new(c->result, "type", json_text(job.type));
    if (job.type) {
        json_object_set_new(c->result, "title", json_text(job.title));
        json_object_set_new(c->result, "bandwidth_bytes",
                            json_integer((json_int_t)(job.in_bytes ? job.bandwidth : job.bandwidth << 20)));
        json_object_set_new(c->result, "cur", json_integer((json_int_t)job.cur));
        json_object_set_new(c->result, "end", json_integer((json_int_t)job.end));
        json_object_set_new(c->result, "percent",
                            json_integer(units_percent((double)job.end - (double)job.cur, (double)job.end)));
    }
    c->view = v[RAW].b ? v[BYTES].b ? &raw_bytes : &raw : NULL;
    return 0;
}

const struct cmd_def cmd_blockjob = {
    .name = "blockjob",
    .group = "Devices",
    .summary = "manage active block operations",
    .help =
        "Shows the job of a disk, limits its bandwidth, or ends it. --abort keeps the disk on its image, --pivot\n"
        "switches it to the copy or the image below. After Ctrl-C the job ends by itself, and what the disk uses is\n"
        "reported.",
    .example = "blockjob share vda\nblockjob share vda 100\nblockjob share vda --pivot",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_CUSTOM, .render = render_human},
    .run = run};
