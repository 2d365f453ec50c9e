// SPDX-License-Identifier: GPL-3.0-or-later
// From what a node told and what is wished to the state that its links shall have, and the files that keep it so. Pure.
// See ensure.h.
#include <string.h>

#include "base/units.h"
#include "core/bridge/ensure.h"
#include "core/console/address.h"

enum { CENTISECONDS = 100 };

// A line of a state: "address br0 4 192.0.2.1/24 …" has the words what, name, family.
struct line {
    struct strv w;
    const char *text;
};

static bool next_line(const struct facts *f, size_t *at, struct line *ret)
{
    strv_release(&ret->w);
    *ret = (struct line){STRV_INIT, facts_next(f, "state", at)};
    if (!ret->text)
        return false;
    strv_split(&ret->w, ret->text, ' ');
    return true;
}

static bool line_is(const struct line *l, const char *what, const char *name, size_t words)
{
    return l->w.n >= words && strcmp(l->w.s[0], what) == 0 && strcmp(l->w.s[1], name) == 0;
}

// The words of "what name …", found first.
static bool find_line(const struct facts *f, const char *what, const char *name, struct line *ret)
{
    for (size_t at = 0; next_line(f, &at, ret);) {
        if (line_is(ret, what, name, 3))
            return true;
    }
    return false;
}

static const char *word_behind(const struct line *l, const char *key)
{
    for (size_t i = 4; i + 1 < l->w.n; i++) {
        if (strcmp(l->w.s[i], key) == 0)
            return l->w.s[i + 1];
    }
    return NULL;
}

int bridge_check_name(const char *name, const char *what, struct err *e)
{
    enum { MAX_NAME = 15 };
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t n = strlen(name);
    if (n && n <= MAX_NAME && strspn(name, fine) == n && !strchr(".-", name[0]))
        return 0;
    err_set(e, ERR_USAGE, "'%s' is no name of a %s", name, what);
    return err_hint(e, "up to %d letters, digits and . _ -, of which the first is a letter, digit or _", MAX_NAME);
}

// "192.0.2.1/24": the address, and the bits of its network.
static int parse_prefixed(const char *text, struct address *ret, long long *ret_bits, struct err *e)
{
    const char *slash = strchr(text, '/');
    _cleanup_free_ char *a = xstrndup(text, slash ? (size_t)(slash - text) : strlen(text));
    bool six = strchr(a, ':') != NULL;
    if (!slash || !address_parse(a, ret) || str_to_int(slash + 1, 1, six ? 128 : 32, ret_bits) < 0) {
        err_set(e, ERR_USAGE, "'%s' is no address with the length of its network", text);
        return err_hint(e, "for example 192.0.2.10/24 or 2001:db8::10/64");
    }
    const char *why = address_not_of_guest(ret);
    if (why)
        return err_set(e, ERR_USAGE, "%s %s", a, why);
    *ret_bits += six ? 0 : 96; // an IPv4 address stands in the last 32 of 128 bits
    return 0;
}

static bool same_net(const struct address *a, const struct address *b, long long bits)
{
    for (long long i = 0; i < bits; i++) {
        unsigned mask = 0x80U >> (i % 8);
        if ((a->bytes[i / 8] & mask) != (b->bytes[i / 8] & mask))
            return false;
    }
    return true;
}

static int check_gateway(const struct bridge_wish *w, const char *gateway, struct err *e)
{
    struct address g, a;
    if (!address_parse(gateway, &g))
        return err_set(e, ERR_USAGE, "'%s' is no address", gateway);
    for (size_t i = 0; i < w->addresses->n; i++) {
        long long bits;
        if (parse_prefixed(w->addresses->s[i], &a, &bits, e) < 0)
            return -1;
        if (same_net(&g, &a, bits))
            return 0;
    }
    return err_set(e, ERR_USAGE, "the gateway %s is not in the network of %s", gateway, w->addresses->s[0]);
}

static int check_wish(const struct bridge_wish *w, struct err *e)
{
    struct address a;
    long long bits;
    if (bridge_check_name(w->bridge, "bridge", e) < 0 || bridge_check_name(w->port, "network interface", e) < 0)
        return -1;
    if (strcmp(w->bridge, w->port) == 0)
        return err_set(e, ERR_USAGE, "%s cannot be a port of itself", w->port);
    for (size_t i = 0; i < w->addresses->n; i++) {
        if (parse_prefixed(w->addresses->s[i], &a, &bits, e) < 0)
            return -1;
    }
    for (size_t i = 0; i < w->gateways->n; i++) {
        if (check_gateway(w, w->gateways->s[i], e) < 0)
            return -1;
    }
    if (w->stp && w->delay_s < 2)
        return err_set(e, ERR_USAGE, "with STP the kernel wants a forward delay of 2 s at least");
    return 0;
}

static int check_port(const struct facts *f, const struct bridge_wish *w, struct err *e)
{
    const char *unfit = facts_get(f, "unfit");
    struct line l = {STRV_INIT, NULL};
    int r = 0;
    bool there = find_line(f, "link", w->port, &l);
    if (!there || strcmp(l.w.s[2], "absent") == 0) {
        err_set(e, ERR_NOT_FOUND, "there is no network interface %s", w->port);
        r = err_hint(e, "bridge-check shows what there is");
    } else if (unfit) {
        r = err_set(e, ERR_UNSUPPORTED, "%s cannot be the port of a bridge (%s)", w->port, unfit);
    } else if (find_line(f, "master", w->port, &l) && strcmp(l.w.s[2], "-") != 0 && strcmp(l.w.s[2], w->bridge) != 0) {
        err_set(e, ERR_STATE, "%s is a port of %s already", w->port, l.w.s[2]);
        r = err_hint(e, "name that bridge, or another port");
    }
    const char *ovs;
    for (size_t at = 0; r == 0 && (ovs = facts_next(f, "ovs", &at));) {
        if (strcmp(ovs, w->bridge) == 0) {
            err_set(e, ERR_UNSUPPORTED, "%s is a bridge of Open vSwitch", w->bridge);
            r = err_hint(e, "ovs-vsctl there puts ports into it");
        }
    }
    if (r == 0 && find_line(f, "link", w->bridge, &l) && strcmp(l.w.s[2], "other") == 0)
        r = err_set(e, ERR_STATE, "%s is there, but no bridge", w->bridge);
    strv_release(&l.w);
    return r;
}

static void add_line(struct buf *b, const char *what, const char *link, const struct line *l, size_t from)
{
    buf_addf(b, "%s %s", what, link);
    for (size_t i = from; i < l->w.n; i++) {
        const char *word = l->w.s[i];
        if (word && strcmp(word, "label") == 0) // it begins with the name of its link
            i++;
        else
            buf_addf(b, " %s", word);
    }
    buf_addc(b, '\n');
}

// An address that the bridge is to have: for its state, and for its files.
static void take_address(struct bridge_job *j, struct buf *want, const struct line *l)
{
    bool four = strcmp(l->w.s[2], "4") == 0, leased = word_behind(l, "valid_lft") != NULL;
    add_line(want, "address", j->net.bridge, l, 2);
    j->net.dhcp = j->net.dhcp || (four && leased);
    if (!leased) // a leased one of IPv6 comes again by itself
        strv_add(&j->net.addresses, l->w.s[3]);
}

// Whoever gave it gives it again.
static bool comes_by_itself(const struct line *route)
{
    const char *proto = word_behind(route, "proto");
    return proto && (strcmp(proto, "dhcp") == 0 || strcmp(proto, "ra") == 0 || strcmp(proto, "kernel") == 0);
}

static void take_route(struct bridge_job *j, struct buf *want, const struct line *l)
{
    const char *via = word_behind(l, "via"), *metric = word_behind(l, "metric"), *table = word_behind(l, "table");
    add_line(want, "route", j->net.bridge, l, 2);
    if (comes_by_itself(l))
        return;
    if (table)
        strv_take(&j->notes,
                  xasprintf("the route to %s in table %s moves, but is not kept over a boot", l->w.s[3], table));
    else
        strv_take(&j->net.routes, xasprintf("%s %s %s", l->w.s[3], via ? via : "-", metric ? metric : "-"));
}

static bool gateway_of(const struct bridge_wish *w, const char *family)
{
    for (size_t i = 0; i < w->gateways->n; i++) {
        if ((strchr(w->gateways->s[i], ':') != NULL) == (strcmp(family, "6") == 0))
            return true;
    }
    return false;
}

// The port's, when the bridge gets an address of its own.
static void leave_route(const struct bridge_wish *w, struct bridge_job *j, const struct line *l)
{
    bool is_default = strcmp(l->w.s[3], "default") == 0 && !word_behind(l, "table");
    const char *proto = word_behind(l, "proto");
    if ((is_default && gateway_of(w, l->w.s[2])) || (proto && strcmp(proto, "kernel") == 0))
        return;
    strv_take(&j->notes, xasprintf("the route to %s over %s goes%s", l->w.s[3], w->port,
                                   is_default ? "; --gateway sets a default route anew" : ""));
}

// What the bridge has stays; what the port has is moved, given up, or in the way.
static int take_lines(const struct facts *f, const struct bridge_wish *w, struct bridge_job *j, struct buf *want,
                      struct err *e)
{
    struct line l = {STRV_INIT, NULL};
    size_t of_port = 0, of_bridge = 0;
    const char *in_way = NULL;
    int r = 0;
    for (size_t at = 0; r == 0 && next_line(f, &at, &l);) {
        bool port = line_is(&l, "address", w->port, 4) || line_is(&l, "route", w->port, 4);
        if ((!port && !line_is(&l, "address", w->bridge, 4) && !line_is(&l, "route", w->bridge, 4)))
            continue;
        bool address = strcmp(l.w.s[0], "address") == 0;
        of_port += port && address;
        of_bridge += !port && address;
        in_way = in_way || !port || !address ? in_way : l.text;
        if (strstr(l.text, " nexthop "))
            r = err_set(e, ERR_UNSUPPORTED, "%s has a route with several next hops, which is not moved", l.w.s[1]);
        else if (port && !w->move) {
            if (!address)
                leave_route(w, j, &l);
        } else if (address)
            take_address(j, want, &l);
        else
            take_route(j, want, &l);
    }
    strv_release(&l.w);
    if (r == 0 && w->move && !of_port && !of_bridge)
        return err_set(e, ERR_STATE, "%s has no address that could be moved", w->port);
    if (r == 0 && in_way && !w->move && !w->addresses->n) {
        err_set(e, ERR_UNSAFE, "%s has an address (%s), which would not work any more", w->port, in_way);
        return err_hint(e, "--move-address moves it to the bridge, --address gives the bridge another one");
    }
    return r;
}

static bool has_first_words(const struct buf *want, const char *words)
{
    const char *at = strstr(buf_str(want), words);
    size_t n = strlen(words);
    return at && (at == want->s || at[-1] == '\n') && strchr(" \n", at[n]);
}

static void add_given(const struct bridge_wish *w, struct bridge_job *j, struct buf *want)
{
    for (size_t i = 0; i < w->addresses->n; i++) {
        const char *a = w->addresses->s[i];
        bool six = strchr(a, ':') != NULL;
        _cleanup_free_ char *words = xasprintf("address %s %d %s", w->bridge, six ? 6 : 4, a);
        if (has_first_words(want, words))
            continue;
        buf_addf(want, "%s%s\n", words, six || str_ends(a, "/31") || str_ends(a, "/32") ? "" : " brd +");
        strv_add(&j->net.addresses, a);
    }
    for (size_t i = 0; i < w->gateways->n; i++) {
        const char *g = w->gateways->s[i];
        _cleanup_free_ char *words = xasprintf("route %s %d default via %s", w->bridge, strchr(g, ':') ? 6 : 4, g);
        if (has_first_words(want, words))
            continue;
        buf_addf(want, "%s\n", words);
        strv_take(&j->net.routes, xasprintf("default %s -", g));
    }
}

static int choose_backend(const struct facts *f, const struct bridge_wish *w, struct bridge_job *j, struct err *e)
{
    const char *manager = facts_get(f, "manager"), *name = w->backend ? w->backend : manager;
    j->backend = bridge_backend_of(name ? name : "ip");
    if (!j->backend)
        return err_set(e, ERR_FAILED, "'%s' is not known as what configures a network", name);
    if (!name)
        strv_take(&j->notes, xasprintf("nothing that is known here configures %s: the bridge is gone after a boot "
                                       "(--backend writes files all the same)",
                                       w->port));
    if (j->net.dhcp && !j->backend->dhcp) {
        err_set(e, ERR_UNSUPPORTED, "the address of %s is DHCP's, and with %s it cannot be moved safely", w->port,
                j->backend->name);
        return err_hint(e, "--address ADDRESS/PREFIX --gateway ADDRESS gives the bridge a fixed one");
    }
    if (strcmp(j->backend->name, "ifupdown") == 0 && !facts_yes(f, "sourced")) {
        err_set(e, ERR_STATE, "/etc/network/interfaces does not read /etc/network/interfaces.d");
        return err_hint(e, "add the line 'source /etc/network/interfaces.d/*' to it");
    }
    if (facts_get(f, "files")) {
        err_set(e, ERR_UNSAFE, "%s is described in several files of %s", w->port, j->backend->name);
        return err_hint(e, "leave one of them");
    }
    return 0;
}

// Files that others wrote about this bridge stay theirs.
static int make_files(const struct facts *f, const struct bridge_wish *w, struct bridge_job *j, struct err *e)
{
    const char *foreign = facts_get(f, "foreign"), *manager = facts_get(f, "manager");
    bool own = manager && strcmp(manager, j->backend->name) == 0;
    if (foreign && own && strcmp(manager, "nm") == 0) {
        err_set(e, ERR_STATE, "%s describes %s already", foreign, w->bridge);
        return err_hint(e, "change it by nmcli there, and see with bridge-check");
    }
    if (foreign && own) {
        strv_take(&j->notes, xasprintf("%s describes %s, and is left as it is", foreign, w->bridge));
        j->backend = bridge_backend_of("ip");
        return 0;
    }
    return j->backend->write ? j->backend->write(&j->net, own ? facts_get(f, "file") : NULL, &j->files, e) : 0;
}

// The head of the wanted state: both links.
static void add_links(const struct facts *f, const struct bridge_wish *w, struct bridge_job *j, struct buf *want)
{
    struct line port = {STRV_INIT, NULL}, bridge = {STRV_INIT, NULL};
    const char *mac = NULL, *m;
    find_line(f, "link", w->port, &port); // "link eth0 other 1500 up"
    for (size_t at = 0; (m = facts_next(f, "mac", &at));) {
        size_t n = strlen(w->port);
        if (strncmp(m, w->port, n) == 0 && m[n] == ' ')
            mac = m + n + 1;
    }
    bool there = find_line(f, "link", w->bridge, &bridge) && bridge.w.n > 6; // "link br0 bridge 0 0 1500 MAC up"
    j->net.mtu = xstrdup(port.w.n > 3 ? port.w.s[3] : "1500");
    // With the port's own address nobody has to learn anything, and a DHCP server knows it.
    j->net.mac = xstrdup(there ? bridge.w.s[6] : mac ? mac : "");
    buf_addf(want, "link %s bridge %d %lld %s %s up\nlink %s other %s up\nmaster %s %s\n", w->bridge, w->stp,
             w->delay_s * CENTISECONDS, j->net.mtu, j->net.mac, w->port, j->net.mtu, w->port, w->bridge);
    strv_release(&port.w);
    strv_release(&bridge.w);
}

int bridge_judge(const struct facts *f, const struct bridge_wish *w, struct bridge_job *ret, struct err *e)
{
    struct bridge_job j = {.net = {.bridge = w->bridge,
                                   .port = w->port,
                                   .stp = w->stp,
                                   .delay_s = w->delay_s,
                                   .bridge_utils = facts_yes(f, "bridge_utils")}};
    _cleanup_buf_ struct buf want = BUF_INIT, before = BUF_INIT;
    const char *s;
    for (size_t at = 0; (s = facts_next(f, "state", &at));)
        buf_addf(&before, "%s\n", s);
    for (size_t at = 0; (s = facts_next(f, "dns", &at));) {
        if (!strv_has(&j.net.dns, s))
            strv_add(&j.net.dns, s);
    }
    int r = check_wish(w, e);
    if (r == 0)
        r = check_port(f, w, e);
    if (r == 0)
        add_links(f, w, &j, &want);
    if (r == 0)
        r = take_lines(f, w, &j, &want, e);
    if (r == 0) {
        add_given(w, &j, &want);
        r = choose_backend(f, w, &j, e);
    }
    if (r == 0)
        r = make_files(f, w, &j, e);
    if (r < 0) {
        bridge_job_release(&j);
        return -1;
    }
    j.want = buf_steal(&want);
    j.before = buf_steal(&before);
    *ret = j;
    return 0;
}

void bridge_job_release(struct bridge_job *j)
{
    strv_release(&j->net.addresses);
    strv_release(&j->net.routes);
    strv_release(&j->net.dns);
    free(j->net.mtu);
    free(j->net.mac);
    bridge_files_release(&j->files);
    free(j->want);
    free(j->before);
    strv_release(&j->notes);
}
