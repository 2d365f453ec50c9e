// SPDX-License-Identifier: GPL-3.0-or-later
// Mounting and unmounting NFS. See nfs/mount.h.
#include "core/nfs/mount.h"

#include <ctype.h>
#include <string.h>

#include "base/printable.h"
#include "core/console/inventory.h"
#include "core/nfs/tools_priv.h"
#include "core/node/place.h"

static char *field(const char *line, size_t n)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    _cleanup_free_ char *copy = xstrdup(line);
    for (char *s = copy; *s; s++)
        *s = isblank((unsigned char)*s) ? ' ' : *s;
    strv_split(&words, copy, ' ');
    return xstrdup(n < words.n ? words.s[n] : "");
}

static void read_fstab(struct nfs_place *p)
{
    const char *line;
    for (size_t i = 0; (line = facts_next(&p->facts, "fstab", &i));) {
        _cleanup_free_ char *key = nfs_fstab_key(line, strlen(line));
        if (!key || strcmp(key, p->real) != 0 || p->fstab_line)
            continue;
        _cleanup_free_ char *source = field(line, 0);
        p->fstab_line = xstrdup(line);
        p->fstab_source = nfs_unmangle(source);
        p->fstab_options = field(line, 3);
    }
}

int nfs_mount_look(struct ctx *ctx, struct job *job, struct node *node, const char *dir, struct nfs_place *ret,
                   struct err *e)
{
    _cleanup_buf_ struct buf mangled = BUF_INIT, mounts = BUF_INIT;
    nfs_mangle(&mangled, dir);
    const char *const args[] = {dir, buf_str(&mangled)};
    struct nfs_place p = {.real = NULL};
    struct question q = {
        .tools = {nfs_packages, nfs_mounted, nfs_place_look}, .args = args, .n_args = ARRAY_SIZE(args)};
    if (node_ask(ctx, job, node, &q, &p.facts, e) < 0)
        return -1;
    const char *real = facts_get(&p.facts, "real"), *is = facts_get(&p.facts, "dir"), *line;
    for (size_t i = 0; (line = facts_next(&p.facts, "mount", &i));)
        buf_addf(&mounts, "%s\n", line);
    if (!real || !is || !mounts.len) {
        facts_unexpected(node, &p.facts, e);
        nfs_place_release(&p);
        return -1;
    }
    p.real = xstrdup(real);
    p.exists = strcmp(is, "yes") == 0;
    p.other = strcmp(is, "other") == 0;
    p.mounted = nfs_mount_at(buf_str(&mounts), p.real, &p.mount);
    for (size_t i = 0; (line = facts_next(&p.facts, "entry", &i));)
        strv_add(&p.entries, line);
    read_fstab(&p);
    *ret = p;
    return 0;
}

void nfs_place_release(struct nfs_place *p)
{
    facts_release(&p->facts);
    nfs_mount_release(&p->mount);
    strv_release(&p->entries);
    free(p->real);
    free(p->fstab_line);
    free(p->fstab_source);
    free(p->fstab_options);
}

int nfs_check_options(const char *options, struct err *e)
{
    for (const char *s = options; *s; s++) {
        if (isspace((unsigned char)*s) || iscntrl((unsigned char)*s) || *s == '\\')
            return err_set(e, ERR_USAGE, "mount options are words with commas between them, without blanks and '\\'");
    }
    return *options ? 0 : err_set(e, ERR_USAGE, "--options is empty");
}

bool nfs_place_has(const struct nfs_place *at, const struct nfs_source *source)
{
    return at->mounted && nfs_type(at->mount.type) && strv_has(&source->same, at->mount.source);
}

char *nfs_mounted_check(const struct nfs_source *source, const char *real)
{
    _cleanup_buf_ struct buf point = BUF_INIT, sources = BUF_INIT;
    nfs_mangle(&point, real);
    for (size_t i = 0; i < source->same.n; i++) {
        size_t from = sources.len;
        nfs_mangle(&sources, source->same.s[i]);
        buf_addc(&sources, '\n');
        _cleanup_free_ char *plain = xstrdup(buf_str(&sources) + from);
        for (const char *s = plain; strchr(plain, '#') && *s;
             s++) { // some kernels mask this in a source, others do not
            if (*s == '#')
                buf_adds(&sources, "\\043");
            else
                buf_addc(&sources, *s);
        }
    }
    const char *const words[] = {buf_str(&point), buf_str(&sources)};
    _cleanup_free_ char *script = xasprintf("%smounted \"$1\" \"$2\"", nfs_mounted);
    return place_script(script, words, 2);
}

void nfs_add_mount(struct plan *p, struct node *node, const struct nfs_source *source, const char *real,
                   const char *dir, const char *options)
{
    _cleanup_free_ char *title = xasprintf("mount %s at %s", source->text, dir);
    const char *const words[] = {source->text, dir, options ? options : "defaults"};
    struct change *c = plan_add(p, node, CHANGE_COMMAND, title);
    c->check = nfs_mounted_check(source, real);
    c->run = place_script("PATH=$PATH:/usr/sbin:/sbin; mount -t nfs -o \"$3\" -- \"$1\" \"$2\"", words, 3);
    _cleanup_free_ char *mounted = nfs_mounted_check(source, real);
    _cleanup_free_ char *back = place_script(nfs_umount, &dir, 1);
    c->undo = xasprintf("if (%s); then\n%s\nfi", mounted, back);
}

static int refuse_full(struct node *node, const struct nfs_place *at, const struct nfs_source *source, const char *dir,
                       struct err *e)
{
    _cleanup_buf_ struct buf names = BUF_INIT;
    for (size_t i = 0; i < at->entries.n && i < 3; i++) {
        buf_adds(&names, i ? ", " : "");
        buf_add_line(&names, at->entries.s[i]);
    }
    err_set(e, ERR_UNSAFE, "%s: %s is not empty (%s%s): a mount would hide what is in it", node->name, dir,
            buf_str(&names), at->entries.n > 3 ? " …" : "");
    return err_hint(e, "nfs-adopt %s %s %s moves it onto the share", node->name, source->text, dir);
}

// The mount point is the key: what stands for it in fstab already must be this, or nothing.
int nfs_add_fstab(struct plan *p, struct node *node, const struct nfs_place *at, const struct nfs_source *source,
                  const char *dir, const char *options, struct err *e)
{
    if (at->fstab_source && !strv_has(&source->same, at->fstab_source)) {
        err_set(e, ERR_STATE, "%s: /etc/fstab has %s for %s", node->name, at->fstab_source, dir);
        return err_hint(e, "nfs-umount %s %s --persist takes an NFS line out", node->name, dir);
    }
    struct change *c = plan_add(p, node, CHANGE_LINES, "mounted at boot");
    c->path = xstrdup("/etc/fstab");
    c->key = nfs_fstab_key;
    _cleanup_buf_ struct buf line = BUF_INIT;
    nfs_mangle(&line, source->text);
    buf_addc(&line, ' ');
    nfs_mangle(&line, at->real);
    buf_addf(&line, " nfs %s%s_netdev 0 0", options ? options : "", options ? "," : "");
    strv_add(&c->add, buf_str(&line));
    return 0;
}

int nfs_mount_plan(struct plan *p, struct node *node, const struct nfs_place *at, const struct nfs_source *source,
                   const char *dir, const char *options, bool persist, struct err *e)
{
    if (at->other)
        return err_set(e, ERR_STATE, "%s: %s exists but is not a directory", node->name, dir);
    if (at->mounted && !nfs_place_has(at, source)) {
        err_set(e, ERR_STATE, "%s: %s (%s) is mounted at %s already", node->name, at->mount.source, at->mount.type,
                dir);
        return nfs_type(at->mount.type) ? err_hint(e, "nfs-umount %s %s", node->name, dir) : -1;
    }
    if (!at->mounted && at->entries.n)
        return refuse_full(node, at, source, dir, e);
    if (!facts_get(&at->facts, "client") && nfs_add_install(p, node, &at->facts, NFS_PACKAGE_CLIENT, e) < 0)
        return -1;
    const char *missing = facts_get(&at->facts, "missing");
    if (!at->exists)
        nfs_add_directory(p, node, dir, missing ? atoi(missing) : 1);
    nfs_add_mount(p, node, source, at->real, dir, options);
    return persist ? nfs_add_fstab(p, node, at, source, dir, options, e) : 0;
}

// Back as fstab would have it, or else as it was as far as the mount table tells.
static char *mount_again(const struct nfs_place *at, const char *dir)
{
    const char *options = at->fstab_options                     ? at->fstab_options
                          : str_starts(at->mount.options, "ro") ? "ro"
                                                                : "defaults";
    const char *const words[] = {at->mount.source, dir, options};
    return place_script("PATH=$PATH:/usr/sbin:/sbin; mount -t nfs -o \"$3\" -- \"$1\" \"$2\"", words, 3);
}

int nfs_umount_plan(struct plan *p, struct node *node, const struct nfs_place *at, const char *dir, bool persist,
                    struct err *e)
{
    if (at->mounted && !nfs_type(at->mount.type))
        return err_set(e, ERR_STATE, "%s: what is mounted at %s is not NFS but %s (%s)", node->name, dir,
                       at->mount.type, at->mount.source);
    _cleanup_free_ char *title = xasprintf("unmount %s", dir);
    struct change *c = plan_add(p, node, CHANGE_COMMAND, title);
    _cleanup_buf_ struct buf point = BUF_INIT;
    nfs_mangle(&point, at->real);
    const char *const words[] = {dir, buf_str(&point)};
    _cleanup_free_ char *check = xasprintf("%s! mounted \"$2\"", nfs_mounted);
    c->check = place_script(check, words, 2);
    c->run = place_script(nfs_umount, words, 1);
    c->undo = at->mounted ? mount_again(at, dir) : xstrdup(":");
    if (!persist || !at->fstab_line)
        return 0;
    _cleanup_free_ char *type = field(at->fstab_line, 2);
    if (!nfs_type(type))
        return err_set(e, ERR_STATE, "%s: /etc/fstab has %s, which is not NFS, for %s", node->name, at->fstab_source,
                       dir);
    c = plan_add(p, node, CHANGE_LINES, "no longer mounted at boot");
    c->path = xstrdup("/etc/fstab");
    c->key = nfs_fstab_key;
    strv_add(&c->remove, at->fstab_line);
    return 0;
}
