// SPDX-License-Identifier: GPL-3.0-or-later
// What a snapshot or checkpoint is: its facts and its parent.
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "cmd/snapshot/snapshot.h"
#include "io/virt/snapshot.h"
#include "io/xml.h"

enum { DOMAIN, NAME, CURRENT };

static const struct opt_def info_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [NAME] = {"snapshotname", OPT_STRING, OPTF_POS, "snapshot name", .of_domain = "snapshot"},
    [CURRENT] = {"current", OPT_BOOL, 0, "info on current snapshot", .excludes = "snapshotname"},
    {NULL},
};
static const struct opt_def parent_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [NAME] = {"snapshotname", OPT_STRING, OPTF_POS, "find parent of snapshot name", .of_domain = "snapshot"},
    [CURRENT] = {"current", OPT_BOOL, 0, "find parent of current snapshot", .excludes = "snapshotname"},
    {NULL},
};
static const struct opt_def checkpoint_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [NAME] = {"checkpointname", OPT_STRING, OPTF_POS | OPTF_REQ, "checkpoint name", .of_domain = "checkpoint"},
    {NULL},
};

static const struct view_col cols[] = {
    {"name", "Name"},         {"domain", "Domain"},
    {"current", "Current"},   {"state", "State"},
    {"location", "Location"}, {"parent", "Parent"},
    {"children", "Children"}, {"descendants", "Descendants"},
    {"metadata", "Metadata"}, {NULL},
};

static json_t *family_row(const struct virt_dom *dom, const char *name, const char *parent,
                          const struct virt_snap_family *family)
{
    return json_pack("{s:o, s:o, s:o, s:i, s:i}", "name", json_text(name), "domain", json_text(virt_dom_name(dom)),
                     "parent", json_text(parent), "children", family->children, "descendants", family->descendants);
}

// The one that is meant, read: its name, and its description.
static int read_snapshot(struct cmd_call *c, char **ret_name, struct xml_doc **ret, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    _cleanup_free_ char *xml = NULL;
    if (snapshot_name(c, dom, NAME, CURRENT, ret_name, e) < 0 || virt_snap_xml(dom, *ret_name, 0, &xml, e) < 0)
        return -1;
    return xml_parse(xml, ret, e);
}

static int run_info(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    _cleanup_free_ char *name = NULL, *current = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    struct virt_snap_family family;
    if (read_snapshot(c, &name, &doc, e) < 0 || virt_snap_family(dom, name, &family, e) < 0 ||
        virt_snap_current(dom, &current, e) < 0)
        return -1;
    _cleanup_free_ char *state = xml_string(doc, NULL, "string(/domainsnapshot/state)");
    _cleanup_free_ char *parent = xml_string(doc, NULL, "string(/domainsnapshot/parent/name)");
    size_t n;
    _cleanup_free_ struct xml_node **outside =
        xml_nodes(doc, NULL, "(/domainsnapshot/memory | /domainsnapshot/disks/disk)[@snapshot='external']", &n);
    bool external = n || (state && strcmp(state, "disk-snapshot") == 0);
    c->result = family_row(dom, name, parent, &family);
    json_object_set_new(c->result, "current", json_boolean(current && strcmp(current, name) == 0));
    json_object_set_new(c->result, "state", json_text(state));
    json_object_set_new(c->result, "location", json_text(external ? "external" : "internal"));
    json_object_set_new(c->result, "metadata", json_boolean(family.metadata));
    return 0;
}

static int give_parent(struct cmd_call *c, struct xml_doc *doc, const char *kind, const char *name, const char *xpath,
                       struct err *e)
{
    _cleanup_free_ char *parent = xml_string(doc, NULL, xpath);
    if (!parent)
        return err_set(e, ERR_NOT_FOUND, "%s '%s' has no parent", kind, name);
    c->result = json_text(parent);
    return 0;
}

static int run_parent(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *name = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (read_snapshot(c, &name, &doc, e) < 0)
        return -1;
    return give_parent(c, doc, "snapshot", name, "string(/domainsnapshot/parent/name)", e);
}

static int read_checkpoint(struct cmd_call *c, struct xml_doc **ret, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    if (virt_checkpoint_xml(c->vals[DOMAIN].dom, c->vals[NAME].s, VIRT_CHECKPOINT_XML_NO_DOMAIN, &xml, e) < 0)
        return -1;
    return xml_parse(xml, ret, e);
}

static int run_checkpoint_info(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    struct virt_snap_family family;
    if (read_checkpoint(c, &doc, e) < 0 || virt_checkpoint_family(dom, c->vals[NAME].s, &family, e) < 0)
        return -1;
    _cleanup_free_ char *parent = xml_string(doc, NULL, "string(/domaincheckpoint/parent/name)");
    c->result = family_row(dom, c->vals[NAME].s, parent, &family);
    return 0;
}

static int run_checkpoint_parent(struct cmd_call *c, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (read_checkpoint(c, &doc, e) < 0)
        return -1;
    return give_parent(c, doc, "checkpoint", c->vals[NAME].s, "string(/domaincheckpoint/parent/name)", e);
}

const struct cmd_def cmd_checkpoint_info = {.name = "checkpoint-info",
                                            .group = "Snapshots",
                                            .summary = "checkpoint information",
                                            .example = "checkpoint-info share daily",
                                            .opts = checkpoint_opts,
                                            .flags = CMD_CONN | CMD_READS,
                                            .view = {VIEW_FIELDS, cols},
                                            .run = run_checkpoint_info};

const struct cmd_def cmd_checkpoint_parent = {.name = "checkpoint-parent",
                                              .group = "Snapshots",
                                              .summary = "get the name of the parent of a checkpoint",
                                              .example = "checkpoint-parent share daily",
                                              .opts = checkpoint_opts,
                                              .flags = CMD_CONN | CMD_READS,
                                              .view = {VIEW_TEXT},
                                              .run = run_checkpoint_parent};

const struct cmd_def cmd_snapshot_info = {.name = "snapshot-info",
                                          .group = "Snapshots",
                                          .summary = "snapshot information",
                                          .example =
                                              "snapshot-info share before-upgrade\nsnapshot-info share --current",
                                          .opts = info_opts,
                                          .flags = CMD_CONN | CMD_READS,
                                          .view = {VIEW_FIELDS, cols},
                                          .run = run_info};

const struct cmd_def cmd_snapshot_parent = {.name = "snapshot-parent",
                                            .group = "Snapshots",
                                            .summary = "get the name of the parent of a snapshot",
                                            .example = "snapshot-parent share before-upgrade",
                                            .opts = parent_opts,
                                            .flags = CMD_CONN | CMD_READS,
                                            .view = {VIEW_TEXT},
                                            .run = run_parent};
