// SPDX-License-Identifier: GPL-3.0-or-later
// Other texts of nodes: ganesha's configuration, fstab, mount tables, neighbours, /etc/hosts.
#include "core/hosts/hosts.h"
#include "core/nfs/exports.h"
#include "core/nfs/ganesha.h"
#include "core/nfs/nfs.h"
#include "core/watch/neigh.h"
#include "fuzz.h"

static void ganesha(const char *text, size_t n)
{
    unsigned id = 0;
    _cleanup_free_ char *line = ganesha_entry(text, n, &id);
    // A NUL ends the line for us, and nothing more is read behind it.
    must(line && (!*line || memchr(text, 0, n) || line[strlen(line) - 1] == '\n'));
    ganesha_exports(text, n, "/srv/nfs", "tag");
    struct exports x;
    exports_parse(text, n, &x);
    for (size_t i = 0; i < x.n && i < 4; i++) {
        const struct exports_entry *en = &x.entries[i];
        _cleanup_err_ struct err e = ERR_INIT;
        _cleanup_free_ char *whole = xstrndup(text + en->whole, en->end - en->whole);
        if (ganesha_check_path(en->path, &e) < 0 || strchr(whole, '\n') || strlen(whole) != en->end - en->whole)
            continue;
        _cleanup_buf_ struct buf body = BUF_INIT;
        json_t *notes = json_array();
        ganesha_export(7, en, whole, &body, notes);
        _cleanup_free_ char *back = ganesha_entry(buf_str(&body), body.len, &id);
        must(id == 7 && back && strncmp(back, whole, strlen(whole)) == 0);
        json_decref(notes);
    }
    exports_release(&x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = {data, size};
    _cleanup_free_ char *first = in_line(&in);
    size_t n;
    _cleanup_free_ char *text = in_rest(&in, &n), *plain = nfs_unmangle(first);
    ganesha(text, n);
    _cleanup_buf_ struct buf mangled = BUF_INIT;
    nfs_mangle(&mangled, plain);
    _cleanup_free_ char *back = nfs_unmangle(buf_str(&mangled));
    must(strcmp(plain, back) == 0 && !strpbrk(buf_str(&mangled), " \t\n"));
    struct nfs_mount m = {0};
    if (nfs_mount_at(text, *plain ? plain : "/mnt", &m))
        must(m.source && m.type && m.options);
    nfs_mount_release(&m);
    free(nfs_fstab_key(first, strlen(first)));
    json_t *rows = neigh_parse(text, "52:54:00:00:00:01"), *lines = hosts_lines(text, n), *notes = json_array();
    must(json_is_array(rows) && json_is_array(lines));
    struct hosts h = {0};
    _cleanup_err_ struct err e = ERR_INIT;
    if (hosts_add(&h, "source", "192.0.2.1", &e) < 0)
        abort();
    hosts_conflicts(&h, text, n, notes);
    char *mended = hosts_mend(&h, first, strlen(first));
    if (mended) { // what is mended is in nobody's way any more
        char *again = hosts_mend(&h, mended, strlen(mended));
        must(!again && !strchr(mended, '\n'));
    }
    free(mended);
    hosts_release(&h);
    json_decref(rows);
    json_decref(lines);
    json_decref(notes);
    return 0;
}
