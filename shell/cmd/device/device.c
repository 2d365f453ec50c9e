// SPDX-License-Identifier: GPL-3.0-or-later
// Devices by their descriptions and by their aliases: attached, detached, changed. And what all commands on devices
// share, see device.h.
#include "cmd/device/device.h"

#include <string.h>

#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "io/virt/xml.h"
#include "io/xml.h"

enum { DOMAIN, FILE_OPT, ALIAS = FILE_OPT, AFFECT, FORCE = AFFECT + N_AFFECT_ROWS };

static const struct opt_def file_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [FILE_OPT] = FILE_ROW("XML file"),
    [AFFECT] = AFFECT_ROWS,
    {NULL},
};
static const struct opt_def update_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [FILE_OPT] = FILE_ROW("XML file"),
    [AFFECT] = AFFECT_ROWS,
    [FORCE] = {"force", OPT_BOOL, 0, "force device update"},
    {NULL},
};
static const struct opt_def alias_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [ALIAS] = {"alias", OPT_STRING, OPTF_POS | OPTF_REQ, "device alias", .of_domain = "alias"},
    [AFFECT] = AFFECT_CURRENT_ROWS,
    {NULL},
};

// Where --persistent stands for what runs, too.
static unsigned asked_for(const struct cmd_call *c)
{
    const struct opt_val *persistent = cmd_val(c, "persistent");
    return cmd_bits(c) |
           (persistent && persistent->b && virt_dom_id(cmd_val(c, "domain")->dom) >= 0 ? VIRT_AFFECT_LIVE : 0);
}

unsigned device_affects(const struct cmd_call *c)
{
    unsigned bits = asked_for(c);
    return bits || cmd_val(c, "current")->b ? bits : VIRT_AFFECT_LIVE;
}

int device_domain_xml(struct cmd_call *c, bool config, struct xml_doc **ret, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    if (virt_dom_xml(cmd_val(c, "domain")->dom, config ? VIRT_XML_INACTIVE : 0, &xml, e) < 0)
        return -1;
    return xml_parse(xml, ret, e);
}

int device_change(struct cmd_call *c, device_change_fn *change, const char *verb, const char *xml, unsigned affect,
                  struct err *e)
{
    struct virt_dom *dom = cmd_val(c, "domain")->dom;
    const struct opt_val *print = cmd_val(c, "print-xml");
    if (print && print->b)
        return object_print_xml(c, xml);
    if (change(dom, xml, affect, e) < 0)
        return domain_failed(dom, verb, AFFECT_STATE_HINT, e);
    domain_result(c, dom);
    return 0;
}

// "attach", "to": the words of what fails.
static int change_by_file(struct cmd_call *c, device_change_fn *change, const char *what, const char *domain,
                          unsigned affect, struct err *e)
{
    _cleanup_free_ char *xml = NULL, *verb = xasprintf("%s the device of %s %s", what, c->vals[FILE_OPT].s, domain);
    if (object_read_file(c->vals[FILE_OPT].s, &xml, e) < 0)
        return -1;
    return device_change(c, change, verb, xml, affect, e);
}

static int run_attach(struct cmd_call *c, struct err *e)
{
    return change_by_file(c, virt_dom_attach, "attach", "to", device_affects(c), e);
}

static int run_detach(struct cmd_call *c, struct err *e)
{
    return change_by_file(c, virt_dom_detach, "detach", "from", device_affects(c), e);
}

// Unlike the others it has no older call that would mean the running guest.
static int run_update(struct cmd_call *c, struct err *e)
{
    return change_by_file(c, virt_dom_update, "update", "in", asked_for(c) | (c->vals[FORCE].b ? VIRT_AFFECT_FORCE : 0),
                          e);
}

static int run_alias(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *verb = xasprintf("detach the device '%s' from", c->vals[ALIAS].s);
    return device_change(c, virt_dom_detach_alias, verb, c->vals[ALIAS].s, cmd_bits(c), e);
}

const struct cmd_def cmd_attach_device = {
    .name = "attach-device",
    .group = "Devices",
    .summary = "attach device from an XML file",
    .help = "The file holds one device element of a domain definition, such as a <disk>. " AFFECT_HELP,
    .example = "attach-device share usb.xml --live\nattach-device share disk.xml --persistent",
    .opts = file_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Device attached successfully"},
    .run = run_attach};

const struct cmd_def cmd_detach_device = {
    .name = "detach-device",
    .group = "Devices",
    .summary = "detach device from an XML file",
    .help =
        "The file has to describe the device as precisely as the domain's definition does (dumpxml --xpath prints\n"
        "a part of that), or libvirt may take another one that matches. A running guest has to release it: the event\n"
        "device-removed shows that it has. " AFFECT_HELP,
    .example = "detach-device share usb.xml --live\ndetach-device share disk.xml --persistent",
    .opts = file_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Device detached successfully"},
    .run = run_detach};

const struct cmd_def cmd_detach_device_alias = {
    .name = "detach-device-alias",
    .group = "Devices",
    .summary = "detach device from an alias",
    .help = "Asks the guest to release the device and does not wait: the event device-removed shows that it is gone.\n"
            "dumpxml shows the aliases.",
    .example = "detach-device-alias share ua-usb --live",
    .opts = alias_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Device detach request sent successfully"},
    .run = run_alias};

const struct cmd_def cmd_update_device = {
    .name = "update-device",
    .group = "Devices",
    .summary = "update device from an XML file",
    .help = "The file describes the whole device as it should be. Without --live and --config the running guest is\n"
            "changed, or the configuration of one that is not running.",
    .example = "update-device share cdrom.xml --live --force\nupdate-device share nic.xml --config",
    .opts = update_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Device updated successfully"},
    .run = run_update};
