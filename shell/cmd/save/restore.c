// SPDX-License-Identifier: GPL-3.0-or-later
// A guest goes on from a file that `save` made. It begins to run, so all is asked that start asks.
#include <string.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "cmd/save/file.h"
#include "core/console/out.h"
#include "core/guest/domxml.h"
#include "core/guest/fence.h"
#include "io/virt/save.h"
#include "io/virt/xml.h"

enum { PATH, BYPASS_CACHE, XML, RUNNING, PAUSED, RESET_NVRAM, FORCE };

static const struct opt_def opts[] = {
    [PATH] = {"file", OPT_STRING, OPTF_POS | OPTF_REQ, "the state to restore, on the host"},
    [BYPASS_CACHE] = {"bypass-cache", OPT_BOOL, 0, "avoid file system cache when restoring",
                      .bits = VIRT_SAVE_BYPASS_CACHE},
    [XML] = {"xml", OPT_PATH, OPTF_POS, "filename containing updated XML for the target"},
    [RUNNING] = {"running", OPT_BOOL, 0, "restore domain into running state", .excludes = "paused"},
    [PAUSED] = {"paused", OPT_BOOL, 0, "restore domain into paused state"},
    [RESET_NVRAM] = {"reset-nvram", OPT_BOOL, 0, "re-initialize NVRAM from its pristine template",
                     .bits = VIRT_SAVE_RESET_NVRAM},
    [FORCE] =
        {"force", OPT_BOOL, 0,
         "even if a disk is or may be newer, the guest was moved away, or a node that may run it does not answer"},
    {NULL},
};

struct restore {
    struct cmd_call *c;
    const char *path, *name, *uuid;
    const char *xml;        // the operator's, or NULL
    const char *image;      // what is in the file, or what replaces it
    bool was_running, told; // whether it ran when it was saved; the node has told that
    bool said;              // what failed is said in full
};

static int begin(void *data, bool paused, struct virt_dom **ret, struct err *e)
{
    struct restore *r = data;
    // Not said where it is so anyway, or nobody wants it otherwise: the call without flags is the one that every driver
    // has.
    bool as_it_is = paused ? r->told && !r->was_running : r->told ? r->was_running : !r->c->vals[RUNNING].b;
    unsigned state = as_it_is ? 0 : paused ? VIRT_SAVE_PAUSED : VIRT_SAVE_RUNNING;
    r->said = true;
    if (virt_restore(r->c->conn, r->path, r->xml, cmd_bits(r->c) | state, e) < 0)
        return err_wrap(e, "failed to restore domain from %s", r->path);
    if (domain_begun(r->c, r->name, r->uuid, paused, ret, e) < 0)
        return err_wrap(e, "restored from %s", r->path);
    r->said = false;
    return 0;
}

static int hint(const struct restore *r, struct err *e)
{
    return err_hint(e, "start %s boots it from its disks; --force restores it anyway", r->name);
}

// Refused, or, as the operator insists, warned of.
static int object_to(const struct restore *r, const char *why, struct err *e)
{
    if (r->c->vals[FORCE].b) {
        out_notice(OUT_WARN, "%s", why);
        return 0;
    }
    save_refuse(why, e);
    return hint(r, e);
}

static const json_t *disk_of(const json_t *disks, const char *target)
{
    size_t i;
    json_t *disk;
    json_array_foreach((json_t *)disks, i, disk)
    {
        const char *is = json_text_at(disk, "target");
        if (is && strcmp(is, target) == 0)
            return disk;
    }
    return NULL;
}

// Since a snapshot, or a copy, the guest writes elsewhere: what the file names may be what others rest on now.
static int compare_disks(const struct restore *r, struct virt_dom *there, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    _cleanup_(xml_free_p) struct xml_doc *now = NULL, *then = NULL;
    if (virt_dom_xml(there, VIRT_XML_INACTIVE, &xml, e) < 0 || xml_parse(xml, &now, e) < 0 ||
        xml_parse(r->image, &then, e) < 0)
        return -1;
    json_auto_t *new_disks = domxml_disks(now), *old_disks = domxml_disks(then);
    size_t i;
    json_t *disk;
    json_array_foreach(old_disks, i, disk)
    {
        const char *target = json_text_at(disk, "target"), *was = json_text_at(disk, "source");
        const json_t *same = target ? disk_of(new_disks, target) : NULL;
        const char *is = json_text_at(same, "source");
        if (!was || json_is_true(json_object_get(disk, "readonly")) || (is && strcmp(is, was) == 0))
            continue;
        _cleanup_free_ char *why =
            xasprintf("the state of '%s' in %s uses %s as disk %s, but the definition now uses %s", r->name, r->path,
                      was, target ? target : "", is ? is : "none");
        return object_to(r, why, e);
    }
    return 0;
}

// What it would go on from.
static int look_at_image(struct restore *r, struct err *e)
{
    _cleanup_saved_ struct saved s = {.was_running = true};
    _cleanup_free_ char *why = NULL;
    if (save_look(r->c, &(struct save_of){r->name, NULL, r->path, r->image}, r->c->vals[FORCE].b, &s, &why, e) < 0)
        return e->code == ERR_CANCELLED ? -1 : hint(r, e);
    r->was_running = s.was_running;
    r->told = s.told;
    return why ? object_to(r, why, e) : 0;
}

static int check(struct restore *r, struct err *e)
{
    struct cmd_call *c = r->c;
    _cleanup_(virt_dom_free_p) struct virt_dom *there = NULL;
    bool force = c->vals[FORCE].b;
    if (domain_check_mark(c, r->name, r->uuid, r->image, force, e) < 0)
        return -1;
    if (virt_dom_lookup_uuid(c->conn, r->uuid, &there, e) < 0) {
        if (e->code != ERR_NOT_FOUND)
            return -1;
        err_release(e);
        return look_at_image(r, e);
    }
    if (virt_dom_id(there) >= 0)
        return err_set(e, ERR_STATE, "domain '%s' is already active", r->name);
    return domain_check_moved(c, there, VIRT_XML_INACTIVE, force, e) < 0 || compare_disks(r, there, e) < 0 ||
                   look_at_image(r, e) < 0
               ? -1
               : 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    const char *path = c->vals[PATH].s;
    _cleanup_free_ char *image = NULL, *mine = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
    if ((c->vals[XML].s && object_read_file(c->vals[XML].s, &mine, e) < 0) ||
        virt_save_image_xml(c->conn, path, VIRT_XML_SECURE, &image, e) < 0)
        return err_wrap(e, "failed to restore domain from %s", path);
    if (xml_parse(image, &doc, e) < 0)
        return -1;
    _cleanup_free_ char *name = xml_string(doc, NULL, "string(/domain/name)");
    _cleanup_free_ char *uuid = xml_string(doc, NULL, "normalize-space(/domain/uuid)");
    if (!name || !uuid)
        return err_set(e, ERR_FAILED, "%s lacks the name or the UUID of its guest", path);
    struct restore r = {.c = c,
                        .path = path,
                        .name = name,
                        .uuid = uuid,
                        .xml = mine,
                        .image = mine ? mine : image,
                        .was_running = true};
    if (check(&r, e) < 0)
        return err_wrap(e, "not restored from %s", path);
    struct fence f = {.q = domain_query(c, name, uuid, c->vals[FORCE].b),
                      .begin = begin,
                      .data = &r,
                      .stay_paused = c->vals[PAUSED].b || (!c->vals[RUNNING].b && !r.was_running)};
    if (fence_begin(&f, &dom, e) < 0)
        return r.said ? -1 : err_wrap(e, "not restored from %s", path);
    domain_seen(c, dom, f.stay_paused ? "paused" : "running");
    domain_result(c, dom);
    json_object_set_new(c->result, "file", json_text(path));
    return 0;
}

const struct cmd_def cmd_restore = {
    .name = "restore",
    .group = "Domains",
    .summary = "restore a domain from a saved state in a file",
    .help =
        "Resumes a guest from a file on the host that save made. It is refused as start is (help start): while "
        "another\n"
        "hypervisor has the guest active or does not answer, and where it was moved away. It is also refused if a "
        "disk\n"
        "was written to after the save, or nobody can tell, or if the definition has another disk by now: the guest's\n"
        "memory would no longer match its disks. --force insists, but never beside an active copy. The file stays: "
        "remove it, as it\n"
        "must not be restored a second time.",
    .example = "restore /var/tmp/share.save\nrestore /var/tmp/share.save --paused --node dest",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Domain restored from {file}"},
    .run = run};
