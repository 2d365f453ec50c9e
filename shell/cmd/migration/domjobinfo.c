// SPDX-License-Identifier: GPL-3.0-or-later
// Statistics of a domain's job, in virsh's words and order.
#include <string.h>

#include "base/json.h"
#include "base/printable.h"
#include "cmd/commands.h"
#include "cmd/engine/render.h"
#include "cmd/rows.h"
#include "core/migrate/report.h"
#include "io/virt/migrate.h"

enum { DOMAIN, COMPLETED, KEEP, ANY, RAW };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [COMPLETED] = {"completed", OPT_BOOL, 0, "statistics of the job that ended last", .bits = VIRT_JOB_STATS_COMPLETED},
    [KEEP] = {"keep-completed", OPT_BOOL, 0, "do not throw these away once read", .bits = VIRT_JOB_STATS_KEEP,
              .needs = "completed"},
    [ANY] = {"anystats", OPT_BOOL, 0, "statistics of any kind of job, failed ones too"},
    [RAW] = {"rawstats", OPT_BOOL, 0, "all fields under libvirt's names"},
    {NULL},
};

static bool has_statistics(enum virt_job_type type, bool completed)
{
    return type == VIRT_JOB_BOUNDED || type == VIRT_JOB_UNBOUNDED || (completed && type == VIRT_JOB_COMPLETED);
}

static int run(struct cmd_call *c, struct err *e)
{
    bool completed = c->vals[COMPLETED].b;
    enum virt_job_type type;
    json_t *stats;
    if (virt_job_stats(c->vals[DOMAIN].dom, (int)cmd_bits(c), &type, &stats, e) < 0)
        return -1;
    if (c->vals[RAW].b) {
        c->result = json_pack("{s:i, s:o}", "number", (int)type, "raw", stats);
    } else if (c->vals[ANY].b || has_statistics(type, completed)) {
        c->result = stats;
    } else {
        c->result = json_pack("{s:O}", "type", json_object_get(stats, "type"));
        json_decref(stats);
    }
    return 0;
}

static const char *const operations[][2] = {
    {"unknown", "Unknown"},
    {"start", "Start"},
    {"save", "Save"},
    {"restore", "Restore"},
    {"migration-in", "Incoming migration"},
    {"migration-out", "Outgoing migration"},
    {"snapshot", "Snapshot"},
    {"snapshot-revert", "Snapshot revert"},
    {"dump", "Dump"},
    {"backup", "Backup"},
};

enum form { MS, COUNT, WIDE_COUNT, BYTES, RATE, PAGES, SIZE_IN_BYTES, TEXT };

// virsh's lines. `unless_zero`: the three of a group are left out together when all are 0.
static const struct line {
    const char *key, *title;
    enum form form;
    const char *unless_zero;
} lines[] = {
    {"time_elapsed", "Time elapsed:", MS},
    {"time_elapsed_net", "Time elapsed w/o network:", MS},
    {"time_remaining", "Time remaining:", MS},
    {"data_processed", "Data processed:", BYTES, "data"},
    {"data_remaining", "Data remaining:", BYTES, "data"},
    {"data_total", "Data total:", BYTES, "data"},
    {"memory_processed", "Memory processed:", BYTES, "memory"},
    {"memory_remaining", "Memory remaining:", BYTES, "memory"},
    {"memory_total", "Memory total:", BYTES, "memory"},
    {"memory_bps", "Memory bandwidth:", RATE, "memory"},
    {"memory_dirty_rate", "Dirty rate:", PAGES, "memory"},
    {"memory_page_size", "Page size:", SIZE_IN_BYTES, "memory"},
    {"memory_iteration", "Iteration:", COUNT, "memory"},
    {"memory_postcopy_requests", "Postcopy requests:", COUNT, "memory"},
    {"disk_processed", "File processed:", BYTES, "disk"},
    {"disk_remaining", "File remaining:", BYTES, "disk"},
    {"disk_total", "File total:", BYTES, "disk"},
    {"disk_bps", "File bandwidth:", RATE, "disk"},
    {"memory_constant", "Constant pages:", COUNT},
    {"memory_normal", "Normal pages:", COUNT},
    {"memory_normal_bytes", "Normal data:", BYTES},
    {"downtime", "Expected downtime:", MS},
    {"downtime_net", "Downtime w/o network:", MS},
    {"setup_time", "Setup time:", MS},
    {"compression_cache", "Compression cache:", BYTES},
    {"compression_bytes", "Compressed data:", BYTES},
    {"compression_pages", "Compressed pages:", WIDE_COUNT},
    {"compression_cache_misses", "Compression cache misses:", WIDE_COUNT},
    {"compression_overflow", "Compression overflows:", WIDE_COUNT},
    {"auto_converge_throttle", "Auto converge throttle:", WIDE_COUNT},
    {"disk_temp_used", "Temporary disk space use:", BYTES},
    {"disk_temp_total", "Temporary disk space total:", BYTES},
    {"errmsg", "Error message:", TEXT},
};

static bool group_is_zero(const json_t *stats, const char *group)
{
    static const char *const parts[] = {"processed", "remaining", "total"};
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        _cleanup_free_ char *key = xasprintf("%s_%s", group, parts[i]);
        if (json_integer_value(json_object_get(stats, key)))
            return false;
    }
    return true;
}

static void add_value(struct buf *out, enum form form, const json_t *value)
{
    long long n = json_integer_value(value);
    switch (form) {
    case MS:
        buf_addf(out, "%-12lld ms", n);
        break;
    case COUNT:
        buf_addf(out, "%-12lld", n);
        break;
    case WIDE_COUNT:
        buf_addf(out, "%-13lld", n);
        break;
    case PAGES:
        buf_addf(out, "%-12lld pages/s", n);
        break;
    case SIZE_IN_BYTES:
        buf_addf(out, "%-12lld bytes", n);
        break;
    case BYTES:
    case RATE:
        migrate_add_capacity(out, (double)n);
        buf_adds(out, form == RATE ? "/s" : "");
        break;
    case TEXT:
        buf_add_line(out, json_string_value(value));
        break;
    }
}

static void add_lines(const json_t *stats, struct buf *out)
{
    bool completed = strcmp(json_text_at(stats, "type"), "completed") == 0;
    bool bounded = strcmp(json_text_at(stats, "type"), "bounded") == 0;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        const struct line *l = &lines[i];
        const json_t *value = json_object_get(stats, l->key);
        if (!value || (l->unless_zero && group_is_zero(stats, l->unless_zero)))
            continue;
        if (strcmp(l->key, "time_remaining") == 0 && !bounded)
            continue;
        bool total = completed && strcmp(l->key, "downtime") == 0;
        buf_addf(out, "%-17s ", total ? "Total downtime:" : l->title);
        add_value(out, l->form, value);
        buf_addc(out, '\n');
    }
}

static void render_raw(const json_t *value, struct buf *out)
{
    buf_addf(out, "Job type: %lld\n\n", (long long)json_integer_value(json_object_get(value, "number")));
    const char *key;
    json_t *v;
    json_object_foreach(json_object_get(value, "raw"), key, v)
    {
        if (strcmp(key, "type") == 0)
            continue;
        _cleanup_free_ char *cell = render_cell(v);
        buf_addf(out, "%s: ", key);
        buf_add_line(out, cell); // QEMU's words may be among them
        buf_addc(out, '\n');
    }
}

static void render(const json_t *value, struct buf *out)
{
    if (json_object_get(value, "raw")) {
        render_raw(value, out);
        return;
    }
    const char *type = json_text_at(value, "type");
    buf_addf(out, "%-17s %c%-11s\n", "Job type:", type[0] - 'a' + 'A', type + 1);
    const char *operation = json_text_at(value, "operation");
    for (size_t i = 0; operation && i < ARRAY_SIZE(operations); i++) {
        if (strcmp(operations[i][0], operation) == 0)
            buf_addf(out, "%-17s %-12s\n", "Operation:", operations[i][1]);
    }
    if (operation)
        add_lines(value, out);
}

const struct cmd_def cmd_domjobinfo = {
    .name = "domjobinfo",
    .group = "Migration",
    .summary = "domain job information",
    .help =
        "What the job on a domain has done so far, or with --completed what the last one came to. Libvirt keeps the\n"
        "latter until it is read once, on both hosts of a migration.",
    .example = "domjobinfo busy\ndomjobinfo share --completed --keep-completed",
    .opts = opts,
    .flags = CMD_CONN | CMD_READS,
    .view = {VIEW_CUSTOM, .render = render},
    .run = run};
