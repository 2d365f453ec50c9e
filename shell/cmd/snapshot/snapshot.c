// SPDX-License-Identifier: GPL-3.0-or-later
// One snapshot or checkpoint: shown, made the current one, gone back to, deleted. See snapshot.h.
#include "cmd/snapshot/snapshot.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/objects.h"
#include "cmd/pool/storage.h"
#include "cmd/rows.h"
#include "core/console/names_of.h"
#include "core/guest/fence.h"
#include "io/virt/dom.h"
#include "io/virt/snapshot.h"
#include "io/virt/xml.h"
#include "io/xml.h"

enum { DOMAIN, NAME, SECURE, XPATH, WRAP, NO_DOMAIN, SIZE };
static const struct opt_def snap_xml_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [NAME] = {"snapshotname", OPT_STRING, OPTF_POS | OPTF_REQ, "snapshot name", .of_domain = "snapshot"},
    [SECURE] = SECURE_ROW(VIRT_XML_SECURE),
    [XPATH] = XPATH_ROW,
    [WRAP] = WRAP_ROW,
    {NULL},
};
static const struct opt_def checkpoint_xml_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [NAME] = {"checkpointname", OPT_STRING, OPTF_POS | OPTF_REQ, "checkpoint name", .of_domain = "checkpoint"},
    [SECURE] = SECURE_ROW(VIRT_CHECKPOINT_XML_SECURE),
    [XPATH] = XPATH_ROW,
    [WRAP] = WRAP_ROW,
    [NO_DOMAIN] = {"no-domain", OPT_BOOL, 0, "exclude <domain> from XML", .bits = VIRT_CHECKPOINT_XML_NO_DOMAIN},
    [SIZE] = {"size", OPT_BOOL, 0, "include backup size estimate in XML dump", .bits = VIRT_CHECKPOINT_XML_SIZE},
    {NULL},
};

enum { CURRENT_NAME = NAME, SET = SECURE + 1 };
static const struct opt_def current_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [CURRENT_NAME] = {"name", OPT_BOOL, 0, "list the name, rather than the full xml", .excludes = "snapshotname"},
    [SECURE] = SECURE_ROW(VIRT_XML_SECURE),
    [SET] = {"snapshotname", OPT_STRING, OPTF_POS, "name of existing snapshot to make current",
             .of_domain = "snapshot"},
    {NULL},
};

enum { CURRENT = NAME + 1, CHILDREN, CHILDREN_ONLY, METADATA, DELETE_FORCE };
static const struct opt_def delete_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [NAME] = {"snapshotname", OPT_STRING, OPTF_POS, "snapshot name", .of_domain = "snapshot"},
    [CURRENT] = {"current", OPT_BOOL, 0, "delete current snapshot", .excludes = "snapshotname"},
    [CHILDREN] = {"children", OPT_BOOL, 0, "delete snapshot and all children", .bits = VIRT_SNAP_DELETE_CHILDREN,
                  .excludes = "children-only"},
    [CHILDREN_ONLY] = {"children-only", OPT_BOOL, 0, "delete children but not snapshot",
                       .bits = VIRT_SNAP_DELETE_CHILDREN_ONLY},
    [METADATA] = {"metadata", OPT_BOOL, 0, "delete only libvirt metadata, leaving snapshot contents behind",
                  .bits = VIRT_SNAP_DELETE_METADATA},
    [DELETE_FORCE] = FORCE_ROW,
    {NULL},
};
enum { C_CHILDREN = NAME + 1, C_CHILDREN_ONLY, C_METADATA };
static const struct opt_def checkpoint_delete_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [NAME] = {"checkpointname", OPT_STRING, OPTF_POS | OPTF_REQ, "checkpoint name", .of_domain = "checkpoint"},
    [C_CHILDREN] = {"children", OPT_BOOL, 0, "delete checkpoint and all children", .bits = VIRT_SNAP_DELETE_CHILDREN,
                    .excludes = "children-only"},
    [C_CHILDREN_ONLY] = {"children-only", OPT_BOOL, 0, "delete children but not checkpoint",
                         .bits = VIRT_SNAP_DELETE_CHILDREN_ONLY},
    [C_METADATA] = {"metadata", OPT_BOOL, 0, "delete only libvirt metadata, leaving checkpoint contents behind",
                    .bits = VIRT_SNAP_DELETE_METADATA},
    {NULL},
};

enum { RUNNING = CURRENT + 1, PAUSED, FORCE, RESET_NVRAM };
static const struct opt_def revert_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [NAME] = {"snapshotname", OPT_STRING, OPTF_POS, "snapshot name", .of_domain = "snapshot"},
    [CURRENT] = {"current", OPT_BOOL, 0, "revert to current snapshot", .excludes = "snapshotname"},
    [RUNNING] = {"running", OPT_BOOL, 0, "after reverting, change state to running", .bits = VIRT_SNAP_REVERT_RUNNING,
                 .excludes = "paused"},
    [PAUSED] = {"paused", OPT_BOOL, 0, "after reverting, change state to paused", .bits = VIRT_SNAP_REVERT_PAUSED},
    [FORCE] = {"force", OPT_BOOL, 0, "try harder on risky reverts", .bits = VIRT_SNAP_REVERT_FORCE},
    [RESET_NVRAM] = {"reset-nvram", OPT_BOOL, 0, "re-initialize NVRAM from its pristine template",
                     .bits = VIRT_SNAP_REVERT_RESET_NVRAM},
    {NULL},
};

void snapshot_seen(struct cmd_call *c, const struct virt_dom *dom, const char *kind, const char *name)
{
    _cleanup_free_ char *place = names_of_place(target_label(&c->where), virt_dom_name(dom));
    ctx_names_add(c->ctx, kind, place, name);
}

void snapshot_gone(struct cmd_call *c, const struct virt_dom *dom, const char *kind, const char *name)
{
    _cleanup_free_ char *place = names_of_place(target_label(&c->where), virt_dom_name(dom));
    ctx_names_remove(c->ctx, kind, place, name);
}

void snapshot_result(struct cmd_call *c, const struct virt_dom *dom, const char *kind, const char *name)
{
    c->result = json_pack("{s:o, s:o}", "name", json_text(name), "domain", json_text(virt_dom_name(dom)));
    if (c->where.node)
        json_object_set_new(c->result, "node", json_text(c->where.node->name));
    snapshot_seen(c, dom, kind, name);
}

int snapshot_name(struct cmd_call *c, struct virt_dom *dom, int name, int current, char **ret, struct err *e)
{
    const char *s = c->vals[name].s;
    if (s) {
        *ret = xstrdup(s);
        return 0;
    }
    if (!c->vals[current].b) {
        err_set(e, ERR_USAGE, "%s: no snapshot given", c->def->name);
        return err_hint(e, "use --snapshotname NAME, or --current");
    }
    if (virt_snap_current(dom, ret, e) < 0)
        return -1;
    return *ret ? 0 : err_set(e, ERR_NOT_FOUND, "domain '%s' has no current snapshot", virt_dom_name(dom));
}

static int run_snap_xml(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    if (virt_snap_xml(c->vals[DOMAIN].dom, c->vals[NAME].s, cmd_bits(c), &xml, e) < 0)
        return -1;
    return object_xml_result(c, xml, XPATH, WRAP, e);
}

static int run_checkpoint_xml(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    if (virt_checkpoint_xml(c->vals[DOMAIN].dom, c->vals[NAME].s, cmd_bits(c), &xml, e) < 0)
        return -1;
    return object_xml_result(c, xml, XPATH, WRAP, e);
}

// libvirt has no call for it: the snapshot is defined again as it is, as the current one.
static int make_current(struct cmd_call *c, struct err *e)
{
    static const struct view done = {VIEW_NONE, .message = "Snapshot {name} set as current"};
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    const char *name = c->vals[SET].s;
    _cleanup_free_ char *xml = NULL, *same = NULL;
    if (virt_snap_xml(dom, name, VIRT_XML_SECURE, &xml, e) < 0 ||
        virt_snap_create(dom, xml, VIRT_SNAP_CREATE_REDEFINE | VIRT_SNAP_CREATE_CURRENT, &same, e) < 0)
        return -1;
    snapshot_result(c, dom, "snapshot", name);
    c->view = &done;
    return 0;
}

static int run_current(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    _cleanup_free_ char *name = NULL, *xml = NULL;
    if (c->vals[SET].s)
        return make_current(c, e);
    if (virt_snap_current(dom, &name, e) < 0)
        return -1;
    if (!name)
        return err_set(e, ERR_NOT_FOUND, "domain '%s' has no current snapshot", virt_dom_name(dom));
    snapshot_seen(c, dom, "snapshot", name);
    if (!c->vals[CURRENT_NAME].b && virt_snap_xml(dom, name, cmd_bits(c), &xml, e) < 0)
        return -1;
    c->result = json_text(xml ? xml : name);
    return 0;
}

static int run_delete(struct cmd_call *c, struct err *e)
{
    static const struct view children = {VIEW_NONE, .message = "Domain snapshot {name} children deleted"};
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    _cleanup_free_ char *name = NULL;
    if (snapshot_name(c, dom, NAME, CURRENT, &name, e) < 0)
        return -1;
    if (!c->vals[METADATA].b && domain_refuse_elsewhere(c, dom, c->vals[DELETE_FORCE].b, e) < 0)
        return err_wrap(e, "not deleted");
    if (virt_snap_delete(dom, name, cmd_bits(c), e) < 0)
        return err_wrap(e, "failed to delete snapshot %s", name);
    snapshot_result(c, dom, "snapshot", name);
    if (c->vals[CHILDREN_ONLY].b)
        c->view = &children;
    else
        snapshot_gone(c, dom, "snapshot", name);
    return 0;
}

static int run_checkpoint_delete(struct cmd_call *c, struct err *e)
{
    static const struct view children = {VIEW_NONE, .message = "Domain checkpoint {name} children deleted"};
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    const char *name = c->vals[NAME].s;
    if (virt_checkpoint_delete(dom, name, cmd_bits(c), e) < 0)
        return err_wrap(e, "failed to delete checkpoint %s", name);
    snapshot_result(c, dom, "checkpoint", name);
    if (c->vals[C_CHILDREN_ONLY].b)
        c->view = &children;
    else
        snapshot_gone(c, dom, "checkpoint", name);
    return 0;
}

struct revert {
    struct cmd_call *c;
    const char *name;
    unsigned flags;
    bool said; // what failed is said in full
};

static int revert(struct revert *r, unsigned flags, struct err *e)
{
    r->said = virt_snap_revert(r->c->vals[DOMAIN].dom, r->name, flags, e) < 0;
    return r->said ? err_wrap(e, "failed to revert snapshot %s", r->name) : 0;
}

static int begin_revert(void *data, bool paused, struct virt_dom **ret, struct err *e)
{
    struct revert *r = data;
    struct virt_dom *dom = r->c->vals[DOMAIN].dom;
    unsigned flags = paused ? (r->flags & ~(unsigned)VIRT_SNAP_REVERT_RUNNING) | VIRT_SNAP_REVERT_PAUSED : r->flags;
    if (revert(r, flags, e) < 0)
        return -1;
    r->said = domain_begun(r->c, virt_dom_name(dom), virt_dom_uuid(dom), paused, ret, e) < 0; // it has an id now
    return r->said ? err_wrap(e, "reverted to snapshot %s", r->name) : 0;
}

// Is it active behind the revert, or paused?
static int find_outcome(const struct revert *r, bool *ret_active, bool *ret_paused, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (virt_snap_xml(r->c->vals[DOMAIN].dom, r->name, 0, &xml, e) < 0 || xml_parse(xml, &doc, e) < 0)
        return -1;
    _cleanup_free_ char *state = xml_string(doc, NULL, "string(/domainsnapshot/state)");
    bool running = state && strcmp(state, "running") == 0, paused = state && strcmp(state, "paused") == 0;
    *ret_paused = r->flags & VIRT_SNAP_REVERT_PAUSED || (paused && !(r->flags & VIRT_SNAP_REVERT_RUNNING));
    *ret_active = *ret_paused || running || r->flags & VIRT_SNAP_REVERT_RUNNING;
    return 0;
}

// The disks are not turned back under a copy that uses them; where the guest then runs, it does so as with start.
static int revert_alone(struct revert *r, struct err *e)
{
    struct cmd_call *c = r->c;
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    bool force = c->vals[FORCE].b, active, paused;
    _cleanup_(virt_dom_free_p) struct virt_dom *begun = NULL;
    struct fence f = {
        .q = domain_query(c, virt_dom_name(dom), virt_dom_uuid(dom), force), .begin = begin_revert, .data = r};
    if (domain_check_moved(c, dom, VIRT_XML_INACTIVE, force, e) < 0 || find_outcome(r, &active, &paused, e) < 0)
        return -1;
    f.q.id = virt_dom_id(dom);
    f.stay_paused = paused;
    if (f.q.id >= 0 || !active)
        return copies_refuse(&f.q, e) < 0 ? -1 : revert(r, r->flags, e);
    return fence_begin(&f, &begun, e);
}

static int run_revert(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *name = NULL;
    if (snapshot_name(c, c->vals[DOMAIN].dom, NAME, CURRENT, &name, e) < 0)
        return -1;
    struct revert r = {c, name, cmd_bits(c), false};
    if (revert_alone(&r, e) < 0)
        return r.said ? -1 : err_wrap(e, "not reverted");
    snapshot_result(c, c->vals[DOMAIN].dom, "snapshot", name);
    return 0;
}

const struct cmd_def cmd_checkpoint_delete = {
    .name = "checkpoint-delete",
    .group = "Snapshots",
    .summary = "delete a domain checkpoint",
    .example = "checkpoint-delete share daily\ncheckpoint-delete share daily --metadata",
    .opts = checkpoint_delete_opts,
    .flags = CMD_CONN | CMD_DESTROYS | CMD_EXACT,
    .view = {VIEW_NONE, .message = "Domain checkpoint {name} deleted"},
    .run = run_checkpoint_delete};

const struct cmd_def cmd_checkpoint_dumpxml = {.name = "checkpoint-dumpxml",
                                               .group = "Snapshots",
                                               .summary = "dump XML for a domain checkpoint",
                                               .example = "checkpoint-dumpxml share daily --no-domain",
                                               .opts = checkpoint_xml_opts,
                                               .flags = CMD_CONN | CMD_READS,
                                               .view = {VIEW_TEXT},
                                               .run = run_checkpoint_xml};

const struct cmd_def cmd_snapshot_current = {.name = "snapshot-current",
                                             .group = "Snapshots",
                                             .summary = "get or set the current snapshot",
                                             .example =
                                                 "snapshot-current share --name\nsnapshot-current share before-upgrade",
                                             .opts = current_opts,
                                             .flags = CMD_CONN,
                                             .view = {VIEW_TEXT},
                                             .run = run_current};

const struct cmd_def cmd_snapshot_delete = {
    .name = "snapshot-delete",
    .group = "Snapshots",
    .summary = "delete a domain snapshot",
    .help = "With --metadata libvirt only forgets it, and the data stays in the images, so that a definition can be "
            "moved.\n"
            "Else it is refused as snapshot-create is (help snapshot-create).",
    .example = "snapshot-delete share before-upgrade\nsnapshot-delete share --current --metadata",
    .opts = delete_opts,
    .flags = CMD_CONN | CMD_DESTROYS | CMD_EXACT,
    .view = {VIEW_NONE, .message = "Domain snapshot {name} deleted"},
    .run = run_delete};

const struct cmd_def cmd_snapshot_dumpxml = {.name = "snapshot-dumpxml",
                                             .group = "Snapshots",
                                             .summary = "dump XML for a domain snapshot",
                                             .example = "snapshot-dumpxml share before-upgrade --xpath //disk/source",
                                             .opts = snap_xml_opts,
                                             .flags = CMD_CONN | CMD_READS,
                                             .view = {VIEW_TEXT},
                                             .run = run_snap_xml};

const struct cmd_def cmd_snapshot_revert = {.name = "snapshot-revert",
                                            .group = "Snapshots",
                                            .summary = "revert a domain to a snapshot",
                                            .help = "Refused, as start is, where another hypervisor has the guest\n"
                                                    "active or does not answer, and where the guest was moved away;\n"
                                                    "--force insists on the latter.",
                                            .example = "snapshot-revert share before-upgrade --running",
                                            .opts = revert_opts,
                                            .flags = CMD_CONN | CMD_DESTROYS | CMD_EXACT,
                                            .view = {VIEW_NONE, .message = "Domain snapshot {name} reverted"},
                                            .run = run_revert};
