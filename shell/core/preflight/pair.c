// SPDX-License-Identifier: GPL-3.0-or-later
// What guests of one node come to on another that they may go to: their CPUs on that hypervisor, and their files there,
// of which all are proved together. Job threads. See priv.h.
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

struct file {
    struct copy_twin twin;
    char *path, *there;
};

struct pair {
    struct ctx *ctx;
    const struct preflight_query *q;
    const json_t *guest;
    struct node *dest;
    struct xml_doc *doc; // NULL: not known
    char *cpu;           // what is compared of it, and
    json_t *machine;     // for which machine; NULL: nothing is
    struct file *files;
    size_t n_files;
    bool has_files; // else they are missing
    json_t *facts;
};

static void missing(struct pair *p, const char *section, struct err *why)
{
    preflight_missing(p->facts, section, why);
    err_release(why);
}

// --- The CPU

// As it would be asked for there: by other names, perhaps.
static int machine_there(const struct pair *p, json_t **ret, struct err *e)
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

// The CPU that it was given is in the live description as a model with features. What it gets from whatever host it
// runs on (host-passthrough, maximum, host-model of a guest that is off) is compared with nothing.
static void find_cpu(struct pair *p)
{
    struct err e = ERR_INIT;
    if (!p->doc)
        err_set(&e, ERR_FAILED, "the guest's description is not known");
    else if (xml_query(p->doc, "/domain/cpu[model][not(@mode) or @mode='custom']", 0, &p->cpu, &e) < 0)
        err_release(&e); // it has none
    else if (machine_there(p, &p->machine, &e) == 0)
        return;
    if (err_is_set(&e))
        missing(p, "cpu", &e);
}

static int compare_cpu(const struct pair *p, struct job *job, json_t **ret, struct err *e)
{
    _cleanup_(virt_conn_unref_p) struct virt_conn *conn = NULL;
    _cleanup_free_ char *error = NULL;
    const char *result = NULL;
    if (ctx_connect(p->ctx, job, p->dest->uri, &conn, e) < 0 ||
        virt_cpu_compare(conn, json_text_at(p->machine, "emulator"), json_text_at(p->machine, "arch"),
                         json_text_at(p->machine, "machine"), json_text_at(p->machine, "virttype"), p->cpu, false,
                         &result, &error, e) < 0)
        return -1;
    *ret = json_pack("{s:o, s:o}", "result", json_text(result), "error", json_text(error));
    return 0;
}

static void ask_cpu(struct job *job, size_t i, void *arg)
{
    struct pair *p = ((struct pair **)arg)[i];
    struct err e = ERR_INIT;
    json_t *cpu = NULL;
    if (compare_cpu(p, job, &cpu, &e) == 0)
        json_object_set_new(p->facts, "cpu", cpu);
    else
        missing(p, "cpu", &e);
}

static bool is_alike(const struct pair *a, const struct pair *b)
{
    return strcmp(a->cpu, b->cpu) == 0 && json_equal(a->machine, b->machine);
}

static void take_cpu(struct pair *to, const struct pair *from)
{
    json_t *cpu = json_object_get(from->facts, "cpu"), *why = json_object_get(from->facts, "missing");
    struct err e = ERR_INIT;
    if (cpu) {
        json_object_set_new(to->facts, "cpu", json_deep_copy(cpu));
    } else if (json_text_at(why, "cpu")) { // else it was cancelled
        err_set(&e, ERR_FAILED, "%s", json_text_at(why, "cpu"));
        missing(to, "cpu", &e);
    }
}

// Each combination of CPU and machine once, as many guests have the same.
static void add_cpus(struct pair *all, size_t n, struct job *job)
{
    _cleanup_free_ struct pair **first = xcalloc(n + 1, sizeof(struct pair *));
    _cleanup_free_ size_t *of = xcalloc(n + 1, sizeof(*of));
    size_t n_first = 0;
    for (size_t i = 0; i < n; i++) {
        if (!all[i].machine)
            continue;
        while (of[i] < n_first && !is_alike(first[of[i]], &all[i]))
            of[i]++;
        if (of[i] == n_first)
            first[n_first++] = &all[i];
    }
    job_each(job, n_first, ask_cpu, first);
    for (size_t i = 0; i < n; i++) {
        if (all[i].machine && first[of[i]] != &all[i])
            take_cpu(&all[i], first[of[i]]);
    }
}

// --- The files

static void pair_release(struct pair *p)
{
    for (size_t i = 0; i < p->n_files; i++) {
        free(p->files[i].path);
        free(p->files[i].there);
        free(p->files[i].twin.why);
    }
    free(p->files);
    xml_free(p->doc);
    free(p->cpu);
    json_decref(p->machine);
    json_decref(p->facts);
}

static struct file *add_file(struct pair *p, const char *path)
{
    p->files = xrealloc(p->files, p->n_files + 1, sizeof(*p->files));
    p->files[p->n_files] = (struct file){.path = xstrdup(path)};
    return &p->files[p->n_files++];
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
static void add_local(struct pair *p, struct job *job)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(p->guest, "files"), i, row)
    {
        const char *path = json_text_at(row, "path"), *volume = json_text_at(row, "volume"),
                   *problem = json_text_at(row, "problem");
        _cleanup_err_ struct err e = ERR_INIT;
        if (strcmp(json_text_at(row, "kind"), "save") == 0 || (!path && !volume))
            continue;
        struct file *file = add_file(p, path ? path : volume);
        if (!path)
            file->twin.why = xstrdup(problem ? problem : "its path is not known");
        else if (place_there(p, job, row, &file->there, &e) < 0)
            file->twin.why = xstrdup(e.msg);
    }
}

// A network disk's name is its address.
static void add_network(struct pair *p)
{
    json_auto_t *targets = json_array(), *disks = NULL, *rows = NULL;
    size_t i;
    json_t *row;
    if (!p->doc)
        return;
    disks = domxml_disks(p->doc);
    json_array_foreach(disks, i, row)
    {
        const char *type = json_text_at(row, "type"), *target = json_text_at(row, "target");
        if (type && target && strcmp(type, "network") == 0)
            json_array_append_new(targets, json_text(target));
    }
    rows = migrate_disks_of(p->doc, NULL, targets);
    json_array_foreach(rows, i, row)
    {
        const char *to = json_text_at(row, "to");
        struct file *file = add_file(p, json_text_at(row, "from"));
        file->there = to ? xstrdup(to) : NULL;
        if (migrate_disk_is_global(file->path))
            file->twin.told = COPY_SHARED;
        else
            file->twin.why = xstrdup("it is a network disk, and its address is one of the host's own");
    }
}

static void add_disks(struct pair *p, struct job *job)
{
    struct err e = ERR_INIT;
    if (!json_object_get(p->guest, "files"))
        err_set(&e, ERR_FAILED, "the guest's files are not known");
    else if (p->q->no_proof)
        err_set(&e, ERR_UNSUPPORTED, "nothing is written beside the files: --no-proof");
    if (err_is_set(&e)) {
        missing(p, "disks", &e);
        return;
    }
    p->has_files = true;
    add_local(p, job);
    add_network(p);
}

static json_t *files_json(const struct pair *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->n_files; i++) {
        const struct file *file = &p->files[i];
        bool told = file->twin.told != COPY_UNTOLD;
        json_t *shared = told ? json_boolean(file->twin.told == COPY_SHARED) : json_null();
        json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o}", "path", json_text(file->path), "there",
                                              json_text(file->there), "shared", shared, "why",
                                              json_text(told ? NULL : file->twin.why)));
    }
    return list;
}

// --- All

struct pairs {
    struct ctx *ctx;
    struct node *source, *dest;
    struct pair *all;
    size_t n;
};

static void pairs_release(struct pairs *ps)
{
    for (size_t i = 0; i < ps->n; i++)
        pair_release(&ps->all[i]);
    free(ps->all);
}

static void ask_pair(struct job *job, size_t i, void *arg)
{
    struct pair *p = &((struct pairs *)arg)->all[i];
    _cleanup_err_ struct err ignored = ERR_INIT;
    const char *xml = json_text_at(p->guest, "xml");
    if (xml)
        xml_parse(xml, &p->doc, &ignored);
    if (!p->q->only_disks)
        find_cpu(p);
    add_disks(p, job);
}

static void no_proof(struct pairs *ps, struct err *why)
{
    for (size_t i = 0; i < ps->n; i++) {
        if (ps->all[i].has_files)
            preflight_missing(ps->all[i].facts, "disks", why);
        ps->all[i].has_files = false;
    }
}

static int prove(struct pairs *ps, struct job *job, struct err *e)
{
    _cleanup_free_ struct copy_twin **twins = NULL;
    _cleanup_err_ struct err problem = ERR_INIT;
    struct node *from = NULL, *to = NULL;
    size_t n = 0;
    if (guest_machine(ps->source, ps->source->uri, ps->source->name, &from, &problem) < 0 ||
        guest_machine(ps->dest, ps->dest->uri, ps->dest->name, &to, &problem) < 0) {
        no_proof(ps, &problem);
        return 0;
    }
    for (size_t i = 0; i < ps->n; i++) {
        struct pair *p = &ps->all[i];
        twins = xrealloc(twins, n + p->n_files + 1, sizeof(struct copy_twin *));
        for (size_t k = 0; k < p->n_files; k++) {
            struct file *file = &p->files[k];
            if (file->twin.told != COPY_UNTOLD || file->twin.why)
                continue;
            file->twin.here = file->path;
            file->twin.there = file->there;
            twins[n++] = &file->twin;
        }
    }
    return copy_are_shared(ps->ctx, job, from, to, twins, n, e);
}

int preflight_pairs_gather(struct ctx *ctx, struct job *job, const struct preflight_query *q, struct node *source,
                           struct node *dest, const json_t *const *guests, size_t n, json_t **ret, struct err *e)
{
    _cleanup_(pairs_release) struct pairs ps = {ctx, source, dest, xcalloc(n + 1, sizeof(struct pair)), n};
    for (size_t i = 0; i < n; i++) {
        ps.all[i] = (struct pair){.ctx = ctx, .q = q, .guest = guests[i], .dest = dest};
        ps.all[i].facts =
            json_pack("{s:o, s:o}", "guest", json_text(json_text_at(guests[i], "uuid")), "dest", json_text(dest->name));
    }
    job_each(job, n, ask_pair, &ps);
    add_cpus(ps.all, n, job);
    if (source && prove(&ps, job, e) < 0)
        return -1;
    if (job_check(job, e) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (ps.all[i].has_files)
            json_object_set_new(ps.all[i].facts, "disks", files_json(&ps.all[i]));
        ret[i] = json_incref(ps.all[i].facts);
    }
    return 0;
}
