// SPDX-License-Identifier: GPL-3.0-or-later
// What is wrong with the bridges of nodes, beside one another and with what guests want. Pure. See nets.h.
//
// Judged are bridges that guests are in, and those with a port that leads out: libvirt's own (virbr0), which lead
// nowhere and speak STP by design, are shown and left alone.
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/strv.h"
#include "core/bridge/ensure.h"
#include "core/bridge/nets.h"

struct check {
    const json_t *nets;
    json_t *bridges, *matrix, *findings, *unknown;
};

// The words of the line of `key` that begins with the name; false: there is none.
static bool line_of(const json_t *look, const char *key, const char *name, struct strv *ret)
{
    size_t i;
    json_t *line;
    json_array_foreach(json_object_get(look, key), i, line)
    {
        strv_release(ret);
        *ret = (struct strv)STRV_INIT;
        strv_split(ret, json_string_value(line), ' ');
        if (ret->n && strcmp(ret->s[0], name) == 0)
            return true;
    }
    return false;
}

static bool has_line(const json_t *look, const char *key, const char *name)
{
    _cleanup_strv_ struct strv w = STRV_INIT;
    return line_of(look, key, name, &w);
}

static void add_finding(struct check *c, const json_t *bridge, const char *level, char *seen, char *wanted,
                        char *remedy)
{
    json_array_append_new(c->findings,
                          json_pack("{s:O, s:O, s:o, s:o, s:o, s:o}", "node", json_object_get(bridge, "node"), "bridge",
                                    json_object_get(bridge, "bridge"), "level", json_text(level), "seen",
                                    json_text(seen), "wanted", json_text(wanted), "remedy", json_text(remedy)));
    free(seen);
    free(wanted);
    free(remedy);
}

// "link NAME STATE MTU MASTER" of its ports; those that lead out, too.
static void add_ports(json_t *bridge, const json_t *look, const char *name)
{
    json_t *ports = json_array(), *uplinks = json_array(), *line, *addresses = json_array();
    size_t i;
    json_array_foreach(json_object_get(look, "link"), i, line)
    {
        _cleanup_strv_ struct strv w = STRV_INIT;
        strv_split(&w, json_string_value(line), ' ');
        if (w.n < 4 || strcmp(w.s[3], name) != 0)
            continue;
        json_array_append_new(ports, json_text(w.s[0]));
        if (has_line(look, "tap", w.s[0]))
            continue;
        if (!json_array_size(uplinks)) {
            json_object_set_new(bridge, "uplink_mtu", json_integer(atoll(w.s[2])));
            json_object_set_new(bridge, "uplink_state", json_text(w.s[1]));
        }
        json_array_append_new(uplinks, json_text(w.s[0]));
    }
    json_array_foreach(json_object_get(look, "address"), i, line)
    {
        _cleanup_strv_ struct strv w = STRV_INIT;
        strv_split(&w, json_string_value(line), ' ');
        if (w.n == 2 && strcmp(w.s[0], name) == 0 && strncmp(w.s[1], "fe80:", 5) != 0)
            json_array_append_new(addresses, json_text(w.s[1]));
    }
    json_object_set_new(bridge, "ports", ports);
    json_object_set_new(bridge, "uplinks", uplinks);
    json_object_set_new(bridge, "addresses", addresses);
}

static void add_bridge(struct check *c, const json_t *net, const char *name, const char *type)
{
    const json_t *look = json_object_get(net, "look");
    _cleanup_strv_ struct strv link = STRV_INIT, stp = STRV_INIT;
    json_t *b = json_pack("{s:O, s:o, s:o, s:b, s:b}", "node", json_object_get(net, "node"), "bridge", json_text(name),
                          "type", json_text(type), "up", has_line(look, "up", name), "vlan_filtering",
                          has_line(look, "vlan_filtering", name));
    if (line_of(look, "link", name, &link) && link.n > 2)
        json_object_set_new(b, "mtu", json_integer(atoll(link.s[2])));
    if (line_of(look, "bridge", name, &stp) && stp.n > 2) {
        json_object_set_new(b, "stp", json_boolean(strcmp(stp.s[1], "0") != 0));
        json_object_set_new(b, "forward_delay_s", json_integer(atoll(stp.s[2]) / 100));
    }
    add_ports(b, look, name);
    json_array_append_new(c->bridges, b);
}

static void add_bridges(struct check *c, const json_t *net)
{
    static const char *const kinds[][2] = {{"bridge", "linux"}, {"ovs", "ovs"}};
    for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
        size_t i;
        json_t *line;
        json_array_foreach(json_object_get(json_object_get(net, "look"), kinds[k][0]), i, line)
        {
            _cleanup_strv_ struct strv w = STRV_INIT;
            strv_split(&w, json_string_value(line), ' ');
            if (w.n)
                add_bridge(c, net, w.s[0], kinds[k][1]);
        }
    }
}

static json_t *bridge_on(const struct check *c, const char *node, const char *name)
{
    size_t i;
    json_t *b;
    json_array_foreach(c->bridges, i, b)
    {
        if (strcmp(json_text_at(b, "node"), node) == 0 && strcmp(json_text_at(b, "bridge"), name) == 0)
            return b;
    }
    return NULL;
}

static json_t *row_of(struct check *c, const char *bridge)
{
    size_t i;
    json_t *row;
    json_array_foreach(c->matrix, i, row)
    {
        if (strcmp(json_text_at(row, "bridge"), bridge) == 0)
            return row;
    }
    row = json_pack("{s:o, s:[], s:{}}", "bridge", json_text(bridge), "guests", "nodes");
    json_array_append_new(c->matrix, row);
    return row;
}

// Each guest once in the row of each bridge that it is in.
static void add_guests(struct check *c, const json_t *net)
{
    size_t i, k;
    json_t *guest, *iface;
    json_array_foreach(json_object_get(net, "guests"), i, guest)
    {
        json_array_foreach(json_object_get(guest, "interfaces"), k, iface)
        {
            const char *bridge = json_text_at(iface, "bridge");
            if (!bridge)
                continue;
            json_t *guests = json_object_get(row_of(c, bridge), "guests");
            json_t *one = json_pack("{s:O, s:O, s:O, s:O}", "name", json_object_get(guest, "name"), "node",
                                    json_object_get(net, "node"), "state", json_object_get(guest, "state"), "ovs",
                                    json_object_get(iface, "ovs"));
            bool there = false;
            size_t m;
            json_t *other;
            json_array_foreach(guests, m, other) there = there || json_equal(other, one);
            if (!there)
                json_array_append(guests, one);
            json_decref(one);
        }
    }
}

// The link that a bridge would take: the first with a MAC address and an address of its own, up, in no bridge and none
// itself.
static char *likely_port(const json_t *look)
{
    size_t i;
    json_t *line;
    json_array_foreach(json_object_get(look, "link"), i, line)
    {
        _cleanup_strv_ struct strv w = STRV_INIT;
        strv_split(&w, json_string_value(line), ' ');
        if (w.n > 3 && strcmp(w.s[3], "-") == 0 && strcmp(w.s[0], "lo") != 0 && has_line(look, "address", w.s[0]) &&
            has_line(look, "up", w.s[0]) && !has_line(look, "bridge", w.s[0]) && !has_line(look, "tap", w.s[0]))
            return xstrdup(w.s[0]);
    }
    return NULL;
}

// A guest may name what can be no bridge, in whatever words.
static char *ensure_line(const char *node, const char *bridge, const char *port, const char *more)
{
    _cleanup_err_ struct err e = ERR_INIT;
    if (bridge_check_name(bridge, "bridge", &e) < 0)
        return xstrdup("no bridge can be called so: name another in the guest's definition");
    return xasprintf("bridge-ensure %s %s --port %s%s", node, bridge, port ? port : "IFACE", more);
}

static char *guests_text(const json_t *row, const char *node, bool *ret_own)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    size_t i;
    json_t *g;
    *ret_own = false;
    json_array_foreach(json_object_get(row, "guests"), i, g)
    {
        buf_addf(&b, "%s%s@%s", i ? ", " : "", json_text_at(g, "name"), json_text_at(g, "node"));
        *ret_own = *ret_own || strcmp(json_text_at(g, "node"), node) == 0;
    }
    return buf_steal(&b);
}

static void judge_absent(struct check *c, const json_t *net, const json_t *row)
{
    const char *node = json_text_at(net, "node"), *bridge = json_text_at(row, "bridge");
    bool own;
    _cleanup_free_ char *guests = guests_text(row, node, &own), *port = likely_port(json_object_get(net, "look"));
    json_t *at = json_pack("{s:o, s:o}", "node", json_text(node), "bridge", json_text(bridge));
    add_finding(c, at, own ? "fail" : "warn", xasprintf("it has no bridge %s", bridge),
                xasprintf("%s, for %s", bridge, guests), ensure_line(node, bridge, port, " --move-address"));
    json_decref(at);
}

// A row of the matrix: on each hypervisor, what of this bridge there is.
static void judge_row(struct check *c, json_t *row)
{
    const char *name = json_text_at(row, "bridge");
    json_t *nodes = json_object_get(row, "nodes"), *net;
    size_t i;
    json_array_foreach(c->nets, i, net)
    {
        const char *node = json_text_at(net, "node");
        const json_t *b = bridge_on(c, node, name);
        if (!json_is_true(json_object_get(net, "hypervisor")))
            continue;
        bool known = json_object_get(net, "look"), up = json_is_true(json_object_get(b, "up"));
        const char *is = !known                                              ? "unknown"
                         : !b                                                ? "no"
                         : up || strcmp(json_text_at(b, "type"), "ovs") == 0 ? "yes"
                                                                             : "down";
        json_object_set_new(nodes, node, json_text(is));
        if (strcmp(is, "no") == 0)
            judge_absent(c, net, row);
        else if (strcmp(is, "down") == 0)
            add_finding(c, b, "fail", xasprintf("%s is down", name), xstrdup("up"),
                        xasprintf("exec %s -- ip link set %s up", node, name));
    }
}

static bool wanted_by_guest(const struct check *c, const char *name)
{
    size_t i;
    json_t *row;
    json_array_foreach(c->matrix, i, row)
    {
        if (strcmp(json_text_at(row, "bridge"), name) == 0)
            return true;
    }
    return false;
}

static void judge_bridge(struct check *c, const json_t *b)
{
    const char *node = json_text_at(b, "node"), *name = json_text_at(b, "bridge");
    const char *uplink = json_string_value(json_array_get(json_object_get(b, "uplinks"), 0));
    const char *state = json_text_at(b, "uplink_state");
    json_int_t mtu = json_integer_value(json_object_get(b, "mtu")),
               uplink_mtu = json_integer_value(json_object_get(b, "uplink_mtu")),
               delay = json_integer_value(json_object_get(b, "forward_delay_s"));
    if (strcmp(json_text_at(b, "type"), "ovs") == 0 || (!uplink && !wanted_by_guest(c, name)))
        return;
    if (!uplink)
        add_finding(c, b, "warn", xasprintf("%s has no port that leads out", name),
                    xstrdup("a network interface in it"), ensure_line(node, name, NULL, ""));
    else if (strcmp(state, "up") != 0 && strcmp(state, "unknown") != 0)
        add_finding(c, b, "warn", xasprintf("%s, by which %s leads out, is %s", uplink, name, state), xstrdup("up"),
                    xasprintf("exec %s -- ip link set %s up", node, uplink));
    if (uplink && mtu != uplink_mtu)
        add_finding(c, b, "warn",
                    xasprintf("%s has an MTU of %lld, its uplink %s one of %lld", name, (long long)mtu, uplink,
                              (long long)uplink_mtu),
                    xstrdup("the same: larger packets get lost without a word"),
                    xasprintf("exec %s -- ip link set %s mtu %lld", node, name, (long long)uplink_mtu));
    if (json_is_true(json_object_get(b, "stp")) && delay > 0)
        add_finding(c, b, "warn",
                    xasprintf("%s waits %lld s before it forwards for a new port, twice (STP)", name, (long long)delay),
                    xstrdup("0: a guest that moves faster is not reached until then"),
                    uplink ? ensure_line(node, name, uplink, "")
                           : xasprintf("exec %s -- ip link set %s type bridge stp_state 0", node, name));
}

// An address on a port of a bridge hears nothing.
static void judge_ports(struct check *c, const json_t *net)
{
    size_t i;
    json_t *line;
    const json_t *look = json_object_get(net, "look");
    json_array_foreach(json_object_get(look, "address"), i, line)
    {
        _cleanup_strv_ struct strv a = STRV_INIT, link = STRV_INIT;
        strv_split(&a, json_string_value(line), ' ');
        if (a.n != 2 || str_starts(a.s[1], "fe80:") || !line_of(look, "link", a.s[0], &link) || link.n < 4)
            continue;
        const json_t *b = bridge_on(c, json_text_at(net, "node"), link.s[3]);
        if (b)
            add_finding(c, b, "warn", xasprintf("%s, a port of %s, has the address %s", a.s[0], link.s[3], a.s[1]),
                        xstrdup("on the bridge: a port hears nothing"),
                        ensure_line(json_text_at(net, "node"), link.s[3], a.s[0], " --move-address"));
    }
}

// Bridges of one name on two nodes that differ in what a guest would notice.
static void judge_pair(struct check *c, const json_t *a, const json_t *b)
{
    static const struct {
        const char *key, *what;
    } same[] = {{"mtu", "MTU"}, {"vlan_filtering", "VLAN filtering"}, {"type", "kind"}};
    for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
        const json_t *x = json_object_get(a, same[i].key), *y = json_object_get(b, same[i].key);
        if (!x || !y || json_equal(x, y))
            continue;
        char *here = json_dumps(y, JSON_ENCODE_ANY), *there = json_dumps(x, JSON_ENCODE_ANY);
        const char *node = json_text_at(b, "node"), *name = json_text_at(b, "bridge");
        add_finding(
            c, b, "warn",
            xasprintf("%s of %s is %s, and %s on %s", same[i].what, name, here, there, json_text_at(a, "node")),
            xstrdup("the same, for guests that move"),
            i == 0   ? xasprintf("exec %s -- ip link set %s mtu %s", node, name, there)
            : i == 1 ? xasprintf("exec %s -- ip link set %s type bridge vlan_filtering %d", node, name, json_is_true(x))
                     : xstrdup("live-migrate GUEST NODE --map bridge=A:B, or the other kind there"));
        free(here);
        free(there);
    }
}

static void judge_pairs(struct check *c, const char *name)
{
    const json_t *first = NULL, *b;
    size_t i;
    json_array_foreach(c->bridges, i, b)
    {
        if (strcmp(json_text_at(b, "bridge"), name) != 0)
            continue;
        if (first)
            judge_pair(c, first, b);
        first = first ? first : b;
    }
}

json_t *bridge_judge_nets(const json_t *nets)
{
    struct check c = {nets, json_array(), json_array(), json_array(), json_array()};
    size_t i;
    json_t *net, *row;
    const json_t *b;
    json_array_foreach(nets, i, net)
    {
        json_t *missing = json_object_get(net, "missing");
        add_bridges(&c, net);
        add_guests(&c, net);
        if (missing) {
            const char *why = json_text_at(missing, "look");
            json_array_append_new(c.unknown, json_pack("{s:O, s:o, s:O}", "node", json_object_get(net, "node"), "why",
                                                       json_text(why ? why : json_text_at(missing, "guests")), "code",
                                                       json_object_get(missing, "code")));
        }
    }
    json_array_foreach(c.matrix, i, row) judge_row(&c, row);
    json_array_foreach(c.bridges, i, b) judge_bridge(&c, b);
    json_array_foreach(nets, i, net) judge_ports(&c, net);
    json_array_foreach(c.matrix, i, row) judge_pairs(&c, json_text_at(row, "bridge"));
    return json_pack("{s:o, s:o, s:o, s:o}", "bridges", c.bridges, "matrix", c.matrix, "findings", c.findings,
                     "unknown", c.unknown);
}
