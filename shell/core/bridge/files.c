// SPDX-License-Identifier: GPL-3.0-or-later
// What keeps a bridge over a boot: the files of each of those that configure networks. Pure. See ensure.h.
//
// Ours are new files with "migsh" in their names. Where a file of others gives the port the addresses that the bridge
// now has, and no file of ours can take them away, these lines become comments with a mark in front of them.
#include <ctype.h>
#include <string.h>

#include "core/bridge/ensure.h"
#include "core/bridge/tools_priv.h"
#include "core/change/text.h"

static struct bridge_file *add_file(struct bridge_files *files, const char *what, int mode, char *path)
{
    files->f = xrealloc(files->f, files->n + 1, sizeof(*files->f));
    struct bridge_file *f = &files->f[files->n++];
    *f = (struct bridge_file){.path = path, .what = xstrdup(what), .text = BUF_INIT, .mode = mode};
    return f;
}

// One of ours, and what says so.
static struct buf *add_ours(struct bridge_files *files, const char *what, int mode, char *path)
{
    struct buf *b = &add_file(files, what, mode, path)->text;
    buf_adds(b, "# By migsh bridge-ensure, which takes it back with --revert.\n"); // bridge_look.sh knows it by that
    return b;
}

void bridge_files_release(struct bridge_files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        free(files->f[i].path);
        free(files->f[i].what);
        buf_release(&files->f[i].text);
    }
    free(files->f);
    *files = (struct bridge_files){NULL, 0};
}

static bool six(const char *address)
{
    return strchr(address, ':') != NULL;
}

// Of a family: 4, 6, or 0 for both. "ADDRESS/PREFIX" joined by `sep`.
static void add_list(struct buf *b, const struct strv *list, int family, const char *sep)
{
    for (size_t i = 0, n = 0; i < list->n; i++) {
        if (family == 0 || six(list->s[i]) == (family == 6))
            buf_addf(b, "%s%s", n++ ? sep : "", list->s[i]);
    }
}

struct route {
    const char *dest, *via, *metric; // NULL: none
    bool six, is_default;
};

static struct route route_of(const struct strv *words)
{
    struct route r = {words->s[0], strcmp(words->s[1], "-") != 0 ? words->s[1] : NULL,
                      strcmp(words->s[2], "-") != 0 ? words->s[2] : NULL, false, strcmp(words->s[0], "default") == 0};
    r.six = six(r.is_default && r.via ? r.via : r.dest);
    return r;
}

// Calls `add` for each route.
static void each_route(const struct bridge_net *net, void (*add)(struct buf *b, const struct route *r, size_t i),
                       struct buf *b, int family)
{
    for (size_t i = 0, n = 0; i < net->routes.n; i++) {
        _cleanup_strv_ struct strv words = STRV_INIT;
        strv_split(&words, net->routes.s[i], ' ');
        struct route r = route_of(&words);
        if (family == 0 || r.six == (family == 6))
            add(b, &r, ++n);
    }
}

// --- ifupdown

static void ifupdown_route(struct buf *b, const struct route *r, size_t i)
{
    (void)i;
    buf_addf(b, "    up ip -%d route replace %s", r->six ? 6 : 4, r->dest);
    if (r->via)
        buf_addf(b, " via %s", r->via);
    buf_adds(b, " dev $IFACE");
    if (r->metric)
        buf_addf(b, " metric %s", r->metric);
    buf_addc(b, '\n');
}

static void ifupdown_bridge(const struct bridge_net *net, struct buf *b)
{
    if (net->bridge_utils) {
        buf_addf(b,
                 "    bridge_ports %s\n    bridge_hw %s\n    bridge_stp %s\n    bridge_fd %lld\n    bridge_maxwait 0\n",
                 net->port, net->mac, net->stp ? "on" : "off", net->delay_s);
    } else {
        buf_addf(b, "    pre-up ip link add name $IFACE address %s type bridge || :\n", net->mac);
        buf_addf(b,
                 "    pre-up ip link set dev $IFACE type bridge stp_state %d\n"
                 "    pre-up ip link set dev $IFACE type bridge forward_delay %lld\n",
                 net->stp, net->delay_s * 100);
        buf_addf(b, "    pre-up ip link set dev %s master $IFACE up\n    post-down ip link del dev $IFACE\n",
                 net->port);
    }
    buf_addf(b, "    mtu %s\n", net->mtu);
}

// The options of an iface stanza go up to the next word that begins one.
static bool begins_stanza(const struct strv *w)
{
    static const char *const words[] = {"iface",        "mapping", "auto",       "source",  "source-directory",
                                        "no-auto-down", "rename",  "no-scripts", "template"};
    for (size_t i = 0; w->n && i < ARRAY_SIZE(words); i++) {
        if (strcmp(w->s[0], words[i]) == 0)
            return true;
    }
    return w->n && str_starts(w->s[0], "allow-");
}

static void split_words(const struct text_line *l, struct strv *ret)
{
    _cleanup_free_ char *line = xstrndup(l->s, l->len);
    for (char *c = line; *c; c++)
        *c = isspace((unsigned char)*c) ? ' ' : *c;
    strv_split(ret, line, ' ');
}

static void add_commented(struct buf *out, const char *bridge, const struct text_line *l)
{
    buf_addf(out, "#migsh %s# ", bridge);
    buf_add(out, l->s, l->whole);
}

static int ifupdown_edit(const struct change *c, const char *old, size_t len, struct buf *out, struct err *e)
{
    (void)e;
    const char *const *names = c->data; // bridge, port
    _cleanup_lines_ struct text_lines t;
    text_split(old, len, &t);
    bool in = false, continued = false;
    for (size_t i = 0; i < t.n; i++) {
        _cleanup_strv_ struct strv w = STRV_INIT;
        split_words(&t.l[i], &w);
        if (!continued && begins_stanza(&w))
            in = strcmp(w.s[0], "iface") == 0 && w.n > 1 && strcmp(w.s[1], names[1]) == 0;
        continued = w.n && str_ends(w.s[w.n - 1], "\\");
        if (in && w.n && w.s[0][0] != '#')
            add_commented(out, names[0], &t.l[i]);
        else
            buf_add(out, t.l[i].s, t.l[i].whole);
    }
    return 0;
}

static void add_edit(struct bridge_files *files, const char *file, change_edit_fn *edit)
{
    add_file(files, "the port's own settings made comments", 0, xstrdup(file))->edit = edit;
}

static int write_ifupdown(const struct bridge_net *net, const char *file, struct bridge_files *ret, struct err *e)
{
    (void)e;
    if (file)
        add_edit(ret, file, ifupdown_edit);
    _cleanup_free_ char *name = xstrdup(net->bridge); // run-parts would not read one with a dot
    for (char *c = name; *c; c++)
        *c = *c == '.' ? '_' : *c;
    struct buf *b =
        add_ours(ret, "the bridge for ifupdown", 0644, xasprintf("/etc/network/interfaces.d/migsh-%s", name));
    buf_addf(b, "iface %s inet manual\n\nauto %s\n", net->port, net->bridge);
    size_t n = 0;
    for (size_t i = 0; i < net->addresses.n; i++) {
        const char *a = net->addresses.s[i];
        buf_addf(b, "iface %s inet%s static\n    address %s\n", net->bridge, six(a) ? "6" : "", a);
        if (n++ == 0) {
            ifupdown_bridge(net, b);
            if (net->dns.n) {
                buf_adds(b, "    dns-nameservers ");
                add_list(b, &net->dns, 0, " ");
                buf_addc(b, '\n');
            }
        }
        if (n == net->addresses.n) // when all of them are there
            each_route(net, ifupdown_route, b, 0);
    }
    if (!n) {
        buf_addf(b, "iface %s inet manual\n", net->bridge);
        ifupdown_bridge(net, b);
    }
    return 0;
}

// --- network-scripts

static int ifcfg_edit(const struct change *c, const char *old, size_t len, struct buf *out, struct err *e)
{
    (void)e;
    static const char *const keys[] = {"BOOTPROTO", "IPADDR", "PREFIX", "NETMASK",  "NETWORK", "BROADCAST", "GATEWAY",
                                       "DNS",       "DOMAIN", "SEARCH", "DEFROUTE", "PEERDNS", "IPV6",      "BRIDGE"};
    const char *const *names = c->data;
    _cleanup_free_ char *ours = xasprintf("# migsh: a port of %s\n", names[0]);
    if (memmem(old, len, ours, strlen(ours))) {
        buf_add(out, old, len);
        return 0;
    }
    _cleanup_lines_ struct text_lines t;
    text_split(old, len, &t);
    for (size_t i = 0; i < t.n; i++) {
        bool drop = false;
        for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
            drop = drop || (t.l[i].len > strlen(keys[k]) && strncmp(t.l[i].s, keys[k], strlen(keys[k])) == 0);
        if (drop)
            add_commented(out, names[0], &t.l[i]);
        else
            buf_add(out, t.l[i].s, t.l[i].whole);
    }
    if (out->len && out->s[out->len - 1] != '\n')
        buf_addc(out, '\n');
    buf_addf(out, "%sBOOTPROTO=none\nBRIDGE=%s\n", ours, names[0]);
    return 0;
}

static void ifcfg_route(struct buf *b, const struct route *r, size_t i)
{
    (void)i;
    buf_addf(b, "%s", r->dest);
    if (r->via)
        buf_addf(b, " via %s", r->via);
    if (r->metric)
        buf_addf(b, " metric %s", r->metric);
    buf_addc(b, '\n');
}

static void ifcfg_six(const struct bridge_net *net, struct buf *b)
{
    size_t n = 0;
    for (size_t i = 0; i < net->addresses.n; i++) {
        static const char *const before[] = {"IPV6INIT=yes\nIPV6_AUTOCONF=no\nIPV6ADDR=", "IPV6ADDR_SECONDARIES=\"",
                                             " "};
        if (six(net->addresses.s[i])) {
            buf_addf(b, "%s%s%s", before[n < 2 ? n : 2], net->addresses.s[i], n ? "" : "\n");
            n++;
        }
    }
    buf_adds(b, n > 1 ? "\"\n" : "");
}

static int write_ifcfg(const struct bridge_net *net, const char *file, struct bridge_files *ret, struct err *e)
{
    static const char dir[] = "/etc/sysconfig/network-scripts";
    if (!file)
        return err_set(e, ERR_UNSUPPORTED, "%s/ifcfg-%s is not there", dir, net->port);
    add_edit(ret, file, ifcfg_edit);
    struct buf *b = add_ours(ret, "the bridge for network-scripts", 0644, xasprintf("%s/ifcfg-%s", dir, net->bridge));
    buf_addf(b,
             "DEVICE=%s\nNAME=%s\nTYPE=Bridge\nONBOOT=yes\n"
             "BOOTPROTO=none\nSTP=%s\nDELAY=%lld\nMTU=%s\n",
             net->bridge, net->bridge, net->stp ? "on" : "off", net->delay_s, net->mtu);
    size_t n = 0;
    for (size_t i = 0; i < net->addresses.n; i++) {
        const char *a = net->addresses.s[i], *slash = strchr(a, '/');
        if (!six(a)) {
            buf_addf(b, "IPADDR%zu=%.*s\nPREFIX%zu=%s\n", n, (int)(slash - a), a, n, slash + 1);
            n++;
        }
    }
    ifcfg_six(net, b);
    for (size_t i = 0; i < net->dns.n; i++)
        buf_addf(b, "DNS%zu=%s\n", i + 1, net->dns.s[i]);
    _cleanup_buf_ struct buf four = BUF_INIT, sixes = BUF_INIT;
    each_route(net, ifcfg_route, &four, 4);
    each_route(net, ifcfg_route, &sixes, 6);
    if (four.len)
        buf_adds(&add_file(ret, "its routes", 0644, xasprintf("%s/route-%s", dir, net->bridge))->text, four.s);
    if (sixes.len)
        buf_adds(&add_file(ret, "its routes of IPv6", 0644, xasprintf("%s/route6-%s", dir, net->bridge))->text,
                 sixes.s);
    return 0;
}

// --- systemd-networkd

static void networkd_route(struct buf *b, const struct route *r, size_t i)
{
    (void)i;
    buf_adds(b, "\n[Route]\n");
    if (!r->is_default)
        buf_addf(b, "Destination=%s\n", r->dest);
    if (r->via)
        buf_addf(b, "Gateway=%s\n", r->via);
    if (r->metric)
        buf_addf(b, "Metric=%s\n", r->metric);
}

static int write_networkd(const struct bridge_net *net, const char *file, struct bridge_files *ret, struct err *e)
{
    (void)file, (void)e;
    static const char dir[] = "/etc/systemd/network";
    // Of several that match the first counts, by name: these come before everybody's, whose stay as they are.
    struct buf *b =
        add_ours(ret, "the bridge for systemd-networkd", 0644, xasprintf("%s/05-migsh-%s.netdev", dir, net->bridge));
    buf_addf(b,
             "[NetDev]\nName=%s\nKind=bridge\nMACAddress=%s\nMTUBytes=%s\n\n[Bridge]\nSTP=%s\n"
             "ForwardDelaySec=%lld\n",
             net->bridge, net->mac, net->mtu, net->stp ? "yes" : "no", net->delay_s);
    b = add_ours(ret, "its addresses", 0644, xasprintf("%s/05-migsh-%s.network", dir, net->bridge));
    buf_addf(b, "[Match]\nName=%s\n\n[Network]\nConfigureWithoutCarrier=yes\n%s", net->bridge,
             net->dhcp ? "DHCP=ipv4\n" : "");
    for (size_t i = 0; i < net->addresses.n; i++)
        buf_addf(b, "Address=%s\n", net->addresses.s[i]);
    for (size_t i = 0; i < net->dns.n; i++)
        buf_addf(b, "DNS=%s\n", net->dns.s[i]);
    each_route(net, networkd_route, b, 0);
    b = add_ours(ret, "its port", 0644, xasprintf("%s/05-migsh-%s-port.network", dir, net->bridge));
    buf_addf(b, "[Match]\nName=%s\n\n[Network]\nBridge=%s\nLinkLocalAddressing=no\nLLDP=no\n", net->port, net->bridge);
    return 0;
}

// --- netplan

// The key of a mapping in a line of YAML, and how far it is indented; false: there is none.
static bool yaml_key(const struct text_line *l, size_t *ret_indent, const char **ret_key, size_t *ret_len)
{
    size_t i = 0;
    while (i < l->len && l->s[i] == ' ')
        i++;
    size_t from = i + (i < l->len && strchr("\"'", l->s[i]) != NULL), to = from;
    while (to < l->len && !strchr(":\"' #", l->s[to]))
        to++;
    *ret_indent = i;
    *ret_key = l->s + from;
    *ret_len = to - from;
    return to > from && to < l->len && l->s[i] != '-';
}

static bool is_one_of(const char *key, size_t len, const char *const *list)
{
    for (; *list; list++) {
        if (strlen(*list) == len && memcmp(*list, key, len) == 0)
            return true;
    }
    return false;
}

// The port's addresses in "ethernets:", block style, become comments; in braces they cannot be found safely.
static int netplan_edit(const struct change *c, const char *old, size_t len, struct buf *out, struct err *e)
{
    static const char *const gone[] = {
        "addresses", "gateway4",   "gateway6",       "routes",          "nameservers",     "dhcp4", "dhcp6",
        "accept-ra", "link-local", "routing-policy", "dhcp4-overrides", "dhcp6-overrides", NULL};
    const char *const *names = c->data;
    const char *const port[] = {names[1], NULL};
    _cleanup_lines_ struct text_lines t;
    text_split(old, len, &t);
    size_t at = 0, drop = 0; // the indents of the port's and of the dropped key; 0: not in one
    for (size_t i = 0; i < t.n; i++) {
        size_t indent, n;
        const char *key;
        bool is_key = yaml_key(&t.l[i], &indent, &key, &n), item = indent < t.l[i].len && t.l[i].s[indent] == '-';
        bool blank = indent == t.l[i].len || t.l[i].s[indent] == '#';
        if (at && !blank && indent <= at)
            at = drop = 0;
        if (drop && !blank && (indent < drop || (indent == drop && !item)))
            drop = 0;
        if (!at && is_key && indent && is_one_of(key, n, port)) {
            if (memchr(key, '{', (size_t)(t.l[i].s + t.l[i].len - key)))
                return err_set(e, ERR_UNSAFE, "the settings of %s stand in braces, where they are not edited",
                               names[1]);
            at = indent;
        } else if (at && !drop && is_key && is_one_of(key, n, gone)) {
            drop = indent;
        }
        if (drop && !blank)
            add_commented(out, names[0], &t.l[i]);
        else
            buf_add(out, t.l[i].s, t.l[i].whole);
    }
    return 0;
}

static void netplan_route(struct buf *b, const struct route *r, size_t i)
{
    if (i == 1)
        buf_adds(b, "      routes:\n");
    // (Before 0.103 "default" was not known.)
    buf_addf(b, "        - to: \"%s\"\n", r->is_default ? (r->six ? "::/0" : "0.0.0.0/0") : r->dest);
    if (r->via)
        buf_addf(b, "          via: \"%s\"\n", r->via);
    else
        buf_adds(b, "          scope: link\n");
    if (r->metric)
        buf_addf(b, "          metric: %s\n", r->metric);
}

static void yaml_list(struct buf *b, const char *head, const struct strv *list)
{
    for (size_t i = 0; i < list->n; i++)
        buf_addf(b, "%s%s\"%s\"%s", i ? "" : head, i ? ", " : " [", list->s[i], i + 1 == list->n ? "]\n" : "");
}

static int write_netplan(const struct bridge_net *net, const char *file, struct bridge_files *ret, struct err *e)
{
    (void)e;
    if (file)
        add_edit(ret, file, netplan_edit);
    struct buf *b =
        add_ours(ret, "the bridge for netplan", 0600, xasprintf("/etc/netplan/90-migsh-%s.yaml", net->bridge));
    buf_addf(b,
             "network:\n  version: 2\n  ethernets:\n    \"%s\":\n      dhcp4: false\n      dhcp6: false\n"
             "      accept-ra: false\n  bridges:\n    \"%s\":\n      interfaces: [\"%s\"]\n"
             "      macaddress: \"%s\"\n      mtu: %s\n      parameters:\n        stp: %s\n"
             "        forward-delay: %lld\n      dhcp4: %s\n",
             net->port, net->bridge, net->port, net->mac, net->mtu, net->stp ? "true" : "false", net->delay_s,
             net->dhcp ? "true" : "false");
    yaml_list(b, "      addresses:", &net->addresses);
    yaml_list(b, "      nameservers:\n        addresses:", &net->dns);
    each_route(net, netplan_route, b, 0);
    return 0;
}

// --- NetworkManager

static void nm_route(struct buf *b, const struct route *r, size_t i)
{
    buf_addf(b, "route%zu=%s", i, r->is_default ? (r->six ? "::/0" : "0.0.0.0/0") : r->dest);
    if (r->via || r->metric)
        buf_addf(b, ",%s", r->via ? r->via : r->six ? "::" : "0.0.0.0");
    if (r->metric)
        buf_addf(b, ",%s", r->metric);
    buf_addc(b, '\n');
}

static void nm_family(const struct bridge_net *net, int family, struct buf *b)
{
    size_t n = 0;
    _cleanup_buf_ struct buf addresses = BUF_INIT;
    for (size_t i = 0; i < net->addresses.n; i++) {
        if (six(net->addresses.s[i]) == (family == 6))
            buf_addf(&addresses, "address%zu=%s\n", ++n, net->addresses.s[i]);
    }
    bool automatic = family == 6 || net->dhcp, off = !n && !automatic;
    const char *method = n ? "manual" : automatic ? "auto" : "disabled";
    buf_addf(b, "\n[ipv%d]\nmethod=%s\n%s", family, method, buf_str(&addresses));
    n = 0;
    for (size_t i = 0; i < net->dns.n && !off; i++) {
        if (six(net->dns.s[i]) == (family == 6))
            buf_addf(b, "%s%s;", n++ ? "" : "dns=", net->dns.s[i]);
    }
    buf_adds(b, n ? "\n" : "");
    each_route(net, nm_route, b, family);
}

static int write_nm(const struct bridge_net *net, const char *file, struct bridge_files *ret, struct err *e)
{
    (void)file, (void)e;
    static const char dir[] = "/etc/NetworkManager/system-connections";
    struct buf *b =
        add_ours(ret, "the bridge for NetworkManager", 0600, xasprintf("%s/migsh-%s.nmconnection", dir, net->bridge));
    buf_addf(b,
             "[connection]\nid=migsh-%s\ntype=bridge\ninterface-name=%s\nautoconnect-slaves=1\n\n"
             "[bridge]\nmac-address=%s\nstp=%s\n",
             net->bridge, net->bridge, net->mac, net->stp ? "true" : "false");
    if (net->stp) // without STP there is none, whatever is said
        buf_addf(b, "forward-delay=%lld\n", net->delay_s);
    buf_addf(b, "\n[ethernet]\nmtu=%s\n", net->mtu);
    nm_family(net, 4, b);
    nm_family(net, 6, b);
    b = add_ours(ret, "its port", 0600, xasprintf("%s/migsh-%s-port.nmconnection", dir, net->bridge));
    // Before the connection that the port has had, which stays as it is.
    buf_addf(b,
             "[connection]\nid=migsh-%s-port\ntype=ethernet\ninterface-name=%s\nmaster=%s\n"
             "slave-type=bridge\nautoconnect-priority=900\n",
             net->bridge, net->port, net->bridge);
    return 0;
}

const struct bridge_backend bridge_backends[] = {
    {"netplan", true, bridge_hook_netplan, write_netplan},
    {"nm", true, bridge_hook_nm, write_nm},
    {"networkd", true, bridge_hook_networkd, write_networkd},
    {"ifcfg", false, bridge_hook_ifcfg, write_ifcfg},
    {"ifupdown", false, bridge_hook_ifupdown, write_ifupdown},
    {"ip", false, bridge_hook_ip, NULL}, // until the next boot
    {NULL, false, NULL, NULL},
};

const char *const bridge_backend_names[] = {"netplan", "nm", "networkd", "ifcfg", "ifupdown", "ip", NULL};

const struct bridge_backend *bridge_backend_of(const char *name)
{
    const struct bridge_backend *b = bridge_backends;
    while (b->name && strcmp(b->name, name) != 0)
        b++;
    return b->name ? b : NULL;
}
