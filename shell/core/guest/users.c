// SPDX-License-Identifier: GPL-3.0-or-later
// Asks all hypervisors at once, each for what its guests consist of. See users.h.
#include "core/guest/users.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "core/console/silence.h"
#include "core/guest/files.h"
#include "core/guest/look.h"
#include "core/guest/mark.h"
#include "io/job.h"
#include "io/virt/conn.h"
#include "io/virt/dom.h"
#include "io/virt/list.h"
#include "io/virt/xml.h"

// A hypervisor.
struct place {
    struct node *node; // NULL: none of the inventory
    const char *uri;   // lent
    const char *label; // lent
    bool here;
    struct strv users;
    struct err err; // it did not answer
};

struct search {
    const struct users_query *q;
    char *inode; // the file's; NULL: it has none that tells
    struct place *places;
    size_t n;
};

// A guest of a place.
struct guest {
    char *name;
    bool active;
    struct guest_files *files;
};

bool users_fs_is_local(const char *type)
{
    static const char *const local[] = {"ext2/ext3", "xfs",  "btrfs", "tmpfs", "zfs",
                                        "overlayfs", "f2fs", "jfs",   "ramfs"};
    for (size_t i = 0; type && i < ARRAY_SIZE(local); i++) {
        if (strcmp(type, local[i]) == 0)
            return true;
    }
    return false;
}

// --- The file

// What the host says of it; *ret_shared: others may have it, too.
static int look(struct search *s, struct strv *ret, bool *ret_shared, struct err *e)
{
    const struct users_query *q = s->q;
    const char *label = target_label(q->here), *uri = virt_conn_uri(q->conn);
    json_auto_t *paths = json_object(), *facts = NULL;
    struct guest_place p = {.ctx = q->ctx, .job = q->job, .root = guest_is_system(uri)};
    *ret_shared = true;
    if (*q->path != '/')
        return 0;
    if (guest_machine(q->here->node, uri, label, &p.node, e) < 0)
        return -1;
    // As an image, whatever it is: then QEMU looks whether another QEMU has locked it, on this host or another.
    json_object_set_new(paths, q->path, json_text("raw"));
    if (guest_look(&p, paths, &facts, e) < 0) {
        if (e->code != ERR_UNSUPPORTED)
            return -1;
        err_release(e); // without QEMU
        json_object_set_new(paths, q->path, json_null());
        if (guest_look(&p, paths, &facts, e) < 0)
            return -1;
    }
    const json_t *fact = json_object_get(facts, q->path);
    const char *problem = json_text_at(fact, "problem"), *inode = json_text_at(fact, "inode");
    s->inode = inode ? xstrdup(inode) : NULL;
    *ret_shared = !str_starts(q->path, "/dev/") && !users_fs_is_local(json_text_at(fact, "filesystem"));
    if (!q->guests && json_is_true(json_object_get(fact, "in_use")))
        strv_take(ret, xasprintf("a program that has it open (%s)", label));
    if (problem && !json_is_true(json_object_get(fact, "dir")) && !json_is_false(json_object_get(fact, "exists")))
        return err_set(e, ERR_FAILED, "%s: %s", q->path, problem);
    return 0;
}

// --- A hypervisor's guests

static void guests_release(struct guest *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(all[i].name);
        guest_files_free(all[i].files);
    }
    free(all);
}

// 0: it does not count.
static int describe(const struct search *s, const struct place *p, struct virt_conn *conn, const json_t *row,
                    struct guest *ret, struct err *e)
{
    const char *uuid = json_text_at(row, "uuid"), *name = json_text_at(row, "name");
    _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
    _cleanup_free_ char *inactive = NULL, *live = NULL;
    _cleanup_mark_ struct mark m = {NULL, NULL, NULL};
    if (p->here && s->q->but && strcmp(uuid, s->q->but) == 0)
        return 0;
    if (virt_dom_lookup_uuid(conn, uuid, &dom, e) < 0)
        return -1;
    bool active = virt_dom_id(dom) >= 0;
    if (virt_dom_xml(dom, VIRT_XML_INACTIVE, &inactive, e) < 0 || (active && virt_dom_xml(dom, 0, &live, e) < 0))
        return -1;
    if (!active && mark_read(inactive, &m, e) > 0 && m.role && strcmp(m.role, "moved") == 0)
        return 0;
    const struct guest_known known = {live, inactive, false, true};
    if (err_is_set(e) || guest_files_named(dom, &known, &ret->files, e) < 0)
        return -1;
    ret->name = xstrdup(name);
    ret->active = active;
    return 1;
}

static int describe_all(const struct search *s, const struct place *p, struct virt_conn *conn, const json_t *rows,
                        struct guest *ret, size_t *ret_n, struct err *e)
{
    size_t i;
    json_t *row;
    json_array_foreach((json_t *)rows, i, row)
    {
        int r = describe(s, p, conn, row, &ret[*ret_n], e);
        if (job_check(s->q->job, e) < 0 || (r < 0 && e->code != ERR_NOT_FOUND))
            return -1;
        if (r < 0)
            err_release(e); // it has ended meanwhile
        *ret_n += r > 0;
    }
    return 0;
}

// Where nobody may log in, libvirt's own words have to do.
static int see(const struct search *s, const struct place *p, struct guest *all, size_t n, struct err *e)
{
    _cleanup_free_ struct guest_files **files = xcalloc(n + 1, sizeof(struct guest_files *));
    struct node *machine = NULL;
    if (n == 0)
        return 0;
    if (guest_machine(p->node, p->uri, p->label, &machine, e) < 0) {
        if (p->here)
            return -1;
        err_release(e);
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        files[i] = all[i].files;
    return guest_files_seen(s->q->ctx, s->q->job, machine, files, n, e);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

// By its path it is the same: others are asked only of what they may see, too, and another inode proves nothing there,
// as some file systems make up their numbers on each host. Else it is known by its inode's number and its last name.
static bool is_it(const struct search *s, const struct place *p, const json_t *row)
{
    const char *path = json_text_at(row, "path"), *name = json_text_at(row, "name"),
               *inode = json_text_at(row, "inode");
    if (!path)
        return name && strcmp(name, s->q->path) == 0;
    if (strcmp(path, s->q->path) == 0)
        return true;
    if (!inode || !s->inode || p->here)
        return inode && s->inode && strcmp(inode, s->inode) == 0;
    const char *number = strchr(inode, ':'), *its = strchr(s->inode, ':');
    return number && its && strcmp(number, its) == 0 && strcmp(last_part(path), last_part(s->q->path)) == 0;
}

static void judge(const struct search *s, struct place *p, struct guest *g)
{
    json_auto_t *rows = guest_files_rows(g->files);
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        const char *kind = json_text_at(row, "kind");
        bool below = strcmp(kind, "backing") == 0 || strcmp(kind, "snapshot") == 0;
        if ((s->q->running && !below && !g->active) || !is_it(s, p, row))
            continue;
        strv_take(&p->users, xasprintf("%s on %s%s", g->name, p->label,
                                       below       ? " (its disks need it)"
                                       : g->active ? " (active)"
                                                   : ""));
        return;
    }
}

static int ask(const struct search *s, struct job *job, struct place *p, struct err *e)
{
    _cleanup_(virt_conn_unref_p) struct virt_conn *conn = p->here ? virt_conn_ref(s->q->conn) : NULL;
    json_auto_t *rows = NULL;
    size_t n = 0;
    if ((!conn && ctx_connect_within(s->q->ctx, job, p->uri, SILENCE_MS, &conn, e) < 0) ||
        virt_list(conn, 0, 0, &rows, e) < 0)
        return -1;
    struct guest *all = xcalloc(json_array_size(rows) + 1, sizeof(*all));
    int r = describe_all(s, p, conn, rows, all, &n, e) < 0 || see(s, p, all, n, e) < 0 ? -1 : 0;
    for (size_t i = 0; r == 0 && i < n; i++)
        judge(s, p, &all[i]);
    guests_release(all, n);
    return r;
}

static void ask_place(struct job *job, size_t i, void *arg)
{
    struct search *s = arg;
    ask(s, job, &s->places[i], &s->places[i].err);
}

// --- All

static void add_place(struct search *s, struct node *node, const char *uri, const char *label, bool here)
{
    s->places = xrealloc(s->places, s->n + 1, sizeof(*s->places));
    s->places[s->n++] =
        (struct place){.node = node, .uri = uri, .label = label, .here = here, .users = STRV_INIT, .err = ERR_INIT};
}

static int unknown(const struct search *s, struct err *e)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    for (size_t i = 0; i < s->n; i++) {
        const struct place *p = &s->places[i];
        if (err_is_set(&p->err))
            buf_addf(&text, "%s%s: %s", text.len ? "; " : "", p->label, p->err.msg);
    }
    return text.len ? err_set(e, ERR_UNREACHABLE, "%s", buf_str(&text)) : 0;
}

int users_find(const struct users_query *q, struct strv *ret, struct err *e)
{
    struct search s = {.q = q};
    size_t n = 0;
    struct node **nodes = inventory_hypervisors(ctx_inventory(q->ctx), &n);
    bool shared = true;
    int r = look(&s, ret, &shared, e);
    add_place(&s, q->here->node, virt_conn_uri(q->conn), target_label(q->here), true);
    for (size_t i = 0; i < n && shared; i++) {
        if (!q->here->uri || strcmp(nodes[i]->uri, q->here->uri) != 0)
            add_place(&s, nodes[i], nodes[i]->uri, nodes[i]->name, false);
    }
    if (r == 0)
        job_each(q->job, s.n, ask_place, &s);
    for (size_t i = 0; i < s.n; i++) {
        for (size_t k = 0; k < s.places[i].users.n; k++)
            strv_add(ret, s.places[i].users.s[k]);
    }
    if (r == 0 && job_check(q->job, e) < 0)
        r = -1;
    else if (r == 0)
        r = unknown(&s, e);
    for (size_t i = 0; i < s.n; i++) {
        strv_release(&s.places[i].users);
        err_release(&s.places[i].err);
    }
    free(s.places);
    free(s.inode);
    node_list_free(nodes, n);
    return r;
}
