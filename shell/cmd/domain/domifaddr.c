// SPDX-License-Identifier: GPL-3.0-or-later
// A guest's network addresses, from the first source that knows any.
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/printable.h"
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "core/guest/domxml.h"
#include "core/watch/neigh.h"
#include "io/virt/info.h"
#include "io/virt/xml.h"

enum { DOMAIN, INTERFACE, FULL, SOURCE };

enum { NEIGH = VIRT_ADDR_ARP + 1 };
static const char *const sources[] = {"lease", "agent", "arp", "neigh", NULL}; // by enum virt_addr_source, NEIGH

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [INTERFACE] = {"interface", OPT_STRING, OPTF_POS, "network interface name, or its MAC", .of_domain = "card"},
    [FULL] = {"full", OPT_BOOL, 0, "always display names and MACs of interfaces"},
    [SOURCE] = {"source", OPT_ENUM, OPTF_POS, "address source; without: the first of them that knows one",
                .choices = sources},
    {NULL},
};

static bool wanted(const struct cmd_call *c, const json_t *iface)
{
    const char *want = c->vals[INTERFACE].s;
    const char *name = json_text_at(iface, "name");
    const char *mac = json_text_at(iface, "mac");
    return !want || (name && strcmp(name, want) == 0) || (mac && strcasecmp(mac, want) == 0);
}

// One row for each address; an interface without any has one with nulls, as virsh's "N/A".
static void add_rows(json_t *rows, const json_t *iface, const char *source)
{
    const json_t *addresses = json_object_get(iface, "addresses");
    size_t n = json_array_size(addresses);
    for (size_t i = 0; i < (n ? n : 1); i++) {
        json_t *row = json_object();
        json_object_set(row, "name", json_object_get(iface, "name"));
        json_object_set(row, "mac", json_object_get(iface, "mac"));
        json_object_set_new(row, "protocol", json_null());
        json_object_set_new(row, "address", json_null());
        json_object_set_new(row, "prefix", json_null());
        if (n)
            json_object_update(row, json_array_get(addresses, i));
        json_object_set_new(row, "source", json_text(source));
        json_array_append_new(rows, row);
    }
}

static int ask_node(struct cmd_call *c, json_t **ret, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (!c->where.node) {
        err_set(e, ERR_UNSUPPORTED, "the neighbour table is asked for over ssh, of a node of the inventory");
        return err_hint(e, "node-add adds this host");
    }
    if (virt_dom_xml(c->vals[DOMAIN].dom, 0, &xml, e) < 0 || xml_parse(xml, &doc, e) < 0)
        return -1;
    json_t *interfaces = domxml_interfaces(doc);
    int r = neigh_addresses(c->ctx, c->job, c->where.node, interfaces, ret, e);
    json_decref(interfaces);
    return r;
}

// Rows of one source; *ret_found: is there an address among them?
static int ask(struct cmd_call *c, int source, json_t **ret, bool *ret_found, struct err *e)
{
    json_t *ifaces;
    if ((source == NEIGH ? ask_node(c, &ifaces, e)
                         : virt_dom_addresses(c->vals[DOMAIN].dom, (enum virt_addr_source)source, &ifaces, e)) < 0)
        return -1;
    json_t *rows = json_array(), *iface;
    size_t i;
    *ret_found = false;
    json_array_foreach(ifaces, i, iface)
    {
        if (!wanted(c, iface))
            continue;
        add_rows(rows, iface, sources[source]);
        *ret_found |= json_array_size(json_object_get(iface, "addresses")) > 0;
    }
    json_decref(ifaces);
    *ret = rows;
    return 0;
}

static int ask_all(struct cmd_call *c, struct err *e)
{
    struct err last = ERR_INIT;
    for (int i = 0; sources[i]; i++) {
        json_t *rows = NULL;
        bool found;
        if (ask(c, i, &rows, &found, &last) < 0) {
            if (last.code == ERR_STATE || last.code == ERR_UNREACHABLE || last.code == ERR_CANCELLED)
                break;
            continue;
        }
        err_release(&last);
        // The first answer is kept in case no source has more to tell.
        if (found || !c->result) {
            json_decref(c->result);
            c->result = rows;
        } else {
            json_decref(rows);
        }
        if (found)
            break;
    }
    int r = 0;
    if (!c->result)
        r = (err_move(e, &last), -1);
    err_release(&last);
    return r;
}

static void add_rows_text(const json_t *rows, bool full, struct buf *out)
{
    buf_addf(out, " %-10s %-20s %-8s     %s\n", "Name", "MAC address", "Protocol", "Address");
    buf_addn(out, '-', 79);
    buf_addc(out, '\n');
    size_t i;
    json_t *row;
    const char *previous = NULL;
    json_array_foreach(rows, i, row)
    {
        const char *name = json_text_at(row, "name");
        const char *mac = json_text_at(row, "mac");
        const char *protocol = json_text_at(row, "protocol");
        const char *address = json_text_at(row, "address");
        bool again = !full && previous && name && strcmp(previous, name) == 0;
        _cleanup_buf_ struct buf line = BUF_INIT;
        buf_addf(&line, " %-10s %-17s    %-12s ", again || !name ? "-" : name, again || !mac ? "-" : mac,
                 protocol ? protocol : "N/A");
        if (address)
            buf_adds(&line, address);
        const json_t *prefix = json_object_get(row, "prefix");
        if (json_is_integer(prefix))
            buf_addf(&line, "/%lld", (long long)json_integer_value(prefix));
        buf_adds(&line, address ? "" : "N/A");
        buf_add_line(out, buf_str(&line)); // an agent is the guest's: its words may be anything
        buf_addc(out, '\n');
        previous = name;
    }
}

static void render(const json_t *rows, struct buf *out)
{
    add_rows_text(rows, false, out);
}

static void render_full(const json_t *rows, struct buf *out)
{
    add_rows_text(rows, true, out);
}

static const struct view full_view = {VIEW_CUSTOM, .render = render_full};

static int run(struct cmd_call *c, struct err *e)
{
    if (c->vals[FULL].b)
        c->view = &full_view;
    if (!c->vals[SOURCE].given)
        return ask_all(c, e);
    int source = 0;
    while (strcmp(sources[source], c->vals[SOURCE].s) != 0)
        source++;
    bool found;
    return ask(c, source, &c->result, &found, e);
}

const struct cmd_def cmd_domifaddr = {
    .name = "domifaddr",
    .group = "Domains",
    .summary = "get network interfaces' addresses for a running domain",
    .help = "Sources are asked in turn until one knows an address: lease (libvirt's own DHCP), agent (inside the\n"
            "guest), arp (the host's table, through libvirt), neigh (the node's neighbour table,\n"
            "asked over ssh, and this machine's own).",
    .example = "domifaddr share\ndomifaddr share --source agent --full",
    .opts = opts,
    .flags = CMD_CONN | CMD_READS,
    .view = {VIEW_CUSTOM, .render = render},
    .run = run};
