// SPDX-License-Identifier: GPL-3.0-or-later
// Images onto a share. See nfs/adopt.h. The scripts may be cut off anywhere and run again: nothing is removed before
// its copy was compared, and what is half copied bears another name.
#include "core/nfs/adopt.h"

#include <string.h>

#include "base/json.h"
#include "core/console/inventory.h"
#include "core/guest/domxml.h"
#include "core/nfs/tools_priv.h"
#include "core/node/lock_place.h"
#include "core/node/place.h"
#include "io/job.h"
#include "io/virt/conn.h"
#include "io/virt/dom.h"
#include "io/virt/list.h"
#include "io/virt/xml.h"

static const char aside_check[] = "[ -d \"$2\" ] && [ -d \"$1\" ]";
static const char copy_check[] = "[ -e \"$3/.migsh-all\" ] || [ ! -d \"$2\" ]";
#define NOT_MOUNTED "{ echo 'the share is not mounted' >&2; exit 1; }"

static char *alone_script(const char *script, const char *const *words, size_t n)
{
    _cleanup_free_ char *whole = xasprintf("%s%s%s", lock_place, nfs_adopt_alone, script);
    return place_script(whole, words, n);
}

static char *aside_of(const char *real)
{
    return xasprintf("%s.migsh-aside", real);
}

static char *list_of(const char *real)
{
    return xasprintf("%s.migsh-copied", real);
}

static bool below(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return strncmp(path, dir, n) == 0 && (path[n] == '/' || !path[n]);
}

static int check_domain(struct virt_conn *conn, const char *name, const char *dir, const char *real, struct buf *users,
                        struct err *e)
{
    _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
    _cleanup_free_ char *xml = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (virt_dom_lookup(conn, name, &dom, e) < 0)
        return e->code == ERR_NOT_FOUND ? 0 : -1; // ended meanwhile
    if (virt_dom_xml(dom, 0, &xml, e) < 0 || xml_parse(xml, &doc, e) < 0)
        return -1;
    json_t *disks = domxml_disks(doc), *disk;
    size_t i;
    json_array_foreach(disks, i, disk)
    {
        const char *source = json_text_at(disk, "source");
        if (source && (below(source, dir) || below(source, real))) {
            buf_addf(users, "%sguest %s (%s)", users->len ? ", " : "", name, source);
            break;
        }
    }
    json_decref(disks);
    return 0;
}

// What libvirt knows: also a guest that is only about to open its disks. A node without a hypervisor has none.
static int check_domains(struct ctx *ctx, struct job *job, struct node *node, const char *dir, const char *real,
                         struct buf *users, struct err *e)
{
    if (!node_is_hypervisor(node))
        return 0;
    _cleanup_(virt_conn_unref_p) struct virt_conn *conn = NULL;
    json_t *list = NULL, *item;
    if (ctx_connect(ctx, job, node->uri, &conn, e) < 0 || virt_list(conn, VIRT_LIST_ACTIVE, 0, &list, e) < 0) {
        err_wrap(e, "%s: cannot tell which guests run", node->name);
        return err_hint(e, "their images must not be moved under them; a node without guests has the role storage");
    }
    size_t i;
    int r = 0;
    json_array_foreach(list, i, item)
    {
        if (r == 0)
            r = check_domain(conn, json_text_at(item, "name"), dir, real, users, e);
    }
    json_decref(list);
    return r;
}

static int check_users(struct ctx *ctx, struct job *job, struct node *node, const struct nfs_place *at, const char *dir,
                       bool *ret_aside, struct err *e)
{
    _cleanup_free_ char *aside = aside_of(at->real);
    const char *const args[] = {at->real, aside};
    // Once the share is mounted, what is in DIR is the share's, and may be in use.
    struct question q = {
        .tools = {at->mounted ? "[ ! -e \"$2\" ] || say aside yes" : nfs_adopt_look}, .args = args, .n_args = 2};
    _cleanup_facts_ struct facts f = {0};
    _cleanup_buf_ struct buf users = BUF_INIT;
    if (node_ask(ctx, job, node, &q, &f, e) < 0 ||
        (!at->mounted && check_domains(ctx, job, node, dir, at->real, &users, e) < 0))
        return -1;
    const char *user;
    for (size_t i = 0; (user = facts_next(&f, "user", &i));)
        buf_addf(&users, "%s%s", users.len ? ", " : "", user);
    *ret_aside = facts_yes(&f, "aside");
    if (!users.len)
        return 0;
    err_set(e, ERR_UNSAFE, "%s: %s is in use: %s", node->name, dir, buf_str(&users));
    return err_hint(e, "shut the guests down (or migrate them away) first");
}

static void add_aside(struct plan *p, struct node *node, const char *real)
{
    _cleanup_free_ char *aside = aside_of(real), *title = xasprintf("%s aside, as %s", real, aside);
    const char *const words[] = {real, aside};
    struct change *c = plan_add(p, node, CHANGE_COMMAND, title);
    c->check = place_script(aside_check, words, 2);
    c->run = place_script(nfs_aside, words, 2);
    c->undo = place_script(nfs_aside_undo, words, 2);
    c->undo_always = true;
}

static void add_copy(struct plan *p, struct node *node, const struct nfs_source *source, const char *real)
{
    _cleanup_free_ char *aside = aside_of(real), *list = list_of(real);
    const char *const words[] = {real, aside, list};
    struct change *c = plan_add(p, node, CHANGE_COMMAND, "copied onto the share, checksums compared");
    c->slow = c->undo_always = true; // half a copy is taken back too
    c->check = place_script(copy_check, words, 3);
    // Were the share gone from here, the copy would fill the directory below it.
    _cleanup_free_ char *mounted = nfs_mounted_check(source, real), *run = alone_script(nfs_adopt_copy, words, 3),
                        *undo = alone_script(nfs_adopt_undo, words, 3);
    c->run = xasprintf("(%s) || " NOT_MOUNTED "\n%s", mounted, run);
    c->undo = xasprintf("is_mounted() {\n%s\n}\n%s", mounted, undo);
}

int nfs_adopt_plan(struct ctx *ctx, struct job *job, struct plan *p, struct node *node, const struct nfs_place *at,
                   const struct nfs_source *source, const char *dir, const char *options, bool persist, struct err *e)
{
    bool aside;
    if (check_users(ctx, job, node, at, dir, &aside, e) < 0)
        return -1;
    if (at->mounted && !nfs_place_has(at, source))
        return err_set(e, ERR_STATE,
                       "%s: %s is a mount point (of %s): what is in it cannot be set aside by renaming it", node->name,
                       dir, at->mount.source);
    if (!at->mounted && aside && at->entries.n) {
        err_set(e, ERR_STATE, "%s: there is something in %s and in %s.migsh-aside", node->name, dir, at->real);
        return err_hint(e, "move one of them elsewhere by hand and try again");
    }
    if (!aside && (at->mounted || !at->entries.n)) // nothing to be moved
        return nfs_mount_plan(p, node, at, source, dir, options, persist, e);
    if (!facts_get(&at->facts, "client") && nfs_add_install(p, node, &at->facts, NFS_PACKAGE_CLIENT, e) < 0)
        return -1;
    add_aside(p, node, at->real);
    nfs_add_mount(p, node, source, at->real, dir, options);
    add_copy(p, node, source, at->real);
    return persist ? nfs_add_fstab(p, node, at, source, dir, options, e) : 0;
}

void nfs_adopt_discard(struct plan *p, struct node *node, const struct nfs_source *source, const char *dir,
                       const char *real)
{
    _cleanup_free_ char *aside = aside_of(real), *list = list_of(real),
                        *title = xasprintf("copy aside of %s discarded", dir);
    const char *const words[] = {real, aside, list};
    struct change *c = plan_add(p, node, CHANGE_COMMAND, title);
    _cleanup_free_ char *mounted = nfs_mounted_check(source, real), *run = place_script(nfs_aside_drop, words, 3);
    c->check = place_script("[ ! -e \"$2\" ]", words, 3);
    c->run = xasprintf("(%s) || " NOT_MOUNTED "\n%s", mounted, run);
}
