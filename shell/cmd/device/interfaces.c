// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's network cards: taken away, and their links set and asked.
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/device/device.h"
#include "cmd/domain/power.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "io/virt/xml.h"
#include "io/xml.h"

enum { DOMAIN, TYPE, MAC, PERSISTENT, PRINT_XML = PERSISTENT + N_AFFECT_ROWS };
enum { INTERFACE = TYPE, STATE, CONFIG_LINK, PRINT_LINK, CONFIG_GET = STATE };

static const char *const types[] = {"network",   "bridge", "direct", "hostdev", "user",     "ethernet",
                                    "vhostuser", "server", "client", "mcast",   "internal", "udp",
                                    "vdpa",      "null",   "vds",    NULL};
static const char *const states[] = {"up", "down", NULL};

static const struct opt_def detach_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [TYPE] = {"type", OPT_ENUM, OPTF_POS | OPTF_REQ, "network interface type", .choices = types},
    [MAC] = {"mac", OPT_STRING, OPTF_POS, "MAC address", .of_domain = "card"},
    [PERSISTENT] = AFFECT_ROWS,
    [PRINT_XML] = {"print-xml", OPT_BOOL, 0, "print XML document rather than detach the interface"},
    {NULL},
};
static const struct opt_def set_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [INTERFACE] = {"interface", OPT_STRING, OPTF_POS | OPTF_REQ, "interface device (or MAC address)",
                   .of_domain = "card"},
    [STATE] = {"state", OPT_ENUM, OPTF_POS | OPTF_REQ, "new state of the device", .choices = states},
    [CONFIG_LINK] = {"config", OPT_BOOL, 0, "affect next boot"},
    [PRINT_LINK] = {"print-xml", OPT_BOOL, 0, "print XML document rather than set the interface link state"},
    {NULL},
};
static const struct opt_def get_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [INTERFACE] = {"interface", OPT_STRING, OPTF_POS | OPTF_REQ, "interface device (or MAC address)",
                   .of_domain = "card"},
    [CONFIG_GET] = {"config", OPT_BOOL, 0, "get persistent interface state"},
    {NULL},
};

const char *const interface_rate_names[RATE_FIELDS] = {"average", "peak", "burst", "floor"};

int interface_rate(const char *option, const char *text, size_t n, struct interface_rate *ret, struct err *e)
{
    *ret = (struct interface_rate){.said = 0};
    size_t i = 0;
    for (const char *at = text; at; i++) {
        size_t len = strcspn(at, ",");
        _cleanup_free_ char *word = xstrndup(at, len);
        if (i == n || (len && str_to_int(word, 0, 0xffffffffLL, &ret->n[i]) < 0))
            return err_set(e, ERR_USAGE, "--%s: '%s' is not a comma-separated list of numbers", option, text);
        ret->said |= len ? 1U << i : 0;
        at = at[len] ? at + len + 1 : NULL;
    }
    if (ret->said & 1 || ret->said & 8)
        return 0;
    return err_set(e, ERR_USAGE, "--%s: the average is missing", option);
}

static bool is(struct xml_doc *doc, struct xml_node *card, const char *xpath, const char *wanted)
{
    _cleanup_free_ char *text = xml_string(doc, card, xpath);
    return text && strcasecmp(text, wanted) == 0;
}

struct wanted {
    const char *type, *mac, *dev; // NULL: whatever it is
};

// Where among the domain's network cards the one is that is meant, from 1, as XPath counts; 0: none; -1: several.
static int card_number(struct xml_doc *doc, const struct wanted *w, size_t *ret_hits)
{
    size_t n, at = 0;
    _cleanup_free_ struct xml_node **cards = xml_nodes(doc, NULL, "/domain/devices/interface", &n);
    *ret_hits = 0;
    for (size_t i = 0; i < n; i++) {
        if ((w->type && !is(doc, cards[i], "@type", w->type)) ||
            (w->mac && !is(doc, cards[i], "mac/@address", w->mac)) ||
            (w->dev && !is(doc, cards[i], "target/@dev", w->dev) && !is(doc, cards[i], "mac/@address", w->dev)))
            continue;
        at = i + 1;
        ++*ret_hits;
    }
    return (int)at;
}

static int card_xml(struct xml_doc *doc, int number, char **ret, struct err *e)
{
    _cleanup_free_ char *xpath = xasprintf("/domain/devices/interface[%d]", number);
    return xml_query(doc, xpath, false, ret, e);
}

// ---- detach-interface

static int find_detached(const struct cmd_call *c, struct xml_doc *doc, char **ret, struct err *e)
{
    const char *type = c->vals[TYPE].s, *mac = c->vals[MAC].s, *name = virt_dom_name(c->vals[DOMAIN].dom);
    size_t of_type, hits;
    int number = card_number(doc, &(struct wanted){.type = type}, &of_type);
    if (!of_type)
        return err_set(e, ERR_NOT_FOUND, "domain '%s' has no interface of type %s", name, type);
    if (mac)
        number = card_number(doc, &(struct wanted){.type = type, .mac = mac}, &hits);
    else if (of_type > 1)
        return err_set(e, ERR_USAGE, "domain '%s' has %zu interfaces of type %s: --mac says which", name, of_type,
                       type);
    else
        hits = 1;
    if (!hits)
        return err_set(e, ERR_NOT_FOUND, "domain '%s' has no interface of type %s with the MAC address %s", name, type,
                       mac);
    if (hits > 1)
        return err_set(e, ERR_USAGE, "domain '%s' has %zu interfaces with the MAC address %s", name, hits, mac);
    return card_xml(doc, number, ret, e);
}

// One half of it: what is to go from what runs, or from the configuration, by its own description.
static int find_half(struct cmd_call *c, bool config, bool both, char **ret, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (device_domain_xml(c, config, &doc, e) < 0)
        return -1;
    if (find_detached(c, doc, ret, e) == 0)
        return 0;
    if (e->code == ERR_NOT_FOUND)
        err_hint(e, "domiflist %s %sshows its interfaces", virt_dom_name(c->vals[DOMAIN].dom),
                 config ? "--inactive " : "");
    return both ? err_wrap(e, config ? "its configuration" : "the running guest") : -1;
}

// Both halves are found before one is changed.
static int run_detach(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *config = NULL, *live = NULL;
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    unsigned bits = device_affects(c);
    bool in_config = bits & VIRT_AFFECT_CONFIG, in_live = bits != VIRT_AFFECT_CONFIG;
    if ((in_config && find_half(c, true, in_live, &config, e) < 0) ||
        (in_live && find_half(c, false, in_config, &live, e) < 0))
        return -1;
    if (c->vals[PRINT_XML].b)
        return object_print_xml(c, live ? live : config);
    if (config && virt_dom_detach(dom, config, VIRT_AFFECT_CONFIG, e) < 0)
        return domain_failed_off(dom, "detach an interface from", AFFECT_STATE_HINT, e);
    if (live && virt_dom_detach(dom, live, bits & VIRT_AFFECT_LIVE, e) < 0) {
        domain_failed_off(dom, "detach an interface from", AFFECT_STATE_HINT, e);
        return config ? err_wrap(e, "removed from the configuration, but not from the running guest") : -1;
    }
    domain_result(c, dom);
    return 0;
}

// ---- domif-setlink, domif-getlink

static int find_link(const struct cmd_call *c, struct xml_doc *doc, int *ret, struct err *e)
{
    const char *name = virt_dom_name(c->vals[DOMAIN].dom), *text = c->vals[INTERFACE].s;
    size_t hits;
    int number = card_number(doc, &(struct wanted){.dev = text}, &hits);
    if (hits > 1)
        return err_set(e, ERR_USAGE, "domain '%s' has %zu interfaces '%s'", name, hits, text);
    if (!hits) {
        err_set(e, ERR_NOT_FOUND, "domain '%s' has no interface '%s'", name, text);
        return err_hint(e, "domiflist %s shows its interfaces", name);
    }
    *ret = number;
    return 0;
}

static int set_state(struct xml_doc *doc, int number, const char *state, struct err *e)
{
    _cleanup_free_ char *xpath = xasprintf("/domain/devices/interface[%d]", number);
    _cleanup_free_ char *piece = xasprintf("<link state=\"%s\"/>", state);
    size_t n, n_links;
    _cleanup_free_ struct xml_node **card = xml_nodes(doc, NULL, xpath, &n);
    _cleanup_free_ struct xml_node **link = xml_nodes(doc, card[0], "link", &n_links);
    if (n_links)
        return xml_node_set_attribute(link[0], "state", state, e);
    return xml_append(card[0], piece, e);
}

static int run_setlink(struct cmd_call *c, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_free_ char *xml = NULL;
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    bool config = c->vals[CONFIG_LINK].b;
    int number;
    if (device_domain_xml(c, config, &doc, e) < 0 || find_link(c, doc, &number, e) < 0 ||
        set_state(doc, number, c->vals[STATE].s, e) < 0 || card_xml(doc, number, &xml, e) < 0)
        return -1;
    if (c->vals[PRINT_LINK].b)
        return object_print_xml(c, xml);
    if (virt_dom_update(dom, xml, config || virt_dom_id(dom) < 0 ? VIRT_AFFECT_CONFIG : VIRT_AFFECT_LIVE, e) < 0)
        return domain_failed(dom, "set the link of an interface of", NULL, e);
    domain_result(c, dom);
    json_object_set_new(c->result, "interface", json_text(c->vals[INTERFACE].s));
    json_object_set_new(c->result, "state", json_text(c->vals[STATE].s));
    return 0;
}

static int run_getlink(struct cmd_call *c, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    int number;
    if (device_domain_xml(c, c->vals[CONFIG_GET].b, &doc, e) < 0 || find_link(c, doc, &number, e) < 0)
        return -1;
    _cleanup_free_ char *xpath = xasprintf("/domain/devices/interface[%d]/link/@state", number);
    _cleanup_free_ char *state = xml_string(doc, NULL, xpath);
    c->result = json_object();
    json_object_set_new(c->result, "interface", json_text(c->vals[INTERFACE].s));
    json_object_set_new(c->result, "state", json_text(state ? state : "up")); // none is said where it is the usual
    return 0;
}

const struct cmd_def cmd_detach_interface = {
    .name = "detach-interface",
    .group = "Devices",
    .summary = "detach network interface",
    .help = "The running guest loses it; with --persistent for good, with --config at its next start.",
    .example = "detach-interface share network --mac 52:54:00:12:34:56 --persistent\ndetach-interface share bridge",
    .opts = detach_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Interface detached successfully"},
    .run = run_detach};

const struct cmd_def cmd_domif_getlink = {.name = "domif-getlink",
                                          .group = "Devices",
                                          .summary = "get link state of a virtual interface",
                                          .example = "domif-getlink share vnet0",
                                          .opts = get_opts,
                                          .flags = CMD_CONN | CMD_READS,
                                          .view = {VIEW_NONE, .message = "{interface} {state}"},
                                          .run = run_getlink};

const struct cmd_def cmd_domif_setlink = {
    .name = "domif-setlink",
    .group = "Devices",
    .summary = "set link state of a virtual interface",
    .help = "As if the cable were pulled out of the guest's network card, or put in again.",
    .example = "domif-setlink share vnet0 down\ndomif-setlink share 52:54:00:12:34:56 up --config",
    .opts = set_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Device updated successfully"},
    .run = run_setlink};
