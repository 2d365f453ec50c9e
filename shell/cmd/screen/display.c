// SPDX-License-Identifier: GPL-3.0-or-later
// Where a guest's screen can be looked at.
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/strv.h"
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "io/virt/xml.h"
#include "io/xml.h"

enum { DOMAIN, PASSWORD, TYPE, ALL };
enum { VNC_BASE = 5900 };

static const char *const types[] = {"vnc", "spice", "rdp", "dbus", NULL};

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [PASSWORD] = {"include-password", OPT_BOOL, 0, "includes the password into the connection URI if available",
                  .bits = VIRT_XML_SECURE},
    [TYPE] = {"type", OPT_ENUM, OPTF_POS, "select particular graphical display", .choices = types, .excludes = "all"},
    [ALL] = {"all", OPT_BOOL, 0, "show all possible graphical displays"},
    {NULL},
};

static const struct opt_def vnc_opts[] = {[DOMAIN] = DOMAIN_ROW, {NULL}};

// Of the first <graphics> of a type; what it does not say is NULL or 0.
struct display {
    const char *type;
    long long port, tls_port;
    char *address, *socket, *password;
};

static void display_release(struct display *d)
{
    free(d->address);
    free(d->socket);
    free(d->password);
}

static char *get(struct xml_doc *doc, const char *type, const char *what)
{
    _cleanup_free_ char *xpath = xasprintf("string(/domain/devices/graphics[@type='%s']%s)", type, what);
    return xml_string(doc, NULL, xpath);
}

static long long get_port(struct xml_doc *doc, const char *type, const char *what)
{
    _cleanup_free_ char *text = get(doc, type, what);
    long long n = 0;
    return text && str_to_int(text, 1, 65535, &n) == 0 ? n : 0;
}

// False: there is none that could be reached.
static bool read_display(struct xml_doc *doc, const char *type, struct display *ret)
{
    *ret = (struct display){.type = type, .port = get_port(doc, type, "/@port")};
    ret->tls_port = strcmp(type, "spice") == 0 ? get_port(doc, type, "/@tlsPort") : 0;
    ret->address = get(doc, type, "/@listen");
    if (!ret->address)
        ret->address = get(doc, type, strcmp(type, "dbus") == 0 ? "/@address" : "/listen/@address");
    ret->socket = get(doc, type, "/listen[@type='socket']/@socket");
    if (!ret->socket)
        ret->socket = get(doc, type, "/@socket");
    ret->password = get(doc, type, "/@passwd");
    return ret->port || ret->tls_port || ret->socket || (strcmp(type, "dbus") == 0 && ret->address);
}

static bool is_wildcard(const char *address)
{
    return address && (strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0);
}

// The host that the connection leads to, for who listens on all of its addresses; NULL: this one.
static char *host_of(const struct cmd_call *c)
{
    if (c->where.node && c->where.node->address)
        return xstrdup(c->where.node->address);
    const char *at = c->where.uri ? strstr(c->where.uri, "://") : NULL;
    if (!at)
        return NULL;
    at += strlen("://");
    size_t n = strcspn(at, "/?");
    const char *user = memchr(at, '@', n);
    if (user)
        at = user + 1;
    bool bracket = *at == '[';
    at += bracket;
    n = bracket ? strcspn(at, "]") : strcspn(at, ":/?");
    return n ? xasprintf("%.*s", (int)n, at) : NULL;
}

static void add_host(struct buf *b, const char *host)
{
    buf_addf(b, strchr(host, ':') ? "[%s]" : "%s", host);
}

static char *uri_of(const struct cmd_call *c, const struct display *d)
{
    struct buf b = BUF_INIT;
    bool vnc = strcmp(d->type, "vnc") == 0;
    if (strcmp(d->type, "dbus") == 0) {
        buf_addf(&b, "dbus:%s", d->address ? d->address : "");
        return buf_steal(&b);
    }
    _cleanup_free_ char *host = is_wildcard(d->address) ? host_of(c) : NULL;
    buf_addf(&b, d->socket ? "%s+unix://" : "%s://", d->type);
    if (vnc && d->password)
        buf_addf(&b, ":%s@", d->password);
    if (d->socket)
        buf_adds(&b, d->socket);
    else
        add_host(&b, host ? host : d->address ? d->address : "localhost");
    if (d->port && !d->socket)
        buf_addf(&b, ":%lld", vnc ? d->port - VNC_BASE : d->port);
    if (d->tls_port)
        buf_addf(&b, "?tls-port=%lld", d->tls_port);
    if (!vnc && d->password)
        buf_addf(&b, "%spassword=%s", d->tls_port ? "&" : "?", d->password);
    return buf_steal(&b);
}

static int running_xml(struct cmd_call *c, unsigned flags, struct xml_doc **ret, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    _cleanup_free_ char *xml = NULL;
    if (virt_dom_id(dom) < 0)
        return err_set(e, ERR_STATE, "domain '%s' is not running", virt_dom_name(dom));
    return virt_dom_xml(dom, flags, &xml, e) < 0 ? -1 : xml_parse(xml, ret, e);
}

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    const char *type = c->vals[TYPE].s;
    if (running_xml(c, cmd_bits(c), &doc, e) < 0)
        return -1;
    c->result = json_array();
    for (size_t i = 0; types[i] && (c->vals[ALL].b || !json_array_size(c->result)); i++) {
        _cleanup_(display_release) struct display d = {.type = types[i]};
        if ((type && strcmp(type, types[i]) != 0) || !read_display(doc, types[i], &d))
            continue;
        _cleanup_free_ char *uri = uri_of(c, &d);
        json_array_append_new(c->result, json_pack("{s:o, s:o}", "type", json_text(types[i]), "uri", json_text(uri)));
    }
    if (json_array_size(c->result))
        return 0;
    return type ? err_set(e, ERR_NOT_FOUND, "No graphical display with type '%s' found", type)
                : err_set(e, ERR_NOT_FOUND, "No graphical display found");
}

static int run_vnc(struct cmd_call *c, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_(display_release) struct display d = {.type = "vnc"};
    _cleanup_buf_ struct buf b = BUF_INIT;
    if (running_xml(c, 0, &doc, e) < 0)
        return -1;
    read_display(doc, "vnc", &d);
    if (!d.port)
        return err_set(e, ERR_NOT_FOUND, "Failed to get VNC port. Is this domain using VNC?");
    if (d.address && !is_wildcard(d.address))
        add_host(&b, d.address);
    buf_addf(&b, ":%lld", d.port - VNC_BASE);
    c->result = json_text(buf_str(&b));
    return 0;
}

static const struct view_col uris[] = {{"uri"}, {NULL}};

const struct cmd_def cmd_domdisplay = {
    .name = "domdisplay",
    .group = "Domains",
    .summary = "domain display connection URI",
    .help =
        "For a viewer. Where the screen is served on all addresses of the host, the one by which migsh reaches it is\n"
        "told. After a migration it is another one: ask again.",
    .example = "domdisplay share\ndomdisplay share --type vnc\ndomdisplay share --all",
    .opts = opts,
    .flags = CMD_CONN | CMD_READS,
    .view = {VIEW_LINES, uris},
    .run = run};

const struct cmd_def cmd_vncdisplay = {
    .name = "vncdisplay",
    .group = "Domains",
    .summary = "vnc display",
    .help = "The address, unless it is any of the host's, and the number of the display.",
    .example = "vncdisplay share",
    .opts = vnc_opts,
    .flags = CMD_CONN | CMD_READS,
    .view = {VIEW_TEXT},
    .run = run_vnc};
