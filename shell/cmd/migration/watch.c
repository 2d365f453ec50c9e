// SPDX-License-Identifier: GPL-3.0-or-later
// Watch addresses as the guest's users would see them. The body runs on a job's thread; the probing is
// core/watch/watch.c's.
#include "core/watch/watch.h"

#include <limits.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/printable.h"
#include "base/table.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/engine/render.h"
#include "core/console/out.h"
#include "io/job.h"

static const double PROGRESS_MS = 1000;
static const double SILENCE_MS = 1000; // told in the progress from here on
enum { OUTAGES_SHOWN = 20 };

enum { TARGET, INTERVAL, TCP, HTTP, EXPECT, COUNT, DURATION, TIMEOUT };

static const struct opt_def opts[] = {
    [TARGET] = {"target", OPT_STRING, OPTF_POS | OPTF_MULTI, "address, host name, node, tcp:HOST:PORT or http:// URL"},
    [INTERVAL] = {"interval", OPT_DURATION, 0,
                  "time between probes (default: 5ms for echo, 20ms for TCP, 100ms for HTTP)", .unit = "ms"},
    [TCP] = {"tcp", OPT_INT, 0, "beside the echo, connect to this port of every target", .min = 1, .max = 65535},
    [HTTP] = {"http", OPT_STRING, 0, "also fetch this http:// URL"},
    [EXPECT] = {"expect", OPT_STRING, 0, "text that the URL's page has to contain"},
    [COUNT] = {"count", OPT_INT, 0, "end after so many probes a target", .min = 1, .max = UINT_MAX},
    [DURATION] = {"duration", OPT_DURATION, 0, "end after this time", .unit = "s"},
    [TIMEOUT] = {"timeout", OPT_DURATION, 0, "an answer after this is late (default: from the first second)",
                 .unit = "ms"},
    {NULL},
};

static bool is_plain_host(const char *text)
{
    return !str_starts(text, "tcp:") && !str_starts(text, "http://") && !str_starts(text, "https://");
}

// What to probe, as core/watch/watch.h spells targets. A node's name stands for its address.
static void gather_targets(struct cmd_call *c, struct strv *out)
{
    const struct strv *given = &c->vals[TARGET].list;
    for (size_t i = 0; i < given->n; i++) {
        _cleanup_(node_unref_p) struct node *node = inventory_peek(ctx_inventory(c->ctx), given->s[i]);
        const char *host = node && node->address ? node->address : given->s[i];
        strv_add(out, host);
        if (opt_given(c, TCP) && is_plain_host(host))
            strv_take(out, xasprintf(strchr(host, ':') && host[0] != '[' ? "tcp:[%s]:%lld" : "tcp:%s:%lld", host,
                                     c->vals[TCP].i));
    }
    if (opt_given(c, HTTP))
        strv_add(out, c->vals[HTTP].s);
}

static int check_options(struct cmd_call *c, struct err *e)
{
    static const int positive[] = {INTERVAL, DURATION, TIMEOUT};
    for (size_t i = 0; i < ARRAY_SIZE(positive); i++)
        if (opt_given(c, positive[i]) && !(c->vals[positive[i]].ms > 0))
            return err_set(e, ERR_USAGE, "--%s must be more than 0", opts[positive[i]].name);
    if (opt_given(c, HTTP) && !str_starts(c->vals[HTTP].s, "http://") && !str_starts(c->vals[HTTP].s, "https://"))
        return err_set(e, ERR_USAGE, "--http: '%s' does not begin with http://", c->vals[HTTP].s);
    return 0;
}

static json_int_t int_of(const json_t *v, const char *key)
{
    return json_integer_value(json_object_get(v, key));
}

static double real_of(const json_t *v, const char *key)
{
    return json_number_value(json_object_get(v, key));
}

// As text, in this block.
#define MS(v, key) units_duration(real_of(v, key), (char[UNITS_TEXT]){0})

static void say_progress(json_t *targets, bool done)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    size_t i;
    json_t *t;
    json_array_foreach(targets, i, t)
    {
        json_int_t outages = int_of(t, "outages");
        buf_addf(&text, "%s%s: %lld sent, %lld lost, %lld outage%s", i ? "; " : "", json_text_at(t, "target"),
                 (long long)int_of(t, "sent"), (long long)int_of(t, "lost"), (long long)outages,
                 outages == 1 ? "" : "s");
        const json_t *rtt = json_object_get(t, "rtt_ms"), *silent = json_object_get(t, "silent_ms");
        if (json_is_null(silent))
            buf_adds(&text, ", no answer yet");
        else if (json_number_value(silent) > SILENCE_MS)
            buf_addf(&text, ", no answer for %s", MS(t, "silent_ms"));
        else if (json_is_object(rtt))
            buf_addf(&text, ", %s", MS(rtt, "p50"));
    }
    out_progress(
        json_pack("{s:o, s:o, s:o}", "job", json_text("watch"), "text", json_text(buf_str(&text)), "targets", targets),
        done);
}

// Until count or duration are over, or Ctrl-C, which is the normal end.
static int watch_until_end(struct cmd_call *c, struct watch *w, struct err *e)
{
    for (;;) {
        _cleanup_err_ struct err why = ERR_INIT;
        int r = watch_wait(w, c->job, PROGRESS_MS, &why);
        bool over = r == 0 || why.code == ERR_CANCELLED;
        if (!over && why.code != ERR_TIMEOUT) {
            err_move(e, &why);
            return -1;
        }
        say_progress(watch_snapshot(w), over);
        if (over)
            return 0;
    }
}

static int judge(const json_t *results, struct err *e)
{
    _cleanup_buf_ struct buf dead = BUF_INIT;
    size_t i;
    json_t *t;
    json_array_foreach(results, i, t)
    {
        if (int_of(t, "received") > 0)
            continue;
        buf_addf(&dead, "%s%s", dead.len ? ", " : "", json_text_at(t, "target"));
        if (json_text_at(t, "error"))
            buf_addf(&dead, " (%s)", json_text_at(t, "error"));
        else if (int_of(t, "refused"))
            buf_adds(&dead, " (connection refused)");
        else if (int_of(t, "mismatched"))
            buf_adds(&dead, " (not the answer expected)");
    }
    return dead.len ? err_set(e, ERR_UNREACHABLE, "no answer from %s", buf_str(&dead)) : 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    if (check_options(c, e) < 0)
        return -1;
    _cleanup_strv_ struct strv targets = STRV_INIT;
    gather_targets(c, &targets);
    struct watch_opts wo = {.targets = &targets,
                            .expect = c->vals[EXPECT].s,
                            .interval_ms = c->vals[INTERVAL].ms,
                            .timeout_ms = c->vals[TIMEOUT].ms,
                            .count = (unsigned long long)c->vals[COUNT].i,
                            .duration_ms = c->vals[DURATION].ms};
    _cleanup_(watch_free_p) struct watch *w = NULL;
    if (watch_start(c->job, &wo, &w, e) < 0 || watch_until_end(c, w, e) < 0)
        return -1;
    json_t *results = watch_stop(w);
    int r = judge(results, e);
    c->result = json_array_size(results) == 1 ? json_incref(json_array_get(results, 0))
                                              : json_pack("{s:O}", "targets", results);
    json_decref(results);
    return r;
}

static void clock_text(double epoch, char *buf, size_t size)
{
    time_t second = (time_t)floor(epoch);
    struct tm tm;
    localtime_r(&second, &tm);
    size_t n = strftime(buf, size, "%H:%M:%S", &tm);
    snprintf(buf + n, size - n, ".%03d", (int)((epoch - floor(epoch)) * 1e3));
}

static void render_round_trip(const json_t *t, const char *key, const char *title, struct buf *out)
{
    const json_t *rtt = json_object_get(t, key);
    if (json_is_object(rtt))
        buf_addf(out, "  %-18s p50 %s, p95 %s, p99 %s, max %s\n", title, MS(rtt, "p50"), MS(rtt, "p95"), MS(rtt, "p99"),
                 MS(rtt, "max"));
}

static char *outage_notes(const json_t *o)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    if (json_object_get(o, "from_start"))
        buf_adds(&b, "from the start, ");
    if (json_object_get(o, "to_end"))
        buf_adds(&b, "to the end, ");
    if (json_object_get(o, "starved_ms"))
        buf_addf(&b, "migsh was held up for %s, ", MS(o, "starved_ms"));
    if (int_of(o, "late"))
        buf_addf(&b, "%lld answered late, ", (long long)int_of(o, "late"));
    if (b.len)
        buf_truncate(&b, b.len - 2);
    return xstrdup(buf_str(&b));
}

static void render_outages(const json_t *t, struct buf *out)
{
    const json_t *list = json_object_get(t, "outages"), *longest = json_object_get(t, "longest_ms"),
                 *total = json_object_get(t, "total_ms");
    size_t n = json_array_size(list);
    if (n == 0) {
        buf_adds(out, "  no outage\n");
        return;
    }
    buf_addf(out, "  %zu outage%s, the longest %s to %s, in all %s to %s\n", n, n == 1 ? "" : "s", MS(longest, "min"),
             MS(longest, "max"), MS(total, "min"), MS(total, "max"));
    static const char *const heads[] = {"Start", "At least", "At most", "Lost", "Notes"};
    struct table *table = table_new(ARRAY_SIZE(heads), heads);
    for (size_t i = 0; i < n && i < OUTAGES_SHOWN; i++) {
        const json_t *o = json_array_get(list, i);
        char start[32], lost[32];
        clock_text(real_of(o, "start"), start, sizeof(start));
        snprintf(lost, sizeof(lost), "%lld", (long long)int_of(o, "lost"));
        _cleanup_free_ char *notes = outage_notes(o);
        table_row(table, (const char *const[]){start, MS(o, "min_ms"), MS(o, "max_ms"), lost, notes});
    }
    render_table(table, out);
    table_free(table);
    if (n > OUTAGES_SHOWN)
        buf_addf(out, " … and %zu more (--json has all)\n", n - OUTAGES_SHOWN);
}

static void render_target(const json_t *t, struct buf *out)
{
    static const struct {
        const char *key, *text;
    } counts[] = {{"late", "late"},       {"duplicates", "duplicate"},  {"out_of_order", "out of order"},
                  {"refused", "refused"}, {"mismatched", "mismatched"}, {"errors", "with an error"}};
    const char *target = json_text_at(t, "target");
    buf_add_line(out, target);
    buf_addf(out, " (%s, every %g ms): %lld sent, %lld received, %lld lost", json_text_at(t, "kind"),
             real_of(t, "interval_ms"), (long long)int_of(t, "sent"), (long long)int_of(t, "received"),
             (long long)int_of(t, "lost"));
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
        if (int_of(t, counts[i].key))
            buf_addf(out, ", %lld %s", (long long)int_of(t, counts[i].key), counts[i].text);
    buf_addc(out, '\n');
    render_round_trip(t, "rtt_ms", "round trip", out);
    if (json_array_size(json_object_get(t, "outages"))) {
        render_round_trip(t, "rtt_before_ms", "  before", out);
        render_round_trip(t, "rtt_during_ms", "  during", out);
        render_round_trip(t, "rtt_after_ms", "  after", out);
    }
    if (real_of(t, "starved_ms") > 0)
        buf_addf(out, "  migsh itself was held up for %s in all\n", MS(t, "starved_ms"));
    if (json_object_get(t, "full"))
        buf_adds(out, "  ended because there was no more room for samples\n");
    render_outages(t, out);
}

static void render(const json_t *value, struct buf *out)
{
    const json_t *targets = json_object_get(value, "targets");
    size_t i;
    json_t *t;
    if (!targets)
        render_target(value, out);
    json_array_foreach(targets, i, t)
    {
        render_target(t, out);
    }
}

const struct cmd_def cmd_watch = {
    .name = "watch",
    .group = "Migration",
    .summary = "measure outages and round trips on the wire",
    .help =
        "Probes every target until --count, --duration or Ctrl-C, then tells what its users would have felt.\n"
        "An outage is at least two probes in a row without a prompt answer (more where the first second shows that\n"
        "the network loses some), and its true length lies between the two figures given. Late, duplicate and\n"
        "overtaken answers are told apart. Without any answer at all the status is that of an unreachable host.\n"
        "ICMP needs root, CAP_NET_RAW, or a group within net.ipv4.ping_group_range; tcp: and http: need nothing.",
    .example = "watch 192.168.1.10 --duration 30s\nwatch 192.168.1.10 --interval 1ms --tcp 22\n"
               "watch 192.168.1.10 --http http://192.168.1.10/ --expect hello",
    .opts = opts,
    .flags = CMD_STOP_IS_END,
    .view = {VIEW_CUSTOM, .render = render},
    .run = run};
