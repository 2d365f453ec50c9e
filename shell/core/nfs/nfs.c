// SPDX-License-Identifier: GPL-3.0-or-later
// What the NFS commands share. See nfs.h.
#include "core/nfs/nfs.h"

#include <ctype.h>
#include <string.h>

#include "core/console/inventory.h"
#include "core/nfs/exports.h"
#include "core/nfs/tools_priv.h"
#include "core/node/place.h"
#include "io/probe/probe.h"
#include "io/ssh/remote.h"

// A repository of somebody's that is gone fails the whole update, and need not matter. zypper's statuses from 100 on
// are successes with something to say (102: the machine should be rebooted), but for 104 and 105.
static const struct {
    const char *pm, *server, *client, *words;
} packagers[] = {
    {"apt-get", "nfs-kernel-server", "nfs-common",
     "apt-get update -q; DEBIAN_FRONTEND=noninteractive apt-get install -q -y %s"},
    {"dnf", "rpcbind nfs-utils", "nfs-utils", "dnf install -q -y %s"},
    {"yum", "rpcbind nfs-utils", "nfs-utils", "yum install -q -y %s"},
    {"zypper", "rpcbind nfs-kernel-server", "nfs-client",
     "zypper --non-interactive install %s; s=$?; case $s in 10[0-367]) ;; *) exit $s ;; esac"},
};

int nfs_add_install(struct plan *p, struct node *node, const struct facts *f, enum nfs_package what, struct err *e)
{
    const char *pm = facts_get(f, "pm");
    for (size_t i = 0; pm && i < ARRAY_SIZE(packagers); i++) {
        if (strcmp(packagers[i].pm, pm) != 0)
            continue;
        bool server = what == NFS_PACKAGE_SERVER;
        const char *names = server ? packagers[i].server : packagers[i].client;
        _cleanup_free_ char *title = xasprintf("packages %s", names);
        struct change *c = plan_add(p, node, CHANGE_COMMAND, title);
        c->check = xasprintf("PATH=$PATH:/usr/sbin:/sbin; command -v %s >/dev/null", server ? "exportfs" : "mount.nfs");
        const char *names_at = strstr(packagers[i].words, "%s");
        c->run = xasprintf("%.*s%s%s", (int)(names_at - packagers[i].words), packagers[i].words, names,
                           names_at + strlen("%s"));
        // What others may have come to need is not taken away again: c->undo stays NULL, and the plan says so.
        return 0;
    }
    err_set(e, ERR_UNSUPPORTED, "%s has no NFS %s and none of apt-get, dnf, yum and zypper to install one",
            place_name(node), what == NFS_PACKAGE_SERVER ? "server" : "client");
    return err_hint(e, "install it by hand and try again");
}

void nfs_add_directory(struct plan *p, struct node *node, const char *dir, int missing)
{
    _cleanup_free_ char *count = xasprintf("%d", missing), *title = xasprintf("directory %s", dir);
    const char *const words[] = {dir, count};
    struct change *c = plan_add(p, node, CHANGE_COMMAND, title);
    c->check = place_script("[ -d \"$1\" ]", words, 1);
    c->run = place_script("mkdir -p -m 755 -- \"$1\"", words, 1);
    c->undo = place_script(nfs_directory_undo, words, 2);
}

int nfs_check_dir(const char *dir, struct err *e)
{
    for (const char *s = dir; *s; s++) {
        if (iscntrl((unsigned char)*s)) {
            _cleanup_buf_ struct buf shown = BUF_INIT;
            exports_show(&shown, dir);
            return err_set(e, ERR_USAGE, "'%s': a path to be mounted may not have control characters such as a newline",
                           buf_str(&shown));
        }
    }
    if (dir[0] != '/')
        return err_set(e, ERR_USAGE, "'%s' is not an absolute path on the node", dir);
    _cleanup_strv_ struct strv parts = STRV_INIT;
    strv_split(&parts, dir, '/');
    if (strv_has(&parts, "..") || strv_has(&parts, "."))
        return err_set(e, ERR_USAGE, "'%s': a path without \".\" and \"..\" is needed", dir);
    return 0;
}

int nfs_address(const struct node *node, char **ret, struct err *e)
{
    if (!node->address)
        return err_set(e, ERR_UNSUPPORTED, "%s has no address, only a URI", node->name);
    struct probe_addr addr;
    if (probe_resolve(node->address, 0, &addr, e) < 0) {
        err_wrap(e, "%s", node->name);
        return err_hint(e, "node-add the node with its address, or put the name into /etc/hosts");
    }
    char text[64];
    probe_addr_text(&addr, text, sizeof(text));
    *ret = xstrdup(text);
    return 0;
}

static void add_same(struct nfs_source *s, const char *server)
{
    bool bracket = strchr(server, ':') && server[0] != '[';
    strv_take(&s->same, xasprintf("%s%s%s:%s", bracket ? "[" : "", server, bracket ? "]" : "", s->path));
}

int nfs_source_parse(struct ctx *ctx, const char *text, struct nfs_source *ret, struct err *e)
{
    const char *colon = text[0] == '[' ? strstr(text, "]:") : strchr(text, ':');
    colon = colon && text[0] == '[' ? colon + 1 : colon;
    if (!colon || colon == text || text[0] == '-' || colon[1] != '/') {
        err_set(e, ERR_USAGE, "'%s' is not SERVER:PATH with an absolute path", text);
        return err_hint(e, "as nfs:/srv/nfs, 192.0.2.9:/srv/nfs, [2001:db8::9]:/srv/nfs");
    }
    _cleanup_free_ char *server = xstrndup(text, (size_t)(colon - text));
    if (nfs_check_dir(colon + 1, e) < 0)
        return -1;
    if (strspn(server, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]%") != strlen(server))
        return err_set(e, ERR_USAGE, "'%s' is not a server: a node, a host name or an address is needed", server);
    struct nfs_source s = {.path = xstrdup(colon + 1), .same = STRV_INIT};
    s.node = inventory_peek(ctx_inventory(ctx), server);
    if (s.node && (nfs_address(s.node, &s.server, e) < 0 || !s.server)) {
        nfs_source_release(&s);
        return -1;
    }
    bool bracketed = server[0] == '[';
    if (!s.node)
        s.server = bracketed ? xstrndup(server + 1, strlen(server) - 2) : xstrdup(server);
    add_same(&s, s.server);
    s.text = xstrdup(s.same.s[0]);
    add_same(&s, server);
    if (s.node)
        add_same(&s, s.node->address);
    *ret = s;
    return 0;
}

void nfs_source_release(struct nfs_source *s)
{
    free(s->text);
    free(s->server);
    free(s->path);
    strv_release(&s->same);
    node_unref(s->node);
}

void nfs_mangle(struct buf *out, const char *path)
{
    for (const char *s = path; *s; s++) {
        if (strchr(" \t\n\\", *s))
            buf_addf(out, "\\%03o", (unsigned char)*s);
        else
            buf_addc(out, *s);
    }
}

static char *unmangle(const char *s, size_t n)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    for (size_t i = 0; i < n; i++) {
        bool octal = s[i] == '\\' && i + 3 < n;
        for (size_t k = 1; octal && k <= 3; k++)
            octal = s[i + k] >= '0' && s[i + k] <= '7';
        if (octal) {
            buf_addc(&b, (char)((s[i + 1] - '0') * 64 + (s[i + 2] - '0') * 8 + (s[i + 3] - '0')));
            i += 3;
        } else {
            buf_addc(&b, s[i]);
        }
    }
    return buf_steal(&b);
}

char *nfs_unmangle(const char *s)
{
    return unmangle(s, strlen(s));
}

// "36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root rw": proc(5).
static bool mount_line(char *line, const char *dir, struct nfs_mount *ret)
{
    char *dash = strstr(line, " - ");
    _cleanup_strv_ struct strv left = STRV_INIT, right = STRV_INIT;
    if (!dash)
        return false;
    *dash = '\0';
    strv_split(&left, line, ' ');
    strv_split(&right, dash + 3, ' ');
    if (left.n < 6 || right.n < 3)
        return false;
    _cleanup_free_ char *point = unmangle(left.s[4], strlen(left.s[4]));
    if (strcmp(point, dir) != 0)
        return false;
    nfs_mount_release(ret);
    *ret = (struct nfs_mount){
        .source = unmangle(right.s[1], strlen(right.s[1])), .type = xstrdup(right.s[0]), .options = xstrdup(left.s[5])};
    return true;
}

bool nfs_mount_at(const char *mountinfo, const char *dir, struct nfs_mount *ret)
{
    struct nfs_mount m = {NULL, NULL, NULL};
    _cleanup_strv_ struct strv lines = STRV_INIT;
    strv_split(&lines, mountinfo, '\n');
    bool found = false;
    for (size_t i = 0; i < lines.n; i++) // a later line is mounted over an earlier one
        found = mount_line(lines.s[i], dir, &m) || found;
    if (found)
        *ret = m;
    return found;
}

void nfs_mount_release(struct nfs_mount *m)
{
    free(m->source);
    free(m->type);
    free(m->options);
}

bool nfs_type(const char *type)
{
    return strcmp(type, "nfs") == 0 || strcmp(type, "nfs4") == 0 || strcmp(type, "fuse.nfs") == 0;
}

char *nfs_fstab_key(const char *line, size_t len)
{
    const char *end = line + len, *s = line;
    while (s < end && isblank((unsigned char)*s))
        s++;
    if (s == end || *s == '#')
        return NULL;
    while (s < end && !isblank((unsigned char)*s))
        s++;
    while (s < end && isblank((unsigned char)*s))
        s++;
    const char *from = s;
    while (s < end && !isspace((unsigned char)*s))
        s++;
    while (s > from + 1 && s[-1] == '/')
        s--;
    return s > from ? unmangle(from, (size_t)(s - from)) : NULL;
}
