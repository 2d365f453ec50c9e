// SPDX-License-Identifier: GPL-3.0-or-later
// The facts of one guest. Job threads. Each section is asked for by itself, so that one which fails costs no other.
#include <string.h>

#include "base/json.h"
#include "core/guest/domxml.h"
#include "core/guest/files.h"
#include "core/preflight/priv.h"
#include "io/virt/block.h"
#include "io/virt/dom.h"
#include "io/virt/info.h"
#include "io/virt/list.h"
#include "io/virt/migrate.h"
#include "io/virt/monitor.h"
#include "io/virt/snapshot.h"
#include "io/virt/xml.h"

struct guest {
    struct virt_dom *dom;
    const struct preflight_marks *marks;
    json_t *facts;
    struct xml_doc *doc; // of what runs, or else of the definition; NULL: not known
    bool active;
};

// Takes `value`; NULL: it is missing, and why.
static void set(struct guest *g, const char *section, json_t *value, struct err *why)
{
    if (value)
        json_object_set_new(g->facts, section, value);
    else
        preflight_missing(g->facts, section, why);
    err_release(why);
}

// --- What a host tells of all

void preflight_marks_ask(struct virt_conn *conn, struct preflight_marks *ret)
{
    static const unsigned filters[N_MARKS] = {[MARK_PERSISTENT] = VIRT_LIST_PERSISTENT,
                                              [MARK_AUTOSTART] = VIRT_LIST_AUTOSTART,
                                              [MARK_SAVED] = VIRT_LIST_MANAGED_SAVE,
                                              [MARK_SNAPSHOTS] = VIRT_LIST_SNAPSHOT,
                                              [MARK_CHECKPOINTS] = VIRT_LIST_CHECKPOINT};
    json_auto_t *rows = NULL;
    size_t i;
    json_t *row;
    if (virt_list(conn, 0, 0, &rows, &ret->why_states) == 0) {
        ret->states = json_object();
        json_array_foreach(rows, i, row) json_object_set(ret->states, json_text_at(row, "uuid"), row);
    }
    for (i = 0; i < N_MARKS; i++)
        virt_list_uuids(conn, filters[i], &ret->with[i], &ret->why[i]);
}

void preflight_marks_release(struct preflight_marks *m)
{
    json_decref(m->states);
    err_release(&m->why_states);
    for (size_t i = 0; i < N_MARKS; i++) {
        strv_release(&m->with[i]);
        err_release(&m->why[i]);
    }
}

// --- Of one

// Its row of the list; what is not in it is not known to be without a mark, either.
static const json_t *row_of(const struct guest *g, struct err *e)
{
    const struct preflight_marks *m = g->marks;
    const json_t *row = json_object_get(m->states, virt_dom_uuid(g->dom));
    if (!row && m->states)
        err_set(e, ERR_NOT_FOUND, "it is gone");
    else if (!row)
        err_set(e, m->why_states.code, "%s", m->why_states.msg);
    return row;
}

static void add_state(struct guest *g)
{
    struct err e = ERR_INIT;
    const json_t *row = row_of(g, &e);
    json_t *id = row ? json_incref(json_object_get(row, "id")) : NULL;
    g->active = row ? json_is_integer(id) : virt_dom_id(g->dom) >= 0;
    if (row) {
        json_object_set_new(g->facts, "id", id);
        json_object_set(g->facts, "reason", json_object_get(row, "reason"));
    }
    set(g, "state", row ? json_incref(json_object_get(row, "state")) : NULL, &e);
}

static void add_mark(struct guest *g, const char *section, int which,
                     json_t *(*value)(struct guest *, bool, struct err *))
{
    struct err e = ERR_INIT;
    const struct err *why = &g->marks->why[which];
    json_t *found = NULL;
    if (err_is_set(why))
        err_set(&e, why->code, "%s", why->msg);
    else if (row_of(g, &e))
        found = value(g, strv_has(&g->marks->with[which], virt_dom_uuid(g->dom)), &e);
    set(g, section, found, &e);
}

static json_t *yes_no(struct guest *g, bool has, struct err *e)
{
    (void)g;
    (void)e;
    return json_boolean(has);
}

static json_t *number(int n)
{
    return n < 0 ? NULL : json_integer(n);
}

static json_t *snapshots(struct guest *g, bool has, struct err *e)
{
    return number(has ? virt_snap_count(g->dom, e) : 0);
}

static json_t *checkpoints(struct guest *g, bool has, struct err *e)
{
    return number(has ? virt_checkpoint_count(g->dom, e) : 0);
}

static void add_marks(struct guest *g)
{
    struct err e = ERR_INIT;
    json_t *messages = NULL;
    add_mark(g, "persistent", MARK_PERSISTENT, yes_no);
    add_mark(g, "autostart", MARK_AUTOSTART, yes_no);
    add_mark(g, "managed_save", MARK_SAVED, yes_no);
    add_mark(g, "snapshots", MARK_SNAPSHOTS, snapshots);
    add_mark(g, "checkpoints", MARK_CHECKPOINTS, checkpoints);
    virt_dom_messages(g->dom, &messages, &e);
    set(g, "messages", messages, &e);
}

// A transient guest has no definition; libvirt makes one up for it.
static void add_xml(struct guest *g)
{
    struct err e = ERR_INIT;
    _cleanup_free_ char *inactive = NULL, *live = NULL;
    if (json_is_false(json_object_get(g->facts, "persistent"))) {
        json_object_set_new(g->facts, "inactive", json_null());
    } else {
        virt_dom_xml(g->dom, VIRT_XML_INACTIVE, &inactive, &e);
        set(g, "inactive", inactive ? json_text(inactive) : NULL, &e);
    }
    const char *xml = inactive;
    if (g->active) {
        virt_dom_xml(g->dom, 0, &live, &e);
        xml = live;
    }
    if (xml && xml_parse(xml, &g->doc, &e) < 0)
        xml = NULL;
    if (!xml && !err_is_set(&e))
        err_set(&e, ERR_FAILED, "its definition is not known");
    set(g, "xml", xml ? json_text(xml) : NULL, &e);
}

// "migration-out" is "migration out" where libvirt speaks of it.
static json_t *operation(const json_t *stats)
{
    _cleanup_free_ char *words = xstrdup(json_text_at(stats, "operation"));
    for (char *s = words; s && (s = strchr(s, '-'));)
        *s = ' ';
    return json_text(words);
}

static void add_job(struct guest *g)
{
    struct err e = ERR_INIT;
    enum virt_job_type type = VIRT_JOB_NONE;
    json_auto_t *stats = NULL;
    json_t *job = NULL;
    if (!g->active)
        job = json_pack("{s:o, s:n}", "type", json_text("none"), "operation");
    else if (virt_job_stats(g->dom, 0, &type, &stats, &e) == 0)
        job = json_pack("{s:O, s:o}", "type", json_object_get(stats, "type"), "operation",
                        type == VIRT_JOB_NONE ? json_null() : operation(stats));
    set(g, "job", job, &e);
}

// What a medium is exchanged in has none.
static bool can_have_job(const json_t *disk)
{
    const char *device = json_text_at(disk, "device");
    return json_text_at(disk, "target") && json_text_at(disk, "source") &&
           (!device || strcmp(device, "disk") == 0 || strcmp(device, "lun") == 0);
}

static int block_jobs(struct guest *g, json_t *jobs, struct err *e)
{
    json_auto_t *disks = domxml_disks(g->doc);
    size_t i;
    json_t *disk;
    json_array_foreach(disks, i, disk)
    {
        const char *target = json_text_at(disk, "target");
        struct virt_block_job job;
        if (!can_have_job(disk))
            continue;
        if (virt_block_job(g->dom, target, false, &job, e) < 0)
            return -1;
        if (job.type)
            json_array_append_new(jobs,
                                  json_pack("{s:o, s:o}", "target", json_text(target), "type", json_text(job.type)));
    }
    return 0;
}

static void add_block_jobs(struct guest *g)
{
    struct err e = ERR_INIT;
    json_t *jobs = json_array();
    int r = 0;
    if (g->active)
        r = g->doc ? block_jobs(g, jobs, &e) : err_set(&e, ERR_FAILED, "its disks are not known");
    if (r < 0) {
        json_decref(jobs);
        jobs = NULL;
    }
    set(g, "block_jobs", jobs, &e);
}

// To ask an agent that is not there takes libvirt seconds to find out.
static bool has_agent(struct guest *g)
{
    _cleanup_free_ char *name = g->doc
                                    ? xml_string(g->doc, NULL,
                                                 "string(/domain/devices/channel/target[@name='org.qemu.guest_agent.0']"
                                                 "[@state='connected']/@name)")
                                    : NULL;
    return name != NULL;
}

// What nobody could reach the guest by: its own loopback.
static bool is_loopback(const char *address)
{
    return !address || str_starts(address, "127.") || strcmp(address, "::1") == 0;
}

static void take_addresses(json_t *to, const json_t *interfaces)
{
    size_t i, k;
    json_t *one, *address;
    json_array_foreach((json_t *)interfaces, i, one)
    {
        json_array_foreach(json_object_get(one, "addresses"), k, address)
        {
            if (!is_loopback(json_text_at(address, "address")))
                json_array_append_new(to, json_pack("{s:O, s:O, s:O}", "mac", json_object_get(one, "mac"), "address",
                                                    json_object_get(address, "address"), "prefix",
                                                    json_object_get(address, "prefix")));
        }
    }
}

// The first source that knows any, as domifaddr has it.
static void add_addresses(struct guest *g)
{
    static const enum virt_addr_source sources[] = {VIRT_ADDR_LEASE, VIRT_ADDR_AGENT, VIRT_ADDR_ARP};
    struct err e = ERR_INIT;
    json_t *found = json_array();
    bool told = !g->active;
    for (size_t i = 0; g->active && i < ARRAY_SIZE(sources) && json_array_size(found) == 0; i++) {
        json_auto_t *interfaces = NULL;
        if (sources[i] == VIRT_ADDR_AGENT && !has_agent(g))
            continue;
        if (virt_dom_addresses(g->dom, sources[i], &interfaces, &e) < 0)
            continue;
        take_addresses(found, interfaces);
        told = true;
    }
    if (!told) {
        json_decref(found);
        found = NULL;
    }
    set(g, "addresses", found, &e);
}

// What could not be asked for the facts is asked again.
static void add_files(struct guest *g, struct guest_files **ret)
{
    struct err e = ERR_INIT;
    const char *xml = json_text_at(g->facts, "xml");
    const json_t *inactive = json_object_get(g->facts, "inactive"), *saved = json_object_get(g->facts, "managed_save"),
                 *snapshots = json_object_get(g->facts, "snapshots");
    const struct guest_known known = {g->active ? xml : NULL, json_string_value(inactive), json_is_true(saved),
                                      json_integer_value(snapshots) > 0};
    if (guest_files_named(g->dom, xml && inactive && saved && snapshots ? &known : NULL, ret, &e) < 0)
        preflight_missing(g->facts, "files", &e);
    err_release(&e);
}

static void add_blockers(struct guest *g)
{
    struct err e = ERR_INIT;
    json_t *reasons = NULL;
    if (g->active)
        virt_qemu_blockers(g->dom, &reasons, &e);
    else
        reasons = json_array();
    set(g, "blockers", reasons, &e);
}

// Has somebody spoken to QEMU behind libvirt's back already? Then asking does no more harm.
static bool is_tainted(const struct guest *g)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(g->facts, "messages"), i, one)
    {
        if (strstr(json_string_value(one), "custom monitor"))
            return true;
    }
    return false;
}

json_t *preflight_guest_gather(struct node *node, struct virt_dom *dom, const struct preflight_marks *marks,
                               const struct preflight_query *q, struct guest_files **ret_files)
{
    struct guest g = {.dom = dom, .marks = marks, .facts = json_object()};
    json_object_set_new(g.facts, "name", json_text(virt_dom_name(dom)));
    json_object_set_new(g.facts, "uuid", json_text(virt_dom_uuid(dom)));
    json_object_set_new(g.facts, "node", json_text(node->name));
    add_state(&g);
    add_marks(&g);
    add_xml(&g);
    add_job(&g);
    add_block_jobs(&g);
    if (!q->only_disks)
        add_addresses(&g);
    add_files(&g, ret_files);
    if (!q->only_disks && (q->ask_qemu || is_tainted(&g)))
        add_blockers(&g);
    xml_free(g.doc);
    return g.facts;
}
