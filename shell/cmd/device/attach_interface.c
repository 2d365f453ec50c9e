// SPDX-License-Identifier: GPL-3.0-or-later
// A network card for a domain, made of single values.
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/device/device.h"
#include "cmd/rows.h"
#include "core/console/names_watch.h"
#include "io/xml.h"

enum {
    DOMAIN,
    TYPE,
    SOURCE,
    TARGET,
    MAC,
    SCRIPT,
    MODEL,
    ALIAS,
    INBOUND,
    OUTBOUND,
    PERSISTENT,
    PRINT_XML = PERSISTENT + N_AFFECT_ROWS,
    MANAGED,
    SOURCE_MODE
};

static const char *const types[] = {"network", "bridge", "direct", "hostdev", "vhostuser", NULL};
static const char *const modes[] = {"server", "client", NULL};

// Networks can be known; the devices of a host are its own.
static void complete_source(struct ctx *ctx, const char *prefix, struct strv *out)
{
    names_watch_look(ctx, "network", NULL);
    ctx_names(ctx, "network", NULL, prefix, out);
}

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [TYPE] = {"type", OPT_ENUM, OPTF_POS | OPTF_REQ, "network interface type", .choices = types},
    [SOURCE] = {"source", OPT_STRING, OPTF_POS | OPTF_REQ,
                "source of network interface: a network, a bridge or device of the host, a PCI address, a socket",
                .complete = complete_source},
    [TARGET] = {"target", OPT_STRING, OPTF_POS, "target network name"},
    [MAC] = {"mac", OPT_STRING, OPTF_POS, "MAC address"},
    [SCRIPT] = {"script", OPT_STRING, OPTF_POS, "script used to bridge network interface"},
    [MODEL] = {"model", OPT_STRING, OPTF_POS, "model type"},
    [ALIAS] = {"alias", OPT_STRING, OPTF_POS, "custom alias name of interface device"},
    [INBOUND] = {"inbound", OPT_STRING, OPTF_POS, "control domain's incoming traffics: AVERAGE[,PEAK[,BURST[,FLOOR]]]"},
    [OUTBOUND] = {"outbound", OPT_STRING, OPTF_POS, "control domain's outgoing traffics: AVERAGE[,PEAK[,BURST]]"},
    [PERSISTENT] = AFFECT_ROWS,
    [PRINT_XML] = {"print-xml", OPT_BOOL, 0, "print XML document rather than attach the interface"},
    [MANAGED] = {"managed", OPT_BOOL, 0, "libvirt will automatically detach/attach the device from/to host"},
    [SOURCE_MODE] = {"source-mode", OPT_ENUM, OPTF_POS, "of vhostuser: mode attribute of <source/> element",
                     .choices = modes},
    {NULL},
};

// "0000:03:00.1"
static int add_pci(struct buf *b, const char *text, struct err *e)
{
    unsigned domain, bus, slot, function;
    int n = 0;
    if (sscanf(text, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &n) != 4 || text[n])
        return err_set(e, ERR_USAGE, "--source: '%s' is not a PCI address such as 0000:03:00.1", text);
    buf_addf(b, "  <source>\n    <address type='pci' domain='0x%.4x' bus='0x%.2x' slot='0x%.2x' function='0x%.1x'/>\n",
             domain, bus, slot, function);
    buf_adds(b, "  </source>\n");
    return 0;
}

static int add_source(const struct cmd_call *c, struct buf *b, struct err *e)
{
    const char *type = c->vals[TYPE].s, *mode = c->vals[SOURCE_MODE].s;
    bool socket = strcmp(type, "vhostuser") == 0;
    if (socket != (mode != NULL))
        return err_set(e, ERR_USAGE, socket ? "vhostuser needs --source-mode" : "only vhostuser has a --source-mode");
    if (strcmp(type, "hostdev") == 0)
        return add_pci(b, c->vals[SOURCE].s, e);
    buf_addf(b, "  <source%s", socket ? " type='unix'" : "");
    xml_add_attribute(b, socket ? "path" : strcmp(type, "direct") == 0 ? "dev" : type, c->vals[SOURCE].s);
    if (socket)
        xml_add_attribute(b, "mode", mode);
    buf_adds(b, "/>\n");
    return 0;
}

static int add_rate(const struct cmd_call *c, int opt, size_t n_names, struct buf *b, struct err *e)
{
    struct interface_rate rate;
    if (!c->vals[opt].s)
        return 0;
    if (interface_rate(c->def->opts[opt].name, c->vals[opt].s, n_names, &rate, e) < 0)
        return -1;
    buf_addf(b, "    <%s", c->def->opts[opt].name);
    for (size_t i = 0; i < n_names; i++) {
        if (rate.said & 1U << i)
            buf_addf(b, " %s='%lld'", interface_rate_names[i], rate.n[i]);
    }
    buf_adds(b, "/>\n");
    return 0;
}

static int make_xml(const struct cmd_call *c, struct buf *b, struct err *e)
{
    const struct opt_val *v = c->vals;
    buf_addf(b, "<interface type='%s'%s>\n", v[TYPE].s, v[MANAGED].b ? " managed='yes'" : "");
    if (add_source(c, b, e) < 0)
        return -1;
    xml_add_empty(b, 2, "target", "dev", v[TARGET].s);
    xml_add_empty(b, 2, "mac", "address", v[MAC].s);
    xml_add_empty(b, 2, "script", "path", v[SCRIPT].s);
    xml_add_empty(b, 2, "model", "type", v[MODEL].s);
    xml_add_empty(b, 2, "alias", "name", v[ALIAS].s);
    if (v[INBOUND].s || v[OUTBOUND].s) {
        buf_adds(b, "  <bandwidth>\n");
        if (add_rate(c, INBOUND, 4, b, e) < 0 || add_rate(c, OUTBOUND, 3, b, e) < 0)
            return -1;
        buf_adds(b, "  </bandwidth>\n");
    }
    buf_adds(b, "</interface>\n");
    return 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_buf_ struct buf xml = BUF_INIT;
    if (make_xml(c, &xml, e) < 0)
        return -1;
    return device_change(c, virt_dom_attach, "attach an interface to", buf_str(&xml), device_affects(c), e);
}

const struct cmd_def cmd_attach_interface = {
    .name = "attach-interface",
    .group = "Devices",
    .summary = "attach network interface",
    .help = "The running guest gets it; with --persistent it keeps it, with --config it gets it at its next start.",
    .example = "attach-interface share network default --model virtio --persistent\n"
               "attach-interface --domain share --type bridge --source br0 --model virtio --config --live",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Interface attached successfully"},
    .run = run};
