// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's disks: one detached, and what is in a drive changed.
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/device/device.h"
#include "cmd/rows.h"
#include "core/console/out.h"
#include "core/guest/domxml.h"
#include "io/virt/dom.h"
#include "io/xml.h"

enum { DOMAIN, TARGET, PERSISTENT, PRINT_XML = PERSISTENT + N_AFFECT_ROWS };
enum { SOURCE = TARGET + 1, EJECT, INSERT, UPDATE, AFFECT, FORCE = AFFECT + N_AFFECT_CURRENT_ROWS, PRINT_MEDIA, BLOCK };

static const struct opt_def detach_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [TARGET] = {"target", OPT_STRING, OPTF_POS | OPTF_REQ, "target of disk device", .of_domain = "disk"},
    [PERSISTENT] = AFFECT_ROWS,
    [PRINT_XML] = {"print-xml", OPT_BOOL, 0, "print XML document rather than detach the disk"},
    {NULL},
};
static const struct opt_def media_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [TARGET] = {"path", OPT_STRING, OPTF_POS | OPTF_REQ, "fully-qualified path or target of disk device",
                .of_domain = "drive"},
    [SOURCE] = {"source", OPT_STRING, OPTF_POS, "source of the media, a path on the domain's host"},
    [EJECT] = {"eject", OPT_BOOL, 0, "eject the media", .excludes = "insert|update|block"},
    [INSERT] = {"insert", OPT_BOOL, 0, "insert the media", .excludes = "update"},
    [UPDATE] = {"update", OPT_BOOL, 0, "update the media"},
    [AFFECT] = AFFECT_CURRENT_ROWS,
    [FORCE] = {"force", OPT_BOOL, 0, "force media changing"},
    [PRINT_MEDIA] = {"print-xml", OPT_BOOL, 0, "print XML document rather than change media"},
    [BLOCK] = {"block", OPT_BOOL, 0, "source media is a block device"},
    {NULL},
};

int device_find_disk(const struct cmd_call *c, struct xml_doc *doc, const char *text, bool media, int *ret,
                     struct err *e)
{
    const char *name = virt_dom_name(cmd_val(c, "domain")->dom);
    size_t i, n_stored = 0;
    int stored = 0;
    json_t *disk;
    json_auto_t *disks = domxml_disks(doc);
    json_array_foreach(disks, i, disk)
    {
        const char *device = json_text_at(disk, "device"), *target = json_text_at(disk, "target");
        const char *source = json_text_at(disk, "source");
        if (media && (!device || (strcmp(device, "cdrom") != 0 && strcmp(device, "floppy") != 0)))
            continue;
        if (target && strcmp(target, text) == 0) {
            *ret = (int)i + 1;
            return 0;
        }
        if (source && *source && strcmp(source, text) == 0) {
            stored = (int)i + 1;
            n_stored++;
        }
    }
    if (n_stored > 1)
        return err_set(e, ERR_USAGE, "domain '%s' has %zu disks with the source %s: give the target", name, n_stored,
                       text);
    *ret = stored;
    if (n_stored)
        return 0;
    err_set(e, ERR_NOT_FOUND, "domain '%s' has no %s '%s'", name, media ? "CD or floppy drive" : "disk", text);
    return err_hint(e, "domblklist %s --details shows what it has", name);
}

// What is to be changed, or detached, in one description.
struct found {
    struct xml_doc *doc;
    int number; // as XPath counts
    char *target;
};

static void found_release(struct found *f)
{
    xml_free(f->doc);
    free(f->target);
}

typedef int judge_fn(struct cmd_call *c, struct found *f, struct err *e);

// The disk in one description, changed there by judge(). `both`: an error says in which of the two.
static int judge_one(struct cmd_call *c, bool config, bool both, bool media, judge_fn *judge, struct found *ret,
                     struct err *e)
{
    if (device_domain_xml(c, config, &ret->doc, e) < 0)
        return -1;
    if (device_find_disk(c, ret->doc, c->vals[TARGET].s, media, &ret->number, e) < 0 || (judge && judge(c, ret, e) < 0))
        return both ? err_wrap(e, config ? "its configuration" : "the running guest") : -1;
    _cleanup_free_ char *xpath = xasprintf("string(/domain/devices/disk[%d]/target/@dev)", ret->number);
    ret->target = xml_string(ret->doc, NULL, xpath);
    return 0;
}

// What libvirt is to be given. Where what runs and the configuration are both to be changed, both are looked at first:
// the same words may mean another disk there, or nothing that could be changed so.
static int judge_all(struct cmd_call *c, unsigned affect, bool media, judge_fn *judge, char **ret, struct err *e)
{
    _cleanup_(found_release) struct found live = {NULL, 0, NULL}, config = {NULL, 0, NULL};
    bool both = (affect & VIRT_AFFECT_CONFIG) && (affect & VIRT_AFFECT_LIVE);
    const struct found *given = affect & VIRT_AFFECT_CONFIG ? &config : &live;
    if (((affect & VIRT_AFFECT_CONFIG) && judge_one(c, true, both, media, judge, &config, e) < 0) ||
        ((both || given == &live) && judge_one(c, false, both, media, judge, &live, e) < 0))
        return -1;
    if (both && (!live.target || !config.target || strcmp(live.target, config.target) != 0)) {
        err_set(e, ERR_STATE, "'%s' is the disk %s of the running guest, and %s of its configuration",
                c->vals[TARGET].s, live.target ? live.target : "without a name",
                config.target ? config.target : "one without a name");
        return err_hint(e, "name the disk by its target, or change one after the other: --live, --config");
    }
    _cleanup_free_ char *xpath = xasprintf("/domain/devices/disk[%d]", given->number);
    return xml_query(given->doc, xpath, false, ret, e);
}

// ---- detach-disk

// libvirt waits for the guest a few seconds, and says nothing if it still holds the disk then.
static void tell_if_held(struct cmd_call *c)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_err_ struct err why = ERR_INIT;
    const char *name = virt_dom_name(c->vals[DOMAIN].dom), *target = c->vals[TARGET].s;
    int number = 0;
    bool there =
        device_domain_xml(c, false, &doc, &why) == 0 && device_find_disk(c, doc, target, false, &number, &why) == 0;
    if (!there && why.code == ERR_NOT_FOUND)
        return;
    json_object_set_new(c->result, "held", there ? json_true() : json_null());
    if (there)
        out_notice(OUT_WARN,
                   "'%s' has been asked to release %s and has not yet: domblklist and the event device-removed show "
                   "when it has",
                   name, target);
    else
        out_notice(OUT_WARN, "cannot tell whether '%s' has released %s: %s; domblklist shows it", name, target,
                   why.msg);
}

static int run_detach(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    unsigned affect = device_affects(c);
    if (judge_all(c, affect, false, NULL, &xml, e) < 0 ||
        device_change(c, virt_dom_detach, "detach a disk from", xml, affect, e) < 0)
        return -1;
    if (!c->vals[PRINT_XML].b && affect != VIRT_AFFECT_CONFIG)
        tell_if_held(c);
    return 0;
}

// ---- change-media

// Blanks as they stand before the node itself, so that what is added looks as if it had been there.
static char *indent_of(struct xml_doc *doc, struct xml_node *node)
{
    size_t n;
    _cleanup_free_ struct xml_node **before = xml_nodes(doc, node, "preceding-sibling::node()[1][self::text()]", &n);
    char *text = n ? xml_node_text(before[0]) : NULL;
    return text ? text : xstrdup("");
}

static int put_source(struct xml_doc *doc, struct xml_node *disk, const char *source, bool block, struct err *e)
{
    size_t n, n_before;
    _cleanup_buf_ struct buf piece = BUF_INIT;
    _cleanup_free_ struct xml_node **target = xml_nodes(doc, disk, "target", &n);
    _cleanup_free_ char *indent = indent_of(doc, target[0]);
    _cleanup_free_ struct xml_node **before = xml_nodes(doc, target[0], "preceding-sibling::node()[1]", &n_before);
    buf_adds(&piece, "<source");
    xml_add_attribute(&piece, block ? "dev" : "file", source);
    buf_addf(&piece, "/>%s", indent);
    if (xml_insert(disk, n_before ? before[0] : NULL, buf_str(&piece), e) < 0)
        return -1;
    return xml_node_set_attribute(disk, "type", block ? "block" : "file", e);
}

// What the drive is to have; NULL: nothing.
static const char *new_source(const struct cmd_call *c)
{
    bool eject = c->vals[EJECT].b || (c->vals[UPDATE].b && !c->vals[SOURCE].s);
    return eject ? NULL : c->vals[SOURCE].s;
}

// The disk as it is to be.
static int change_disk(struct cmd_call *c, struct found *f, struct err *e)
{
    struct xml_doc *doc = f->doc;
    const char *source = new_source(c);
    _cleanup_free_ char *xpath = xasprintf("/domain/devices/disk[%d]", f->number);
    size_t n, n_source;
    _cleanup_free_ struct xml_node **disk = xml_nodes(doc, NULL, xpath, &n);
    free(xml_nodes(doc, disk[0], "source[@file or @dev or @dir or @name or @volume]", &n_source));
    const char *at = c->vals[TARGET].s;
    if (!source && !n_source)
        return err_set(e, ERR_STATE, "the disk device '%s' doesn't have media", at);
    if (c->vals[INSERT].b && n_source) {
        err_set(e, ERR_STATE, "the disk device '%s' already has media", at);
        return err_hint(e, "--update replaces it");
    }
    // An empty drive of a running guest may have one, too, with nothing but a number of libvirt's in it.
    if (xml_remove_found(doc, disk[0], "source", e) < 0)
        return -1;
    return source ? put_source(doc, disk[0], source, c->vals[BLOCK].b, e) : 0;
}

static int run_media(struct cmd_call *c, struct err *e)
{
    static const struct view ejected = {VIEW_NONE, .message = "Successfully ejected media."},
                             inserted = {VIEW_NONE, .message = "Successfully inserted media."};
    _cleanup_free_ char *xml = NULL;
    unsigned affect = cmd_bits(c);
    bool eject = !new_source(c);
    if (eject && !c->vals[EJECT].b && !c->vals[UPDATE].b) {
        err_set(e, ERR_USAGE, "no media given: use --source");
        return err_hint(e, "--eject empties the drive");
    }
    if (judge_all(c, affect, true, change_disk, &xml, e) < 0)
        return -1;
    c->view = eject ? &ejected : c->vals[INSERT].b ? &inserted : NULL;
    return device_change(c, virt_dom_update, "change the media of", xml,
                         affect | (c->vals[FORCE].b ? VIRT_AFFECT_FORCE : 0), e);
}

const struct cmd_def cmd_detach_disk = {
    .name = "detach-disk",
    .group = "Devices",
    .summary = "detach disk device",
    .help = AFFECT_HELP "\nA running guest has to release the disk; if it has not by the end of the command, a warning "
                        "says so. The file\nor volume stays.",
    .example = "detach-disk share vdb --persistent\ndetach-disk share vdb --config",
    .opts = detach_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Disk detached successfully"},
    .run = run_detach};

const struct cmd_def cmd_change_media = {
    .name = "change-media",
    .group = "Devices",
    .summary = "change media of CD or floppy drive",
    .help =
        "--update, the default, replaces what is in the drive by the source, or ejects it where none is given. "
        "Without\n"
        "--live and --config the running guest is changed, or the configuration of one that is not running. --force\n"
        "ejects even if the guest has locked the drive. With both --live and --config both have to allow the change,\n"
        "or neither is changed.",
    .example = "change-media share hdc --eject\nchange-media share hdc /iso/tools.iso --live --config",
    .opts = media_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Successfully updated media."},
    .run = run_media};
