// SPDX-License-Identifier: GPL-3.0-or-later
// The neighbour tables of a node, by "ip neigh" over ssh, and of this machine. Job threads; neigh_parse() on any. See
// neigh.h.
#include "core/watch/neigh.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/json.h"
#include "core/console/session.h"
#include "io/file.h"

// A line is "ADDRESS dev DEVICE [lladdr MAC] [router] STATE" (ip-neighbour(8)).
static void parse_line(const char *line, const char *mac, json_t *out)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    strv_split(&words, line, ' ');
    const char *state = words.n ? words.s[words.n - 1] : "";
    if (words.n < 5 || strcmp(words.s[1], "dev") != 0 || strcmp(state, "FAILED") == 0)
        return;
    size_t k;
    json_t *known;
    json_array_foreach(out, k, known)
    {
        if (strcmp(json_text_at(known, "address"), words.s[0]) == 0)
            return;
    }
    for (size_t i = 3; i + 1 < words.n; i++) {
        if (strcmp(words.s[i], "lladdr") != 0 || strcasecmp(words.s[i + 1], mac) != 0)
            continue;
        json_t *v = json_object();
        json_object_set_new(v, "protocol", json_text(strchr(words.s[0], ':') ? "ipv6" : "ipv4"));
        json_object_set_new(v, "address", json_text(words.s[0]));
        json_object_set_new(v, "prefix", json_null());
        json_array_append_new(out, v);
        return;
    }
}

json_t *neigh_parse(const char *table, const char *mac)
{
    _cleanup_strv_ struct strv lines = STRV_INIT;
    json_t *out = json_array();
    strv_split(&lines, table, '\n');
    for (size_t i = 0; i < lines.n; i++)
        parse_line(lines.s[i], mac, out);
    return out;
}

// The console's own table, as lines of "ip neigh": a bridge's host has seldom talked to its guests, but whoever
// operates them often has. /proc/net/arp: "ADDRESS TYPE FLAGS MAC MASK DEVICE" behind a heading; flag 2 is a finished
// entry.
static void add_own_table(struct buf *out)
{
    enum { OWN_TABLE_MAX = 1 << 20 };
    _cleanup_free_ char *text = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_strv_ struct strv lines = STRV_INIT;
    if (file_read_text("/proc/net/arp", OWN_TABLE_MAX, &text, &e) < 0)
        return;
    strv_split(&lines, text, '\n');
    for (size_t i = 1; i < lines.n; i++) {
        _cleanup_strv_ struct strv w = STRV_INIT;
        strv_split(&w, lines.s[i], ' ');
        if (w.n == 6 && (strtol(w.s[2], NULL, 16) & 2))
            buf_addf(out, "\n%s dev %s lladdr %s REACHABLE", w.s[0], w.s[5], w.s[3]);
    }
}

int neigh_addresses(struct ctx *ctx, struct job *job, struct node *node, const json_t *interfaces, json_t **ret,
                    struct err *e)
{
    _cleanup_free_ char *table = NULL;
    // A user's login often has no sbin in its PATH.
    if (session_output(ctx, job, node, "PATH=$PATH:/usr/sbin:/sbin ip neigh show", &table, e) < 0)
        return -1;
    _cleanup_buf_ struct buf all = BUF_INIT;
    buf_adds(&all, table);
    add_own_table(&all);
    json_t *list = json_array(), *iface;
    size_t i;
    json_array_foreach(interfaces, i, iface)
    {
        const char *mac = json_text_at(iface, "mac");
        json_t *v = json_object();
        json_object_set(v, "name", json_object_get(iface, "interface"));
        json_object_set(v, "mac", json_object_get(iface, "mac"));
        json_object_set_new(v, "addresses", mac ? neigh_parse(buf_str(&all), mac) : json_array());
        json_array_append_new(list, v);
    }
    *ret = list;
    return 0;
}
