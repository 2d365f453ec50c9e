// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's description in a hypervisor's own form, and back.
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "io/virt/metadata.h"
#include "io/virt/xml.h"

enum { FORMAT, DOMAIN, XML, CONFIG = DOMAIN };

static void complete_format(struct ctx *ctx, const char *prefix, struct strv *out)
{
    static const char *const formats[] = {"bhyve-argv", "domain-xen", "lxc-tools", "qemu-argv",
                                          "vmware-vmx", "xen-sxpr",   "xen-xl",    "xen-xm"};
    (void)ctx;
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        if (str_starts(formats[i], prefix))
            strv_add(out, formats[i]);
    }
}

#define FORMAT_ROW(help)                                                                                               \
    {                                                                                                                  \
        "format", OPT_STRING, OPTF_POS | OPTF_REQ, help, .complete = complete_format                                   \
    }

static const struct opt_def to_opts[] = {
    [FORMAT] = FORMAT_ROW("target config data type format"),
    [DOMAIN] = {"domain", OPT_DOMAIN, 0, "domain name, id or uuid", .excludes = "xml"},
    [XML] = {"xml", OPT_PATH, OPTF_POS, "xml data file to export from"},
    {NULL},
};
static const struct opt_def from_opts[] = {
    [FORMAT] = FORMAT_ROW("source config data format"),
    [CONFIG] = {"config", OPT_PATH, OPTF_POS | OPTF_REQ, "config data file to import from"},
    {NULL},
};

static int run_to(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    _cleanup_free_ char *xml = NULL, *text = NULL;
    if (!dom && !c->vals[XML].s) {
        err_set(e, ERR_USAGE, "domxml-to-native: of which domain?");
        return err_hint(e, "--domain NAME, or --xml FILE");
    }
    int r = dom ? virt_dom_xml(dom, 0, &xml, e) : object_read_file(c->vals[XML].s, &xml, e);
    if (r < 0 || virt_xml_to_native(c->conn, c->vals[FORMAT].s, xml, &text, e) < 0)
        return -1;
    c->result = json_text(text);
    return 0;
}

static int run_from(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *config = NULL, *xml = NULL;
    if (object_read_file(c->vals[CONFIG].s, &config, e) < 0 ||
        virt_xml_from_native(c->conn, c->vals[FORMAT].s, config, &xml, e) < 0)
        return -1;
    c->result = json_text(xml);
    return 0;
}

const struct cmd_def cmd_domxml_from_native = {.name = "domxml-from-native",
                                               .group = "Domains",
                                               .summary = "convert native config to domain XML",
                                               .help = "Libvirt's driver for QEMU has only the other direction.",
                                               .example = "domxml-from-native vmware-vmx web.vmx --node esx",
                                               .opts = from_opts,
                                               .flags = CMD_CONN,
                                               .view = {VIEW_TEXT},
                                               .run = run_from};

const struct cmd_def cmd_domxml_to_native = {
    .name = "domxml-to-native",
    .group = "Domains",
    .summary = "convert domain XML to native config",
    .help = "For QEMU the command line that libvirt would run, sockets and files that only it can give aside.",
    .example = "domxml-to-native qemu-argv --domain share\ndomxml-to-native qemu-argv share.xml --node dest",
    .opts = to_opts,
    .flags = CMD_CONN,
    .view = {VIEW_TEXT},
    .run = run_to};
