// SPDX-License-Identifier: GPL-3.0-or-later
// A guest's facts in sentences. See console/explain_guest.h.
#include "cmd/console/explain_guest.h"

#include <string.h>

#include "base/json.h"
#include "base/printable.h"
#include "cmd/domain/guest.h"
#include "core/guest/domxml.h"
#include "core/guest/look.h"
#include "io/virt/dom.h"
#include "io/virt/info.h"
#include "io/virt/xml.h"

static void add_definition(const json_t *info, struct buf *out)
{
    const json_t *persistent = json_object_get(info, "persistent"), *save = json_object_get(info, "managed_save");
    if (json_is_true(persistent)) {
        buf_addf(out, "  It is persistent%s.\n",
                 json_is_true(json_object_get(info, "autostart")) ? ", and starts with its host" : "");
        buf_adds(out,
                 "  Without --undefinesource the source keeps its definition; without --persistent the destination\n"
                 "  gets none.\n");
    } else if (json_is_false(persistent)) {
        buf_adds(out, "  It is transient: when it ends it is gone. --persistent defines it at the destination.\n");
    } else {
        buf_adds(out, "  Whether it is persistent, the hypervisor does not tell.\n");
    }
    if (json_is_true(save))
        buf_adds(
            out,
            "  It has a managed save, which --offline leaves behind: start it first, or cold-migrate --carry-save.\n");
}

static void add_ways(const json_t *info, struct buf *out)
{
    const char *state = json_text_at(info, "state");
    if (json_is_null(json_object_get(info, "id")))
        buf_adds(
            out,
            "  It is off: cold-migrate takes its disks along, migrate --offline --persistent its definition alone.\n");
    else if (state && strcmp(state, "paused") == 0)
        buf_adds(out, "  It is paused: it migrates as it is, and stays paused.\n");
    else
        buf_adds(out, "  It is on: live-migrate moves it while it runs, cold-migrate shuts it down first.\n");
}

// {PATH: {"filesystem" …}} of the node that has the files, or an empty object and *why.
static json_t *look(struct cmd_call *c, const json_t *disks, struct err *why)
{
    json_auto_t *paths = json_object();
    json_t *facts = NULL, *disk;
    size_t i;
    json_array_foreach(disks, i, disk)
    {
        const char *path = json_text_at(disk, "source");
        if (path && *path == '/')
            json_object_set_new(paths, path, json_null());
    }
    if (!json_object_size(paths))
        return json_object();
    struct guest_place p = {.ctx = c->ctx, .job = c->job};
    if (guest_node(c, &p.node, &p.root, why) < 0)
        return json_object();
    if (guest_look(&p, paths, &facts, why) == 0)
        return facts;
    json_decref(facts);
    return json_object();
}

static void add_word(struct buf *out, const char *lead, const char *text)
{
    if (!text)
        return;
    buf_adds(out, lead);
    buf_add_line(out, text);
}

// Where a file lies; `fact` is NULL where nobody could be asked.
static void add_filesystem(const json_t *disk, const json_t *fact, struct buf *out)
{
    const char *type = json_text_at(disk, "type"), *filesystem = json_text_at(fact, "filesystem");
    if (!fact || !type || strcmp(type, "file") != 0)
        return;
    if (filesystem)
        add_word(out, ", on ", filesystem);
    else
        buf_adds(out, json_is_false(json_object_get(fact, "exists")) ? ", which is not there"
                                                                     : ", on an unknown file system");
}

static void add_disk(const json_t *disk, const json_t *facts, struct buf *out)
{
    const char *source = json_text_at(disk, "source"), *type = json_text_at(disk, "type");
    const char *device = json_text_at(disk, "device"), *cache = json_text_at(disk, "cache");
    add_word(out, "  ", json_text_at(disk, "target"));
    add_word(out, ": ", type ? type : "?");
    if (device && strcmp(device, "disk") != 0)
        add_word(out, ", ", device);
    if (json_is_true(json_object_get(disk, "readonly")))
        buf_adds(out, ", read only");
    add_word(out, ", ", source ? source : "empty");
    if (source) {
        add_filesystem(disk, json_object_get(facts, source), out);
        add_word(out, ", cache ", cache ? cache : "default");
    }
    buf_addc(out, '\n');
}

static int add_disks(struct cmd_call *c, struct virt_dom *dom, struct buf *out, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (virt_dom_xml(dom, 0, &xml, e) < 0 || xml_parse(xml, &doc, e) < 0)
        return -1;
    _cleanup_err_ struct err why = ERR_INIT;
    json_auto_t *disks = domxml_disks(doc);
    json_auto_t *facts = look(c, disks, &why);
    if (why.code == ERR_CANCELLED) {
        err_move(e, &why);
        return -1;
    }
    size_t i;
    json_t *disk;
    json_array_foreach(disks, i, disk) add_disk(disk, facts, out);
    if (!i)
        buf_adds(out, "  It has no disks.\n");
    if (err_is_set(&why)) {
        buf_adds(out, "  File systems are unknown: ");
        buf_add_line(out, why.msg);
        buf_addc(out, '\n');
    }
    return 0;
}

static bool is_one_of(const char *topic, const char *const *list)
{
    for (; *list; list++) {
        if (strcmp(topic, *list) == 0)
            return true;
    }
    return false;
}

int explain_guest(struct cmd_call *c, struct virt_dom *dom, const char *topic, struct buf *out, struct err *e)
{
    static const char *const definition[] = {"persistent", "offline", "cold", NULL};
    static const char *const disks[] = {"safety", "storage", "live", "cold", "offline", NULL};
    json_auto_t *info = NULL;
    if (virt_dom_info(dom, &info, e) < 0)
        return -1;
    buf_addc(out, '\n');
    buf_add_line(out, virt_dom_name(dom));
    if (c->where.node)
        add_word(out, " on ", c->where.node->name);
    add_word(out, " is ", json_text_at(info, "state"));
    buf_adds(out, ".\n");
    add_ways(info, out);
    if (is_one_of(topic, definition))
        add_definition(info, out);
    return is_one_of(topic, disks) ? add_disks(c, dom, out, e) : 0;
}
