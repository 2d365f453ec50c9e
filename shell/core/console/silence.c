// SPDX-License-Identifier: GPL-3.0-or-later
// The files below silent/. See silence.h.
#include "core/console/silence.h"

#include <jansson.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/console/ctx.h"
#include "core/console/memo.h"
#include "core/console/out.h"
#include "io/digest.h"

// Who was silent may be back: after so long it gets the time of any other.
static const double FRESH_S = 60;

struct silence {
    double since, last, waited_ms;
};

void silence_group_begin(struct silence_group *g)
{
    g->begun_ms = clock_mono_ms();
    g->slowest_ms = 0;
}

void silence_group_answered(struct silence_group *g)
{
    double took = clock_mono_ms() - g->begun_ms, slowest = g->slowest_ms;
    while (took > slowest && !atomic_compare_exchange_weak(&g->slowest_ms, &slowest, took))
        ;
}

double silence_group_patience(const struct silence_group *g, double least_ms, double slower)
{
    return fmax(least_ms, slower * g->slowest_ms);
}

static char *name_of(const char *uri)
{
    char hex[DIGEST_HEX];
    digest_sha256(uri, strlen(uri), hex);
    return xasprintf("silent/%s.json", hex);
}

static bool read_note(const char *uri, struct silence *ret)
{
    _cleanup_free_ char *name = name_of(uri);
    _cleanup_err_ struct err ignored = ERR_INIT;
    json_auto_t *v = NULL;
    struct silence s;
    if (memo_read(name, &v, &ignored) < 0 ||
        json_unpack(v, "{s:F, s:F, s:F}", "since", &s.since, "last", &s.last, "waited_ms", &s.waited_ms) < 0)
        return false;
    if (s.last > clock_real_s() || clock_real_s() - s.last > FRESH_S)
        return false;
    *ret = s;
    return true;
}

void silence_note(const char *uri, double waited_ms)
{
    struct silence s = {.since = clock_real_s()};
    _cleanup_err_ struct err e = ERR_INIT;
    if (!uri)
        return;
    read_note(uri, &s);
    _cleanup_free_ char *name = name_of(uri);
    json_auto_t *v = json_pack("{s:f, s:f, s:f}", "since", s.since, "last", clock_real_s(), "waited_ms",
                               fmax(s.waited_ms, waited_ms));
    if (memo_write(name, v, &e) < 0)
        out_notice(OUT_WARN, "cannot remember that %s does not answer: %s", uri, e.msg);
}

void silence_end(const char *uri)
{
    _cleanup_free_ char *name = uri ? name_of(uri) : NULL;
    if (name)
        memo_drop(name);
}

double silence_since(const char *uri, double *ret_waited_ms)
{
    struct silence s = {0};
    if (uri)
        read_note(uri, &s);
    if (ret_waited_ms)
        *ret_waited_ms = s.waited_ms;
    return s.since;
}

void silence_names(struct ctx *ctx, struct strv *out)
{
    size_t n;
    struct node **nodes = inventory_hypervisors(ctx_inventory(ctx), &n);
    for (size_t i = 0; i < n; i++) {
        if (silence_since(nodes[i]->uri, NULL) > 0)
            strv_add(out, nodes[i]->name);
    }
    node_list_free(nodes, n);
}
