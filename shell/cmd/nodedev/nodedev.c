// SPDX-License-Identifier: GPL-3.0-or-later
// What is done with a host's device: nodedev-info, -dumpxml, -detach, -reattach, -reset, -create, -define, -start,
// -destroy, -undefine, -autostart, -event.
#include "cmd/nodedev/nodedev.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/printable.h"
#include "cmd/commands.h"
#include "cmd/event_wait.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "core/console/names_watch.h"

int nodedev_find(struct cmd_call *c, struct virt_nodedev **ret, struct err *e)
{
    return virt_nodedev_lookup(c->conn, cmd_val(c, "device")->s, ret, e) == 0
               ? 0
               : object_not_found(c, "nodedev-list shows the devices that are there", e);
}

void nodedev_result(struct cmd_call *c, const struct virt_nodedev *dev)
{
    c->result = json_pack("{s:o}", "name", json_text(virt_nodedev_name(dev)));
    object_add_node(c);
    ctx_names_add(c->ctx, "nodedev", target_label(&c->where), virt_nodedev_name(dev));
}

int nodedev_failed(const struct virt_nodedev *dev, const char *verb, struct err *e)
{
    return err_wrap(e, "failed to %s device '%s'", verb, virt_nodedev_name(dev));
}

void nodedev_complete(struct ctx *ctx, const char *prefix, struct strv *out)
{
    names_watch_look(ctx, "nodedev", NULL);
    ctx_names(ctx, "nodedev", NULL, prefix, out);
}

static const struct opt_def device_opts[] = {NODEDEV_ROW(OPTF_REQ, NODEDEV_HELP), {NULL}};

// ---- nodedev-info, nodedev-dumpxml

enum { DEVICE, XPATH, WRAP };

static const struct opt_def xml_opts[] = {
    [DEVICE] = NODEDEV_ROW(OPTF_REQ, NODEDEV_HELP), [XPATH] = XPATH_ROW, [WRAP] = WRAP_ROW, {NULL}};

static int run_info(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_nodedev_free_p) struct virt_nodedev *dev = NULL;
    return nodedev_find(c, &dev, e) < 0 ? -1 : virt_nodedev_info(dev, &c->result, e);
}

static void add(const char *title, const char *text, struct buf *out)
{
    buf_addf(out, "%-15s ", title);
    buf_add_line(out, text);
    buf_addc(out, '\n');
}

static const char *yes_no(const json_t *value, const char *key, const char *unknown)
{
    const json_t *v = json_object_get(value, key);
    return json_is_null(v) ? unknown : json_is_true(v) ? "yes" : "no";
}

static void render_info(const json_t *value, struct buf *out)
{
    const char *parent = json_text_at(value, "parent");
    add("Name:", json_text_at(value, "name"), out);
    add("Parent:", parent ? parent : "", out);
    add("Active:", yes_no(value, "active", "-"), out);
    add("Persistent:", yes_no(value, "persistent", "-"), out);
    add("Autostart:", yes_no(value, "autostart", "no autostart"), out);
}

static int run_dumpxml(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_nodedev_free_p) struct virt_nodedev *dev = NULL;
    _cleanup_free_ char *xml = NULL;
    if (nodedev_find(c, &dev, e) < 0 || virt_nodedev_xml(dev, &xml, e) < 0)
        return -1;
    return object_xml_result(c, xml, XPATH, WRAP, e);
}

const struct cmd_def cmd_nodedev_info = {.name = "nodedev-info",
                                         .group = "Hosts",
                                         .summary = "node device information",
                                         .example = "nodedev-info pci_0000_03_00_0",
                                         .opts = device_opts,
                                         .flags = CMD_CONN,
                                         .view = {VIEW_CUSTOM, .render = render_info},
                                         .run = run_info};

const struct cmd_def cmd_nodedev_dumpxml = {
    .name = "nodedev-dumpxml",
    .group = "Hosts",
    .summary = "node device details in XML",
    .example = "nodedev-dumpxml pci_0000_03_00_0\nnodedev-dumpxml pci_0000_03_00_0 --xpath //iommuGroup",
    .opts = xml_opts,
    .flags = CMD_CONN,
    .view = {VIEW_TEXT},
    .run = run_dumpxml};

// ---- nodedev-detach, -reattach, -reset, -start, -destroy, -undefine, -autostart

enum { DRIVER = 1, DISABLE = 1 };

static const char *const drivers[] = {"vfio", "xen", NULL};

static void complete_driver(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    (void)prefix;
    for (size_t i = 0; drivers[i]; i++)
        strv_add(out, drivers[i]);
}

static const struct opt_def detach_opts[] = {
    [DEVICE] = NODEDEV_ROW(OPTF_REQ, "device key"),
    [DRIVER] = {"driver", OPT_STRING, OPTF_POS, "pci device assignment backend driver (such as vfio or xen)",
                .complete = complete_driver},
    {NULL},
};
static const struct opt_def autostart_opts[] = {
    [DEVICE] = NODEDEV_ROW(OPTF_REQ, NODEDEV_HELP),
    [DISABLE] = {"disable", OPT_BOOL, 0, "disable autostarting"},
    {NULL},
};

// One act on the device that is named.
static int act(struct cmd_call *c, const char *verb, int (*fn)(struct virt_nodedev *d, struct err *e), struct err *e)
{
    _cleanup_(virt_nodedev_free_p) struct virt_nodedev *dev = NULL;
    if (nodedev_find(c, &dev, e) < 0)
        return -1;
    if (fn(dev, e) < 0)
        return nodedev_failed(dev, verb, e);
    nodedev_result(c, dev);
    return 0;
}

static int run_detach(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_nodedev_free_p) struct virt_nodedev *dev = NULL;
    if (nodedev_find(c, &dev, e) < 0)
        return -1;
    if (virt_nodedev_detach(dev, c->vals[DRIVER].s, e) < 0)
        return nodedev_failed(dev, "detach", e);
    nodedev_result(c, dev);
    return 0;
}

static int run_reattach(struct cmd_call *c, struct err *e)
{
    return act(c, "re-attach", virt_nodedev_reattach, e);
}

static int run_reset(struct cmd_call *c, struct err *e)
{
    return act(c, "reset", virt_nodedev_reset, e);
}

static int run_start(struct cmd_call *c, struct err *e)
{
    return act(c, "start", virt_nodedev_start, e);
}

static int run_destroy(struct cmd_call *c, struct err *e)
{
    return act(c, "destroy", virt_nodedev_destroy, e);
}

static int run_undefine(struct cmd_call *c, struct err *e)
{
    return act(c, "undefine", virt_nodedev_undefine, e);
}

static int run_autostart(struct cmd_call *c, struct err *e)
{
    static const struct view unmarked = {VIEW_NONE, .message = "Device {name} unmarked as autostarted"};
    _cleanup_(virt_nodedev_free_p) struct virt_nodedev *dev = NULL;
    bool on = !c->vals[DISABLE].b;
    if (nodedev_find(c, &dev, e) < 0)
        return -1;
    if (virt_nodedev_set_autostart(dev, on, e) < 0)
        return nodedev_failed(dev, on ? "autostart" : "stop autostarting", e);
    nodedev_result(c, dev);
    json_object_set_new(c->result, "autostart", json_boolean(on));
    if (!on)
        c->view = &unmarked;
    return 0;
}

const struct cmd_def cmd_nodedev_detach = {
    .name = "nodedev-detach",
    .group = "Hosts",
    .summary = "detach node device from its device driver",
    .help = "The host itself can no longer use it; a guest can get it by <hostdev>. What the host runs on (its disks,\n"
            "its network) is lost to it by that.",
    .example = "nodedev-detach pci_0000_03_00_0",
    .opts = detach_opts,
    .flags = CMD_CONN | CMD_DESTROYS,
    .view = {VIEW_NONE, .message = "Device {name} detached"},
    .run = run_detach};

const struct cmd_def cmd_nodedev_reattach = {.name = "nodedev-reattach",
                                             .group = "Hosts",
                                             .summary = "reattach node device to its device driver",
                                             .example = "nodedev-reattach pci_0000_03_00_0",
                                             .opts = device_opts,
                                             .flags = CMD_CONN,
                                             .view = {VIEW_NONE, .message = "Device {name} re-attached"},
                                             .run = run_reattach};

const struct cmd_def cmd_nodedev_reset = {.name = "nodedev-reset",
                                          .group = "Hosts",
                                          .summary = "reset node device",
                                          .example = "nodedev-reset pci_0000_03_00_0",
                                          .opts = device_opts,
                                          .flags = CMD_CONN,
                                          .view = {VIEW_NONE, .message = "Device {name} reset"},
                                          .run = run_reset};

const struct cmd_def cmd_nodedev_start = {.name = "nodedev-start",
                                          .group = "Hosts",
                                          .summary = "start an inactive node device",
                                          .example = "nodedev-start mdev_b1ae8bf6_38b0_4c81_9d44_78ce3f520496",
                                          .opts = device_opts,
                                          .flags = CMD_CONN,
                                          .view = {VIEW_NONE, .message = "Device {name} started"},
                                          .run = run_start};

const struct cmd_def cmd_nodedev_destroy = {.name = "nodedev-destroy",
                                            .group = "Hosts",
                                            .summary = "destroy (stop) a device on the node",
                                            .help = "A device that was made: a mediated one, or a vport.",
                                            .example = "nodedev-destroy scsi_host5",
                                            .opts = device_opts,
                                            .flags = CMD_CONN | CMD_DESTROYS,
                                            .view = {VIEW_NONE, .message = "Destroyed node device '{name}'"},
                                            .run = run_destroy};

const struct cmd_def cmd_nodedev_undefine = {.name = "nodedev-undefine",
                                             .group = "Hosts",
                                             .summary = "undefine an inactive node device",
                                             .example = "nodedev-undefine mdev_b1ae8bf6_38b0_4c81_9d44_78ce3f520496",
                                             .opts = device_opts,
                                             .flags = CMD_CONN | CMD_DESTROYS,
                                             .view = {VIEW_NONE, .message = "Undefined node device '{name}'"},
                                             .run = run_undefine};

const struct cmd_def cmd_nodedev_autostart = {
    .name = "nodedev-autostart",
    .group = "Hosts",
    .summary = "autostart a defined node device",
    .example = "nodedev-autostart mdev_b1ae8bf6_38b0_4c81_9d44_78ce3f520496\n"
               "nodedev-autostart mdev_b1ae8bf6_38b0_4c81_9d44_78ce3f520496 --disable",
    .opts = autostart_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Device {name} marked as autostarted"},
    .run = run_autostart};

// ---- nodedev-create, nodedev-define

enum { FILE_, VALIDATE };

static const struct opt_def file_opts[] = {
    [FILE_] = FILE_ROW("file containing an XML description of the device"), [VALIDATE] = VALIDATE_ROW(0), {NULL}};

static int make_running(struct cmd_call *c, const char *xml, bool validate, struct err *e)
{
    _cleanup_(virt_nodedev_free_p) struct virt_nodedev *dev = NULL;
    if (virt_nodedev_create(c->conn, xml, validate, &dev, e) < 0)
        return -1;
    nodedev_result(c, dev);
    return 0;
}

static int make_defined(struct cmd_call *c, const char *xml, bool validate, struct err *e)
{
    _cleanup_(virt_nodedev_free_p) struct virt_nodedev *dev = NULL;
    if (virt_nodedev_define(c->conn, xml, validate, &dev, e) < 0)
        return -1;
    nodedev_result(c, dev);
    return 0;
}

static int run_create(struct cmd_call *c, struct err *e)
{
    return object_from_file(c, FILE_, "create", "node device", make_running, e);
}

static int run_define(struct cmd_call *c, struct err *e)
{
    return object_from_file(c, FILE_, "define", "node device", make_defined, e);
}

const struct cmd_def cmd_nodedev_create = {
    .name = "nodedev-create",
    .group = "Hosts",
    .summary = "create a device defined by an XML file on the node",
    .help =
        "A vport of a fibre channel adapter, or a mediated device, which a guest can get then. It is gone when the\n"
        "host is started anew; nodedev-define makes one that stays.",
    .example = "nodedev-create vport.xml",
    .opts = file_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Node device {name} created from {file}"},
    .run = run_create};

const struct cmd_def cmd_nodedev_define = {.name = "nodedev-define",
                                           .group = "Hosts",
                                           .summary = "define a device by an xml file on a node",
                                           .help = "A mediated device that stays; nodedev-start starts it.",
                                           .example = "nodedev-define mdev.xml",
                                           .opts = file_opts,
                                           .flags = CMD_CONN,
                                           .view = {VIEW_NONE, .message = "Node device '{name}' defined from '{file}'"},
                                           .run = run_define};

// ---- nodedev-event

static const char *const kinds[] = {"lifecycle", "update", NULL};
static const enum virt_event_objects which[] = {VIRT_EVENT_NODEDEVS, VIRT_EVENT_NODEDEV_UPDATE};

static const struct opt_def event_opts[] = {
    NODEDEV_ROW(0, "filter by node device name"),
    {"event", OPT_ENUM, OPTF_POS, "which event type to wait for", .choices = kinds, .excludes = "list"},
    EVENT_ROWS,
    {NULL},
};

static int run_event(struct cmd_call *c, struct err *e)
{
    _cleanup_(virt_nodedev_free_p) struct virt_nodedev *dev = NULL;
    if (event_wait_lists(c, kinds, ARRAY_SIZE(kinds) - 1))
        return 0;
    if (c->vals[DEVICE].s && nodedev_find(c, &dev, e) < 0)
        return -1;
    return event_wait_objects(c, kinds, which, dev ? virt_nodedev_name(dev) : NULL, e);
}

const struct cmd_def cmd_nodedev_event = {.name = "nodedev-event",
                                          .group = "Hosts",
                                          .summary = "wait for node device events, or list their types",
                                          .help = EVENT_HELP,
                                          .example = "nodedev-event --event lifecycle --loop",
                                          .opts = event_opts,
                                          .flags = CMD_CONN | CMD_EACH | CMD_STOP_IS_END,
                                          .view = {VIEW_NONE, .message = "events received: {events}"},
                                          .run = run_event};
