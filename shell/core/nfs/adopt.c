// SPDX-License-Identifier: GPL-3.0-or-later
// Images onto a share. See nfs/adopt.h. The scripts may be cut off anywhere and run again: nothing is removed before its
// copy was compared, and what is half copied bears another name.
#include "core/nfs/adopt.h"

#include <string.h>

#include "base/json.h"
#include "core/console/inventory.h"
#include "core/guest/domxml.h"
#include "core/node/lock_place.h"
#include "io/job.h"
#include "io/virt/conn.h"
#include "io/virt/dom.h"
#include "io/virt/list.h"
#include "io/virt/xml.h"

// $1: the directory, $2: the copy aside. Who has one of the files open: by device and inode, so that mount namespaces and
// other names do not hide it (a lock, OFD ones too, is held by an open file).
static const char look[] =
    "[ ! -e \"$2\" ] || say aside yes\n"
    "t=$(mktemp -d) || exit 1; trap 'rm -rf -- \"$t\"' EXIT\n"
    "find \"$1\" -xdev -type f -printf '%D:%i\\n' >\"$t/files\" 2>/dev/null\n"
    "find -L /proc/[0-9]*/fd -maxdepth 1 -type f -printf '%D:%i %p\\n' >\"$t/open\" 2>/dev/null\n"
    "awk 'NR == FNR { file[$1]; next } $1 in file { split($2, part, \"/\"); pid[part[3]] }\n"
    "    END { for (p in pid) print p }' \"$t/files\" \"$t/open\" | while read -r p; do\n"
    "    name=$(tr '\\0' '\\n' <\"/proc/$p/cmdline\" | sed -n 's/^guest=\\([^,]*\\).*/\\1/p' | head -n 1)\n"
    "    say user \"$(cat \"/proc/$p/comm\") (process $p${name:+, guest $name})\"\n"
    "done";

#define SUM "sum() { sha256sum <\"$1\" | cut -c 1-64; }\n"

// $1 directory, $2 aside.
static const char aside_check[] = "[ -d \"$2\" ] && [ -d \"$1\" ]";
static const char aside_run[] = "[ -e \"$2\" ] || mv -T -- \"$1\" \"$2\" || exit 1\n"
                                "[ -d \"$1\" ] || { mkdir -m 700 -- \"$1\" && chown --reference=\"$2\" -- \"$1\" && "
                                "chmod --reference=\"$2\" -- \"$1\"; } || exit 1\n"
                                "! command -v restorecon >/dev/null || restorecon -- \"$1\" || :";
static const char aside_undo[] = "[ -d \"$2\" ] || exit 0\n"
                                 "if [ -d \"$1\" ]; then rmdir -- \"$1\" || exit 1; fi\n"
                                 "mv -T -- \"$2\" \"$1\"";

// The copying goes on when the console is killed: who comes next waits for it. The lock is let go by the last process of it.
// Behind lock_place.
#define ALONE                                                                                                          \
    "lock_place && n=$(printf %s \"$2\" | sha256sum) && exec 9>>\"$locks/adopt-${n%% *}\" && flock 9 || exit 1\n"

// $1 directory (the share by now), $2 aside, $3 list of what was copied: empty files of the same names.
static const char copy_check[] = "[ -e \"$3/.migsh-all\" ] || [ ! -d \"$2\" ]";
static const char copy_run[] = ALONE
    "cd \"$2\" || exit 1\n"
    "if [ ! -d \"$3\" ]; then\n"
    "    need=$(du -sk . | cut -f 1); have=$(df -Pk -- \"$1\" | awk 'END { print $4 }')\n"
    "    [ \"$need\" -le \"$have\" ] || { echo \"$need KiB are to be copied, and the share has $have KiB left\" >&2; "
    "exit 1; }\n"
    "fi\n"
    "odd=$(find . ! -type f ! -type d ! -type l | head -n 1)\n"
    "[ -z \"$odd\" ] || { echo \"$odd is neither a file, a directory nor a link: it cannot be moved onto a share\" "
    ">&2; exit 1; }\n"
    "mkdir -p -- \"$3\" || exit 1\n"
    "find . -type d -exec sh -c 'to=$0 list=$1; shift; for f; do\n"
    "    mkdir -p -- \"$list/$f\" || exit 1\n"
    "    [ -d \"$to/$f\" ] || { mkdir -- \"$to/$f\" && chmod --reference=\"$f\" -- \"$to/$f\" && : "
    ">\"$list/$f/.migsh-dir\"; } || exit 1\n"
    "done' \"$1\" \"$3\" {} + || exit 1\n"
    "find . \\( -type f -o -type l \\) -exec sh -c '" SUM "to=$0 list=$1; shift; for f; do\n"
    "    if [ -L \"$f\" ]; then\n"
    "        if [ -L \"$to/$f\" ] && [ \"$(readlink -- \"$f\")\" = \"$(readlink -- \"$to/$f\")\" ]; then continue; fi\n"
    "        if [ -e \"$to/$f\" ] || [ -L \"$to/$f\" ]; then echo \"${f#./} is on the share already, and is another\" "
    ">&2; exit 1; fi\n"
    "        : >\"$list/$f\" && cp -P -- \"$f\" \"$to/$f\" || exit 1; continue\n"
    "    fi\n"
    "    want=$(sum \"$f\")\n"
    "    if [ -e \"$to/$f\" ]; then\n"
    "        [ \"$(sum \"$to/$f\")\" != \"$want\" ] || continue\n"
    "        echo \"${f#./} is on the share already, with other content: it was not touched\" >&2; exit 1\n"
    "    fi\n"
    "    p=$to/$f.migsh-part\n" // no link that somebody puts there is followed
    "    cp --remove-destination --sparse=always --preserve=mode,timestamps -- \"$f\" \"$p\" || { rm -f -- \"$p\"; "
    "exit 1; }\n"
    "    chown -h --reference=\"$f\" -- \"$p\" 2>/dev/null || :\n"
    "    sync -- \"$p\" || exit 1\n"
    "    [ \"$(sum \"$p\")\" = \"$want\" ] || { echo \"${f#./} did not arrive whole on the share\" >&2; rm -f -- "
    "\"$p\"; exit 1; }\n"
    "    : >\"$list/$f\" && mv -T -- \"$p\" \"$to/$f\" || exit 1\n"
    "done' \"$1\" \"$3\" {} + || exit 1\n"
    ": >\"$3/.migsh-all\"";
// With the share still mounted, no list and nothing aside mean that it was discarded. Only what was copied goes, and
// nothing if any of it has changed on the share since: a guest may have run on it.
static const char copy_undo[] =
    "if [ -d \"$2\" ]; then " ALONE "fi\n"
    "if [ ! -d \"$3\" ]; then\n"
    "    if [ ! -d \"$2\" ] && (is_mounted); then\n"
    "        echo \"the copy aside of $1 was discarded, what is on the share is the only one\" >&2; exit 1\n"
    "    fi\n"
    "    exit 0\n"
    "fi\n"
    "cd \"$3\" || exit 1\n"
    "each() { find . -type f ! -name '.migsh-*' -exec sh -c '" SUM "to=$0 aside=$1; shift; for f; do '\"$1\"'\n"
    "    done' \"$to\" \"$aside\" {} +; }\n"
    "to=$1 aside=$2\n"
    "each 'if [ -L \"$aside/$f\" ] || [ ! -e \"$to/$f\" ]; then continue; fi\n"
    "    [ \"$(sum \"$to/$f\")\" = \"$(sum \"$aside/$f\")\" ] || { echo \"${f#./} has changed on the share since it "
    "was copied, "
    "so nothing was taken back: copy it to $aside, or remove it from the share, and try again\" >&2; exit 1; }' || "
    "exit 1\n"
    "each 'rm -f -- \"$to/$f\" \"$to/$f.migsh-part\" || exit 1' || exit 1\n"
    "find . -depth -name .migsh-dir -exec sh -c 'to=$0; for f; do rmdir -- \"$to/${f%/*}\" || :; done' \"$1\" {} +\n"
    "cd / && rm -rf -- \"$3\"";

static const char discard_run[] = "[ -e \"$3/.migsh-all\" ] || { echo \"the copy on the share was not compared to its "
                                  "end yet: nfs-adopt --apply does it\" >&2; exit 1; }\n"
                                  "rm -rf -- \"$2\" && rm -rf -- \"$3\"";

static char *alone_script(const char *script, const char *const *words, size_t n)
{
    _cleanup_free_ char *whole = xasprintf("%s%s", lock_place, script);
    return nfs_script(whole, words, n);
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
    _cleanup_facts_ struct facts f = {STRV_INIT, NULL, 0};
    _cleanup_buf_ struct buf users = BUF_INIT;
    // Once the share is mounted, what is in DIR is the share's, and may be in use.
    const char *script = at->mounted ? "[ ! -e \"$2\" ] || say aside yes" : look;
    if (facts_look(ctx, job, node, script, args, 2, &f, e) < 0 ||
        (!at->mounted && check_domains(ctx, job, node, dir, at->real, &users, e) < 0))
        return -1;
    for (size_t i = 0; i < f.lines.n; i++) {
        if (str_starts(f.lines.s[i], "user "))
            buf_addf(&users, "%s%s", users.len ? ", " : "", f.lines.s[i] + strlen("user "));
    }
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
    c->check = nfs_script(aside_check, words, 2);
    c->run = nfs_script(aside_run, words, 2);
    c->undo = nfs_script(aside_undo, words, 2);
    c->undo_always = true;
}

static void add_copy(struct plan *p, struct node *node, const struct nfs_source *source, const char *real)
{
    _cleanup_free_ char *aside = aside_of(real), *list = list_of(real);
    const char *const words[] = {real, aside, list};
    struct change *c = plan_add(p, node, CHANGE_COMMAND, "copied onto the share, checksums compared");
    c->slow = c->undo_always = true; // half a copy is taken back too
    c->check = nfs_script(copy_check, words, 3);
    // Were the share gone from here, the copy would fill the directory below it.
    _cleanup_free_ char *mounted = nfs_mounted_check(source, real), *run = alone_script(copy_run, words, 3),
                        *undo = alone_script(copy_undo, words, 3);
    c->run = xasprintf("(%s) || { echo 'the share is not mounted' >&2; exit 1; }\n%s", mounted, run);
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
    _cleanup_free_ char *mounted = nfs_mounted_check(source, real), *run = nfs_script(discard_run, words, 3);
    c->check = nfs_script("[ ! -e \"$2\" ]", words, 3);
    c->run = xasprintf("(%s) || { echo 'the share is not mounted' >&2; exit 1; }\n%s", mounted, run);
}
