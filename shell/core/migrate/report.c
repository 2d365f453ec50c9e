// SPDX-License-Identifier: GPL-3.0-or-later
// What a running migration shows and what a finished one returns, made from libvirt's statistics. Pure. See migrate.h.
#include "core/migrate/report.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/units.h"
#include "core/migrate/migrate.h"

static json_int_t number(const json_t *stats, const char *key)
{
    return json_integer_value(json_object_get(stats, key));
}

static void copy(json_t *to, const char *name, const json_t *stats, const char *key)
{
    json_t *v = json_object_get(stats, key);
    if (v)
        json_object_set(to, name, v);
}

// That it is over, the call's return tells.
static int percent_of(const json_t *stats)
{
    int percent = units_percent((double)number(stats, "data_remaining"), (double)number(stats, "data_total"));
    return percent > 99 ? 99 : percent;
}

static void add_detail(const json_t *stats, struct buf *out)
{
    if (number(stats, "data_total") == 0) // being set up: all the rest is 0, too
        buf_adds(out, "starting");
    else if (json_object_get(stats, "memory_iteration"))
        buf_addf(out, "pass %lld", (long long)number(stats, "memory_iteration"));
    if (number(stats, "data_total"))
        buf_addf(out, "%s%.1f MiB left", out->len ? ", " : "", (double)number(stats, "data_remaining") / 0x1p20);
    if (number(stats, "memory_bps"))
        buf_addf(out, " at %.1f MiB/s", (double)number(stats, "memory_bps") / 0x1p20);
    if (number(stats, "memory_dirty_rate"))
        buf_addf(out, ", %.1f MiB/s dirtied",
                 (double)number(stats, "memory_dirty_rate") * (double)number(stats, "memory_page_size") / 0x1p20);
    if (number(stats, "downtime"))
        buf_addf(out, ", downtime %lld ms", (long long)number(stats, "downtime"));
}

json_t *migrate_progress(const char *domain, const json_t *stats)
{
    int percent = percent_of(stats);
    json_t *v =
        json_pack("{s:o, s:o, s:i}", "job", json_text("migrate"), "domain", json_text(domain), "percent", percent);
    copy(v, "iteration", stats, "memory_iteration");
    copy(v, "total", stats, "data_total");
    copy(v, "processed", stats, "data_processed");
    copy(v, "remaining", stats, "data_remaining");
    copy(v, "dirty_rate", stats, "memory_dirty_rate");
    copy(v, "page_size", stats, "memory_page_size");
    copy(v, "bandwidth", stats, "memory_bps");
    copy(v, "expected_downtime_ms", stats, "downtime");
    copy(v, "elapsed_ms", stats, "time_elapsed");
    copy(v, "throttle_percent", stats, "auto_converge_throttle");
    copy(v, "postcopy_requests", stats, "memory_postcopy_requests");
    _cleanup_buf_ struct buf detail = BUF_INIT;
    add_detail(stats, &detail);
    _cleanup_free_ char *text = xasprintf("Migration: [%3d %%], %s", percent, buf_str(&detail));
    json_object_set_new(v, "detail", json_text(buf_str(&detail)));
    json_object_set_new(v, "text", json_text(text));
    return v;
}

static json_t *part(const json_t *stats, const char *const names[][2], size_t n)
{
    json_t *v = json_object();
    for (size_t i = 0; i < n; i++)
        copy(v, names[i][0], stats, names[i][1]);
    return v;
}

static void add_summary(json_t *v, const json_t *stats)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    char total[UNITS_TEXT], downtime[UNITS_TEXT];
    buf_addf(&text, "Domain '%s' migrated from %s to %s in %s", json_text_at(v, "domain"), json_text_at(v, "source"),
             json_text_at(v, "destination"), units_duration(json_real_value(json_object_get(v, "total_ms")), total));
    if (json_object_get(v, "downtime_ms"))
        buf_addf(&text, ": downtime %s", units_duration((double)number(v, "downtime_ms"), downtime));
    if (json_object_get(v, "iterations"))
        buf_addf(&text, ", %lld passes", (long long)number(v, "iterations"));
    if (json_object_get(v, "bytes"))
        buf_addf(&text, ", %.1f MiB", (double)number(v, "bytes") / 0x1p20);
    if (number(stats, "memory_postcopy_requests"))
        buf_adds(&text, ", post-copy");
    json_object_set_new(v, "summary", json_text(buf_str(&text)));
}

void migrate_report(json_t *v, json_t *stats)
{
    static const char *const memory[][2] = {
        {"total", "memory_total"},           {"sent", "memory_processed"},      {"bps", "memory_bps"},
        {"dirty_rate", "memory_dirty_rate"}, {"page_size", "memory_page_size"}, {"normal", "memory_normal_bytes"},
        {"constant", "memory_constant"}};
    static const char *const disk[][2] = {{"total", "disk_total"}, {"sent", "disk_processed"}};
    if (stats) {
        copy(v, "job_ms", stats, "time_elapsed");
        copy(v, "downtime_ms", stats, "downtime");
        copy(v, "setup_ms", stats, "setup_time");
        copy(v, "iterations", stats, "memory_iteration");
        copy(v, "bytes", stats, "data_processed");
        json_object_set_new(v, "memory", part(stats, memory, ARRAY_SIZE(memory)));
        json_object_set_new(v, "disk", part(stats, disk, ARRAY_SIZE(disk)));
        json_object_set_new(v, "postcopy", json_boolean(number(stats, "memory_postcopy_requests") > 0));
        json_object_set(v, "stats", stats);
    }
    add_summary(v, stats);
}

void migrate_add_capacity(struct buf *out, double bytes)
{
    char text[UNITS_TEXT];
    units_bytes(bytes, 3, text);
    buf_adds(out, text);
}
