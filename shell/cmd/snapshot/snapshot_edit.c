// SPDX-License-Identifier: GPL-3.0-or-later
// The description of a snapshot or checkpoint, changed in an editor. Libvirt has no call for it: what was edited is
// defined again under its name, or beside it under another.
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "cmd/snapshot/snapshot.h"
#include "io/virt/dom.h"
#include "io/virt/snapshot.h"
#include "io/virt/xml.h"
#include "io/xml.h"

enum { DOMAIN, NAME, CURRENT, RENAME, CLONE };

static const struct opt_def snap_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [NAME] = {"snapshotname", OPT_STRING, OPTF_POS, "snapshot name", .of_domain = "snapshot"},
    [CURRENT] = {"current", OPT_BOOL, 0, "also set edited snapshot as current"},
    [RENAME] = {"rename", OPT_BOOL, 0, "allow renaming an existing snapshot", .excludes = "clone"},
    [CLONE] = {"clone", OPT_BOOL, 0, "allow cloning to new name"},
    {NULL},
};
static const struct opt_def checkpoint_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [NAME] = {"checkpointname", OPT_STRING, OPTF_POS | OPTF_REQ, "checkpoint name", .of_domain = "checkpoint"},
    {NULL},
};

struct edited {
    struct cmd_call *c;
    const char *name;
};

// The name in the edited text; the caller frees.
static int name_in(const char *xml, const char *xpath, char **ret, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (xml_parse(xml, &doc, e) < 0)
        return -1;
    *ret = xml_string(doc, NULL, xpath);
    return *ret ? 0 : err_set(e, ERR_USAGE, "the text has no name");
}

static int read_snapshot(void *data, char **ret, struct err *e)
{
    const struct edited *it = data;
    return virt_snap_xml(it->c->vals[DOMAIN].dom, it->name, VIRT_XML_SECURE, ret, e);
}

// Does an image hold a part of it, under its name?
static int is_internal(struct virt_dom *dom, const char *name, bool *ret, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    size_t n;
    if (virt_snap_xml(dom, name, 0, &xml, e) < 0 || xml_parse(xml, &doc, e) < 0)
        return -1;
    free(xml_nodes(doc, NULL,
                   "/domainsnapshot/memory[@snapshot='internal']|"
                   "/domainsnapshot/disks/disk[@snapshot='internal']",
                   &n));
    *ret = n > 0;
    return 0;
}

// Another name is possible only where nothing else knows the old one, and nothing has the new one: libvirt would put it
// in the place of that.
static int check_name(struct virt_dom *dom, const char *old, const char *name, bool rename, struct err *e)
{
    _cleanup_free_ char *there = NULL;
    struct virt_snap_family family = {0};
    bool internal;
    if (virt_snap_xml(dom, name, 0, &there, e) == 0)
        return err_set(e, ERR_EXISTS, "domain '%s' already has a snapshot '%s'", virt_dom_name(dom), name);
    if (e->code != ERR_NOT_FOUND)
        return -1;
    err_release(e);
    if (is_internal(dom, old, &internal, e) < 0 || (rename && virt_snap_family(dom, old, &family, e) < 0))
        return -1;
    if (internal) {
        err_set(e, ERR_STATE,
                "'%s' is stored in the disk images by that name: as '%s' it could be neither reverted to nor deleted",
                old, name);
        return err_hint(e, "only an external snapshot can be renamed or cloned");
    }
    if (!family.children)
        return 0;
    err_set(e, ERR_STATE, "'%s' has children, which refer to it by that name", old);
    return err_hint(e, "--clone adds '%s' and keeps the old one", name);
}

static int define_snapshot(struct cmd_call *c, const char *xml, bool validate, struct err *e)
{
    static const struct view cloned = {VIEW_NONE, .message = "Snapshot {from} cloned to {name}."};
    static const struct view renamed = {VIEW_NONE, .message = "Snapshot {from} renamed to {name}."};
    (void)validate;
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    const char *old = c->vals[NAME].s;
    _cleanup_free_ char *name = NULL, *made = NULL;
    if (name_in(xml, "string(/domainsnapshot/name)", &name, e) < 0)
        return -1;
    bool other = strcmp(name, old) != 0, rename = c->vals[RENAME].b;
    if (other && !rename && !c->vals[CLONE].b)
        return err_set(e, ERR_USAGE, "--rename or --clone is needed to change %s to %s", old, name);
    if (other && check_name(dom, old, name, rename, e) < 0)
        return -1;
    unsigned current = c->vals[CURRENT].b ? VIRT_SNAP_CREATE_CURRENT : 0;
    if (virt_snap_create(dom, xml, VIRT_SNAP_CREATE_REDEFINE | current, &made, e) < 0)
        return -1;
    if (other && rename && virt_snap_delete(dom, old, VIRT_SNAP_DELETE_METADATA, e) < 0)
        return err_wrap(e, "%s was created, but %s could not be removed", name, old);
    if (other && rename)
        snapshot_gone(c, dom, "snapshot", old);
    snapshot_result(c, dom, "snapshot", name);
    if (other) {
        json_object_set_new(c->result, "from", json_text(old));
        c->view = rename ? &renamed : &cloned;
    }
    return 0;
}

static int run_snapshot(struct cmd_call *c, struct err *e)
{
    static const struct view unchanged = {VIEW_NONE, .message = "Snapshot {name} XML configuration not changed."};
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (!c->vals[NAME].s && snapshot_name(c, dom, NAME, CURRENT, &c->vals[NAME].s, e) < 0)
        return -1;
    struct edited it = {c, c->vals[NAME].s};
    struct object_edit how = {.noun = "snapshot",
                              .instead = "snapshot-dumpxml --security-info and snapshot-create --redefine",
                              .unchanged = &unchanged,
                              .read = read_snapshot,
                              .object = &it,
                              .define = define_snapshot,
                              .always = c->vals[CURRENT].b};
    snapshot_result(c, dom, "snapshot", it.name);
    return object_edit(c, &how, e);
}

static int read_checkpoint(void *data, char **ret, struct err *e)
{
    const struct edited *it = data;
    return virt_checkpoint_xml(it->c->vals[DOMAIN].dom, it->name, VIRT_CHECKPOINT_XML_SECURE, ret, e);
}

static int define_checkpoint(struct cmd_call *c, const char *xml, bool validate, struct err *e)
{
    (void)validate;
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    _cleanup_free_ char *name = NULL, *made = NULL;
    if (name_in(xml, "string(/domaincheckpoint/name)", &name, e) < 0)
        return -1;
    if (strcmp(name, c->vals[NAME].s) != 0)
        return err_set(e, ERR_USAGE, "a checkpoint cannot be renamed (%s to %s)", c->vals[NAME].s, name);
    if (virt_checkpoint_create(dom, xml, VIRT_CHECKPOINT_CREATE_REDEFINE, &made, e) < 0)
        return -1;
    snapshot_result(c, dom, "checkpoint", name);
    return 0;
}

static int run_checkpoint(struct cmd_call *c, struct err *e)
{
    static const struct view unchanged = {VIEW_NONE, .message = "Checkpoint {name} XML configuration not changed."};
    struct edited it = {c, c->vals[NAME].s};
    struct object_edit how = {.noun = "checkpoint",
                              .instead = "checkpoint-dumpxml --security-info and checkpoint-create --redefine",
                              .unchanged = &unchanged,
                              .read = read_checkpoint,
                              .object = &it,
                              .define = define_checkpoint};
    snapshot_result(c, c->vals[DOMAIN].dom, "checkpoint", it.name);
    return object_edit(c, &how, e);
}

const struct cmd_def cmd_checkpoint_edit = {
    .name = "checkpoint-edit",
    .group = "Snapshots",
    .summary = "edit XML for a checkpoint",
    .help = "Opened in $VISUAL, $EDITOR or vi, and defined again if it was changed.",
    .example = "checkpoint-edit share daily",
    .opts = checkpoint_opts,
    .flags = CMD_CONN | CMD_EXACT,
    .view = {VIEW_NONE, .message = "Checkpoint {name} edited."},
    .run = run_checkpoint};

const struct cmd_def cmd_snapshot_edit = {
    .name = "snapshot-edit",
    .group = "Snapshots",
    .summary = "edit XML for a snapshot",
    .help =
        "Opened in $VISUAL, $EDITOR or vi, and redefined if it was changed. Only libvirt's metadata of the snapshot\n"
        "changes, never the images; another name needs --rename or --clone. A snapshot that is stored in the images\n"
        "cannot be given another name, and one with children can only be cloned.",
    .example = "snapshot-edit share before-upgrade\nsnapshot-edit share --current\n"
               "snapshot-edit share before-upgrade --rename",
    .opts = snap_opts,
    .flags = CMD_CONN | CMD_EXACT,
    .view = {VIEW_NONE, .message = "Snapshot {name} edited."},
    .run = run_snapshot};
