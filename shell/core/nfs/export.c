// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of an export. See nfs/export.h.
//
// What a server exports is read from its files at certain times only, so a change of a file has to be followed by a
// re-reading, and so has the way back. The checksum of the file last read is kept in /run/migsh-nfs, so that a second
// application finds nothing to do; that directory is gone after a reboot, when the server has read its files anyway,
// and one re-reading more does no harm.
#include "core/nfs/export.h"

#include <string.h>

#include "base/json.h"
#include "core/console/inventory.h"
#include "core/nfs/exports.h"
#include "core/nfs/ganesha.h"
#include "core/nfs/nfs.h"
#include "core/nfs/tools_priv.h"
#include "core/node/place.h"

// $1: the file that the server reads, $2: what its checksum must not be any more, or "".
static const char reload_check[] =
    "now=$(cksum 2>/dev/null <\"$1\" || echo none); [ \"$now\" = \"$(cat /run/migsh-nfs/exports.sum "
    "2>/dev/null)\" ] && [ \"$now\" != \"$2\" ]";

static bool by_ganesha(const struct facts *f)
{
    const char *server = facts_get(f, "server");
    return server && strcmp(server, "ganesha") == 0;
}

struct wish {
    char *path, *options;
    struct strv clients;
    bool remove;
    json_t *notes; // shown with the file's change
};

static void wish_free(void *data)
{
    struct wish *w = data;
    json_decref(w->notes);
    free(w->path);
    free(w->options);
    strv_release(&w->clients);
    free(w);
}

static struct wish *wish_new(const struct nfs_export *x, json_t *notes)
{
    struct wish *w = xnew(struct wish);
    w->notes = json_incref(notes);
    w->path = xstrdup(x->dir);
    w->options = xstrdup(x->options);
    w->remove = x->remove;
    strv_copy(&w->clients, x->clients);
    return w;
}

// All clients, one after the other.
static void change_text(const struct wish *w, const char *text, size_t len, struct buf *out)
{
    struct buf now = BUF_INIT;
    buf_add(&now, text, len);
    for (size_t i = 0; i < w->clients.n; i++) {
        struct buf next = BUF_INIT;
        if (w->remove)
            exports_unset(buf_str(&now), now.len, w->path, w->clients.s[i], &next);
        else
            exports_set(buf_str(&now), now.len, w->path, w->clients.s[i], w->options, &next);
        buf_release(&now);
        now = next;
    }
    buf_add(out, buf_str(&now), now.len);
    buf_release(&now);
}

static int edit_exports(const struct change *c, const char *old, size_t len, struct buf *ret_new, struct err *e)
{
    (void)e;
    change_text(c->data, old, len, ret_new);
    return 0;
}

static void show_notes(const struct change *c, const char *old, size_t len, json_t *notes)
{
    (void)old;
    (void)len;
    json_array_extend(notes, ((const struct wish *)c->data)->notes);
}

static void add_faults(const char *text, size_t len, json_t *notes)
{
    _cleanup_exports_ struct exports x;
    exports_parse(text, len, &x);
    for (size_t i = 0; i < x.faults.n; i++) {
        _cleanup_free_ char *note = xasprintf("/etc/exports, %s", x.faults.s[i]);
        json_array_append_new(notes, json_text(note));
    }
}

// Steps are taken back in the opposite order, so what is to happen behind the old file's return stands in front. The
// marker tells a step that was done from one that was not.
static void add_way_back(struct plan *p, const struct nfs_export *x, const struct facts *f, const struct buf *text)
{
    unsigned hash = 5381;
    for (size_t i = 0; i < text->len; i++)
        hash = hash * 33 + (unsigned char)text->s[i];
    _cleanup_free_ char *marker = xasprintf("/run/migsh-nfs/export-%08x", hash);
    const char *const words[] = {facts_get(f, "file"), marker};
    struct change *c = plan_add(p, x->node, CHANGE_COMMAND, "exports to be read again on the way back");
    c->check = place_script("[ -e \"$2\" ]", words, 2);
    c->run = place_script("mkdir -p /run/migsh-nfs && : >\"$2\"", words, 2);
    _cleanup_free_ char *back =
        xasprintf("rm -f -- \"$2\" /run/migsh-nfs/exports.sum; rmdir /run/migsh-nfs 2>/dev/null\n%s%s", nfs_keep_sum,
                  by_ganesha(f) ? nfs_reload_ganesha : nfs_reload_exportfs);
    _cleanup_free_ char *undo = place_script(back, words, 2);
    c->undo_always = true; // the marker does not outlive a reboot
    c->undo =
        xasprintf("(%s); s=$?; rm -f /run/migsh-nfs/exports.sum; rmdir /run/migsh-nfs 2>/dev/null; exit $s", undo);
}

static bool add_exports(struct plan *p, const struct nfs_export *x, const struct facts *f, json_t *notes)
{
    struct wish *w = wish_new(x, notes);
    _cleanup_buf_ struct buf text = BUF_INIT;
    change_text(w, f->text, f->text_len, &text);
    bool changes = text.len != f->text_len || memcmp(buf_str(&text), f->text, text.len) != 0;
    if (changes)
        add_way_back(p, x, f, &text);
    struct change *c = plan_add(p, x->node, CHANGE_LINES, "export");
    c->path = xstrdup("/etc/exports");
    c->edit = edit_exports;
    c->inspect = show_notes;
    c->data = w;
    c->free_data = wish_free;
    add_faults(buf_str(&text), text.len, notes);
    return changes;
}

static unsigned free_id(const struct facts *f)
{
    unsigned max = 0;
    const char *text;
    for (size_t i = 0; (text = facts_next(f, "id", &i));) {
        long long id;
        if (str_to_int(text, 0, 65535, &id) == 0 && (unsigned)id > max)
            max = (unsigned)id;
    }
    return max + 1;
}

// 1: something changes, 0: nothing, -1: the configuration has the path already.
static int add_ganesha(struct plan *p, const struct nfs_export *x, const struct facts *f, json_t *notes, struct err *e)
{
    if (ganesha_check_path(x->dir, e) < 0)
        return -1;
    _cleanup_free_ char *tag = ganesha_tag(x->dir);
    if (ganesha_exports(f->text, f->text_len, x->dir, tag)) {
        err_set(e, ERR_EXISTS, "%s exports %s by an EXPORT of its own in %s", x->node->name, x->dir,
                facts_get(f, "file"));
        return err_hint(e, "add the clients there, or take that EXPORT out and try again");
    }
    const char *body = "";
    size_t len = 0;
    unsigned id = 0;
    change_block_find(f->text, f->text_len, tag, &body, &len);
    _cleanup_free_ char *old = ganesha_entry(body, len, &id);
    struct wish *w = wish_new(x, notes);
    _cleanup_buf_ struct buf line = BUF_INIT, text = BUF_INIT;
    change_text(w, old, strlen(old), &line);
    _cleanup_exports_ struct exports entries;
    exports_parse(buf_str(&line), line.len, &entries);
    if (entries.n) {
        _cleanup_free_ char *one = xstrndup(buf_str(&line), line.len - 1);
        ganesha_export(id ? id : free_id(f), &entries.entries[0], one, &text, notes);
    }
    bool changes = text.len != len || memcmp(buf_str(&text), body, len) != 0;
    if (changes)
        add_way_back(p, x, f, &text);
    struct change *c = plan_add(p, x->node, CHANGE_BLOCK, "export");
    c->inspect = show_notes;
    c->data = w;
    c->free_data = wish_free;
    c->path = xstrdup(facts_get(f, "file"));
    c->tag = steal(&tag);
    if (entries.n)
        change_set_text(c, buf_str(&text), text.len);
    return changes;
}

// `state` is "enabled active" by systemctl's statuses (a static unit is enabled); NULL: the unit comes with the
// package. What was so already is left so on the way back. A start that fails leaves the unit enabled.
static void add_unit(struct plan *p, const struct nfs_export *x, const char *unit, const char *state)
{
    bool enabled = state && str_starts(state, "enabled"), active = state && str_ends(state, " active");
    const char *const words[] = {unit};
    _cleanup_free_ char *title = xasprintf("service %s", unit);
    struct change *c = plan_add(p, x->node, CHANGE_COMMAND, title);
    c->check =
        place_script("systemctl is-active -q \"$1.service\" && systemctl is-enabled -q \"$1.service\"", words, 1);
    c->run = place_script("systemctl enable --now \"$1.service\"", words, 1);
    _cleanup_free_ char *undo =
        xasprintf("s=0; %s || s=1; %s || s=1; exit $s", active ? ":" : "systemctl stop \"$1.service\"",
                  enabled ? ":" : "systemctl disable \"$1.service\"");
    c->undo = place_script(undo, words, 1);
    c->undo_always = true;
}

// Without systemd: whatever start script there is.
static void add_start(struct plan *p, const struct nfs_export *x, bool ganesha)
{
    const char *const words[] = {ganesha ? "nfs-ganesha" : "nfs-kernel-server nfs-server nfs nfsserver"};
    struct change *c = plan_add(p, x->node, CHANGE_COMMAND, "NFS server running");
    c->check = xasprintf("%slistening", nfs_listening);
    _cleanup_free_ char *run = xasprintf("%s%s", nfs_listening, nfs_start);
    c->run = place_script(run, words, 1);
    c->undo = place_script("for s in $1; do [ ! -x /etc/init.d/$s ] || /etc/init.d/$s stop; done", words, 1);
}

static void add_services(struct plan *p, const struct nfs_export *x, const struct facts *f)
{
    bool ganesha = by_ganesha(f), fresh = strcmp(facts_get(f, "server"), "none") == 0;
    if (!facts_yes(f, "systemd")) {
        add_start(p, x, ganesha);
        return;
    }
    const char *const units[] = {"rpcbind", ganesha ? "nfs-ganesha" : "nfs-server"};
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        _cleanup_free_ char *key = xasprintf("unit-%s", units[i]);
        if (fresh || i || facts_get(f, key)) // a server for NFSv4 alone may do without rpcbind
            add_unit(p, x, units[i], facts_get(f, key));
    }
}

static void add_reload(struct plan *p, const struct nfs_export *x, const struct facts *f, bool changes)
{
    bool ganesha = by_ganesha(f);
    const char *sum = changes ? facts_get(f, "sum") : NULL;
    const char *const words[] = {facts_get(f, "file"), sum ? sum : ""};
    struct change *c = plan_add(p, x->node, CHANGE_COMMAND, "exports read by the server");
    c->check = place_script(reload_check, words, 2);
    _cleanup_free_ char *run = xasprintf("%s%s", nfs_keep_sum, ganesha ? nfs_reload_ganesha : nfs_reload_exportfs);
    c->run = place_script(run, words, 2);
    c->undo = xstrdup(":"); // done when the file is the old one again, see add_way_back()
    c->verify = xasprintf("%slistening || { echo 'nothing listens on the NFS port 2049'; exit 1; }", nfs_listening);
}

int nfs_export_plan(struct ctx *ctx, struct job *job, const struct nfs_export *x, struct plan *p,
                    const json_t *warnings, const char **ret_server, struct err *e)
{
    const char *const args[] = {x->dir};
    struct question q = {.tools = {nfs_packages, nfs_listening, nfs_export_look}, .args = args, .n_args = 1};
    _cleanup_facts_ struct facts f = {0};
    if (node_ask(ctx, job, x->node, &q, &f, e) < 0)
        return -1;
    const char *server = facts_get(&f, "server"), *dir = facts_get(&f, "dir"), *missing = facts_get(&f, "missing");
    if (!server || !dir || !missing || !facts_get(&f, "file") || !f.text)
        return facts_unexpected(x->node, &f, e);
    if (strcmp(dir, "other") == 0)
        return err_set(e, ERR_STATE, "%s: %s exists but is not a directory", x->node->name, x->dir);
    if (strcmp(server, "none") == 0 && nfs_add_install(p, x->node, &f, NFS_PACKAGE_SERVER, e) < 0)
        return -1;
    if (!x->remove)
        nfs_add_directory(p, x->node, x->dir, atoi(missing));
    json_t *notes = json_deep_copy(warnings); // the plan is made anew for each look
    int changes = by_ganesha(&f) ? add_ganesha(p, x, &f, notes, e) : add_exports(p, x, &f, notes);
    json_decref(notes);
    if (changes < 0)
        return -1;
    add_services(p, x, &f);
    add_reload(p, x, &f, changes);
    *ret_server = by_ganesha(&f) ? "ganesha" : "exportfs";
    return 0;
}
