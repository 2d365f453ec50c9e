// SPDX-License-Identifier: GPL-3.0-or-later
// What a guest and a node that it may go to come to: its CPU on that hypervisor, and its files there. Job threads. See
// priv.h.
#include <string.h>

#include "base/json.h"
#include "core/copy/copy.h"
#include "core/guest/domxml.h"
#include "core/guest/files.h"
#include "core/guest/xml_map.h"
#include "core/migrate/disks.h"
#include "core/preflight/priv.h"
#include "io/job.h"
#include "io/virt/caps.h"
#include "io/xml.h"

struct pair {
    struct ctx *ctx;
    const struct preflight_query *q;
    const json_t *guest;
    struct node *source, *dest;
    struct node *from, *to; // the machines; NULL: this one
    struct xml_doc *doc;    // NULL: not known
    json_t *facts;
};

static void missing(struct pair *p, const char *section, struct err *why)
{
    preflight_missing(p->facts, section, why);
    err_release(why);
}

// --- The CPU

// As it would be asked for there: by other names, perhaps.
static int machine_there(struct pair *p, json_t **ret, struct err *e)
{
    _cleanup_xml_mapped_ struct xml_mapped mapped = {0};
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    const char *xml = json_text_at(p->guest, "xml");
    if (p->q->map && xml_map(xml, p->q->map, &mapped, e) < 0)
        return -1;
    if (xml_parse(mapped.xml ? mapped.xml : xml, &doc, e) < 0)
        return -1;
    *ret = preflight_machine(doc);
    return 0;
}

static int compare_cpu(struct pair *p, struct job *job, const char *cpu, json_t **ret, struct err *e)
{
    _cleanup_(virt_conn_unref_p) struct virt_conn *conn = NULL;
    _cleanup_free_ char *error = NULL;
    json_auto_t *machine = NULL;
    const char *result = NULL;
    if (machine_there(p, &machine, e) < 0 || ctx_connect(p->ctx, job, p->dest->uri, &conn, e) < 0 ||
        virt_cpu_compare(conn, json_text_at(machine, "emulator"), json_text_at(machine, "arch"),
                         json_text_at(machine, "machine"), json_text_at(machine, "virttype"), cpu, &result, &error,
                         e) < 0)
        return -1;
    *ret = json_pack("{s:o, s:o}", "result", json_text(result), "error", json_text(error));
    return 0;
}

// The CPU that it was given is in the live description as a model with features. What it gets from whatever host it
// runs on (host-passthrough, maximum, host-model of a guest that is off) is compared with nothing.
static void add_cpu(struct pair *p, struct job *job)
{
    struct err e = ERR_INIT;
    json_t *cpu = NULL;
    _cleanup_free_ char *xml = NULL;
    if (!p->doc) {
        err_set(&e, ERR_FAILED, "the guest's description is not known");
        missing(p, "cpu", &e);
        return;
    }
    if (xml_query(p->doc, "/domain/cpu[model][not(@mode) or @mode='custom']", 0, &xml, &e) < 0) {
        err_release(&e);
        return;
    }
    if (compare_cpu(p, job, xml, &cpu, &e) == 0)
        json_object_set_new(p->facts, "cpu", cpu);
    else
        missing(p, "cpu", &e);
}

// --- The files

struct file {
    char *path, *there, *why;
    enum copy_shared shared;
    struct err problem; // why there is no looking at it
};

struct files {
    struct pair *p;
    struct file *all;
    size_t n;
};

static void files_release(struct files *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->all[i].path);
        free(f->all[i].there);
        free(f->all[i].why);
        err_release(&f->all[i].problem);
    }
    free(f->all);
}

static struct file *add_file(struct files *f, const char *path)
{
    f->all = xrealloc(f->all, f->n + 1, sizeof(*f->all));
    f->all[f->n] = (struct file){.path = xstrdup(path), .problem = ERR_INIT};
    return &f->all[f->n++];
}

static const char *mapped_pool(const struct pair *p, const char *pool)
{
    const char *there = json_text_at(json_object_get(p->q->map, "pool"), pool);
    return there ? there : pool;
}

// Where it would be there. Of a volume that is named by its pool the destination's libvirt knows.
static int place_there(struct pair *p, struct job *job, const json_t *row, char **ret, struct err *e)
{
    const char *path = json_text_at(row, "path"), *pool = json_text_at(row, "pool"), *type = json_text_at(row, "type");
    _cleanup_(virt_conn_unref_p) struct virt_conn *conn = NULL;
    if (!type || strcmp(type, "volume") != 0 || !pool) {
        char *other = p->q->map ? xml_map_path(p->q->map, path) : NULL;
        *ret = other ? other : xstrdup(path);
        return 0;
    }
    if (ctx_connect(p->ctx, job, p->dest->uri, &conn, e) < 0)
        return -1;
    return migrate_path_on(conn, json_text_at(row, "volume"), mapped_pool(p, pool), ret, e);
}

// What is saved or lies below an image is its own file, too; the saved state of managedsave is the source's alone.
static void add_local(struct files *f, struct job *job)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(f->p->guest, "files"), i, row)
    {
        const char *path = json_text_at(row, "path"), *volume = json_text_at(row, "volume");
        if (strcmp(json_text_at(row, "kind"), "save") == 0 || (!path && !volume))
            continue;
        struct file *file = add_file(f, path ? path : volume);
        if (!path)
            err_set(&file->problem, ERR_FAILED, "%s",
                    json_text_at(row, "problem") ? json_text_at(row, "problem") : "its path is not known");
        else
            place_there(f->p, job, row, &file->there, &file->problem);
    }
}

// A network disk's name is its address.
static void add_network(struct files *f)
{
    json_auto_t *targets = json_array(), *disks = NULL, *rows = NULL;
    size_t i;
    json_t *row;
    if (!f->p->doc)
        return;
    disks = domxml_disks(f->p->doc);
    json_array_foreach(disks, i, row)
    {
        const char *type = json_text_at(row, "type"), *target = json_text_at(row, "target");
        if (type && target && strcmp(type, "network") == 0)
            json_array_append_new(targets, json_text(target));
    }
    rows = migrate_disks_of(f->p->doc, NULL, targets);
    json_array_foreach(rows, i, row)
    {
        struct file *file = add_file(f, json_text_at(row, "from"));
        file->there = xstrdup(json_text_at(row, "to"));
        if (migrate_disk_is_global(file->path))
            file->shared = COPY_SHARED;
        else
            file->why = xstrdup("it is a network disk, and its address is one of the host's own");
    }
}

static void prove(struct job *job, size_t i, void *arg)
{
    struct files *f = arg;
    struct file *file = &f->all[i];
    _cleanup_err_ struct err cancelled = ERR_INIT;
    if (file->shared != COPY_UNTOLD || file->why)
        return;
    if (err_is_set(&file->problem)) {
        file->why = xstrdup(file->problem.msg);
        return;
    }
    struct copy_end from = {f->p->from, file->path}, to = {f->p->to, file->there};
    copy_is_shared(f->p->ctx, job, &from, &to, &file->shared, &file->why, &cancelled); // whoever waits for us finds out
}

static json_t *files_json(const struct files *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->n; i++) {
        const struct file *file = &f->all[i];
        json_t *shared = file->shared == COPY_UNTOLD ? json_null() : json_boolean(file->shared == COPY_SHARED);
        json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o}", "path", json_text(file->path), "there",
                                              json_text(file->there), "shared", shared, "why",
                                              json_text(file->shared == COPY_UNTOLD ? file->why : NULL)));
    }
    return list;
}

static void add_disks(struct pair *p, struct job *job)
{
    _cleanup_(files_release) struct files f = {.p = p};
    struct err e = ERR_INIT;
    const json_t *rows = json_object_get(p->guest, "files");
    if (!rows)
        err_set(&e, ERR_FAILED, "the guest's files are not known");
    else if (p->q->no_proof)
        err_set(&e, ERR_UNSUPPORTED, "nothing is written beside the files: --no-proof");
    else if (guest_machine(p->source, p->source->uri, p->source->name, &p->from, &e) == 0)
        guest_machine(p->dest, p->dest->uri, p->dest->name, &p->to, &e);
    if (err_is_set(&e)) {
        missing(p, "disks", &e);
        return;
    }
    add_local(&f, job);
    add_network(&f);
    job_each(job, f.n, prove, &f);
    json_object_set_new(p->facts, "disks", files_json(&f));
}

int preflight_pair_gather(struct ctx *ctx, struct job *job, const struct preflight_query *q, const json_t *guest,
                          struct node *source, struct node *dest, json_t **ret, struct err *e)
{
    struct pair p = {.ctx = ctx, .q = q, .guest = guest, .source = source, .dest = dest};
    _cleanup_err_ struct err ignored = ERR_INIT;
    const char *xml = json_text_at(guest, "xml");
    if (xml)
        xml_parse(xml, &p.doc, &ignored);
    p.facts = json_pack("{s:o, s:o}", "guest", json_text(json_text_at(guest, "uuid")), "dest", json_text(dest->name));
    add_cpu(&p, job);
    add_disks(&p, job);
    xml_free(p.doc);
    if (job_check(job, e) < 0) {
        json_decref(p.facts);
        return -1;
    }
    *ret = p.facts;
    return 0;
}
