// SPDX-License-Identifier: GPL-3.0-or-later
// Settings of libvirt's daemons on a node: shown, changed, and taken up by a restart. See access.h. libvirt reads these
// files when it starts and never again (a reload, SIGHUP, reads the guests' definitions), so that a change counts
// from the next start on.
#include <string.h>

#include "base/json.h"
#include "base/strv.h"
#include "core/access/access.h"
#include "core/access/tools_priv.h"
#include "core/console/inventory.h"
#include "core/node/ask.h"
#include "core/node/place.h"

enum { CONF_MAX = 1 << 20 };

static int look(struct ctx *ctx, struct job *job, struct node *node, enum conf_file file, bool restart,
                struct facts *ret, struct err *e)
{
    const char *const args[] = {file == CONF_QEMU ? "qemu" : "daemon", restart ? "restart" : ""};
    const struct question q = {.tools = {access_daemon, access_newer, access_jobs, access_conf_look},
                               .args = args,
                               .n_args = ARRAY_SIZE(args),
                               .max_output = CONF_MAX};
    if (node_ask(ctx, job, node, &q, ret, e) < 0)
        return -1;
    return facts_get(ret, "file") && facts_get(ret, "daemon") ? 0 : facts_unexpected(node, ret, e);
}

static const char *text_of(const struct facts *f)
{
    return f->text ? f->text : "";
}

static void add_setting(json_t *rows, const char *key, const char *type, json_t *value, json_t *stock)
{
    json_array_append_new(rows, json_pack("{s:o, s:o, s:o, s:o}", "key", json_text(key), "type", json_text(type),
                                          "value", value ? value : json_null(), "stock", stock ? stock : json_null()));
}

static json_t *settings(const struct facts *f, enum conf_file file, const struct conf *c)
{
    json_t *rows = json_array();
    bool modular = str_ends(facts_get(f, "file"), "/virtqemud.conf");
    for (const struct conf_key *k = conf_keys(file); k->name; k++) {
        const struct conf_entry *x = conf_find(c, k->name);
        if (modular && (k->flags & CONF_NETWORK) && !x)
            continue;
        json_t *value = !x ? NULL : k->flags & CONF_SECRET ? json_text("(not shown)") : json_incref(x->value);
        add_setting(rows, k->name, conf_type_name(k->type), value, conf_stock(text_of(f), f->text_len, k->name));
    }
    for (size_t i = 0; i < c->n; i++) {
        const struct conf_key *k = conf_keys(file);
        while (k->name && strcmp(k->name, c->all[i].key) != 0)
            k++;
        if (!k->name)
            add_setting(rows, c->all[i].key, "unknown", json_incref(c->all[i].value), NULL);
    }
    return rows;
}

static int read_conf(const struct node *node, const struct facts *f, struct conf *ret, struct err *e)
{
    if (conf_parse(text_of(f), f->text_len, ret, e) == 0)
        return 0;
    err_wrap(e, "%s: %s", node->name, facts_get(f, "file"));
    return err_hint(e, "libvirt would not start with it: mend that line first");
}

int access_conf_show(struct ctx *ctx, struct job *job, struct node *node, enum conf_file file, json_t **ret,
                     struct err *e)
{
    _cleanup_facts_ struct facts f = {0};
    _cleanup_conf_ struct conf c = {NULL, 0};
    if (look(ctx, job, node, file, false, &f, e) < 0 || read_conf(node, &f, &c, e) < 0)
        return -1;
    const char *stale = facts_get(&f, "stale");
    *ret = json_pack("{s:o, s:o, s:o, s:o, s:o}", "node", json_text(node->name), "file",
                     json_text(facts_get(&f, "file")), "daemon", json_text(facts_get(&f, "daemon")), "restart_needed",
                     stale ? json_boolean(strcmp(stale, "yes") == 0) : json_null(), "settings", settings(&f, file, &c));
    return 0;
}

// A change's own copy: the plan outlives the call.
struct wish {
    struct conf_wishes wishes;
    char *note;
};

static void wish_free(void *data)
{
    struct wish *w = data;
    conf_wishes_release(&w->wishes);
    free(w->note);
    free(w);
}

static int edit(const struct change *c, const char *old, size_t len, struct buf *ret_new, struct err *e)
{
    const struct wish *w = c->data;
    return conf_edit(old, len, &w->wishes, ret_new, e);
}

static void inspect(const struct change *c, const char *old, size_t len, json_t *notes)
{
    (void)old;
    (void)len;
    const struct wish *w = c->data;
    if (w->note)
        json_array_append_new(notes, json_text(w->note));
}

static struct wish *wish_new(const struct conf_wishes *wishes, char *note)
{
    struct wish *w = xnew(struct wish);
    w->wishes.all = xcalloc(wishes->n, sizeof(*w->wishes.all));
    w->wishes.n = wishes->n;
    for (size_t i = 0; i < wishes->n; i++)
        w->wishes.all[i] = (struct conf_wish){wishes->all[i].key, xstrdup(wishes->all[i].text)};
    w->note = note;
    return w;
}

// What libvirt itself says of the new text, before anything is written. qemu.conf is read by no program that could be
// asked: there our own reading has to do, which is as strict.
static int ask_daemon(struct ctx *ctx, struct job *job, struct node *node, const struct facts *old,
                      const struct buf *text, struct err *e)
{
    const char *const args[] = {facts_get(old, "daemon")};
    const struct question q = {
        .tools = {access_conf_check}, .args = args, .n_args = 1, .input = buf_str(text), .input_len = text->len};
    _cleanup_facts_ struct facts f = {0};
    if (node_ask(ctx, job, node, &q, &f, e) < 0)
        return -1;
    const char *fault = facts_get(&f, "fault");
    if (!fault)
        return 0;
    err_set(e, ERR_STATE, "%s: %s would not start with that: %s", node->name, args[0], fault);
    return err_hint(e, "%s is left as it was", facts_get(old, "file"));
}

// Where the setting would not be obeyed.
static int check_places(const struct node *node, const struct facts *f, const struct conf_wishes *w, struct err *e)
{
    bool modular = str_ends(facts_get(f, "file"), "/virtqemud.conf");
    for (size_t i = 0; i < w->n; i++) {
        const struct conf_key *k = w->all[i].key;
        if (!w->all[i].text)
            continue;
        if (modular && (k->flags & CONF_NETWORK)) {
            err_set(e, ERR_UNSUPPORTED, "%s: virtqemud does not know %s", node->name, k->name);
            return err_hint(e, "/etc/libvirt/virtproxyd.conf has it there: virtproxyd listens for the other daemons");
        }
        if (facts_yes(f, "activated") && (k->flags & CONF_SOCKET)) {
            err_set(e, ERR_STATE, "%s: systemd makes the sockets of %s, which does not obey %s then", node->name,
                    facts_get(f, "daemon"), k->name);
            return err_hint(e, "systemctl edit %s.socket there (SocketMode, SocketGroup, ListenStream)",
                            facts_get(f, "daemon"));
        }
    }
    return 0;
}

// Whether a restart would end what a guest is doing. Only looked for where one is meant.
static int check_jobs(const struct node *node, const struct facts *f, struct err *e)
{
    const char *guest = facts_get(f, "job"), *daemon = facts_get(f, "daemon");
    if (guest) {
        err_set(e, ERR_STATE, "%s: a job of the guest %s is at work, and a restart of %s would end it", node->name,
                guest, daemon);
        return err_hint(e, "try again when it is done, or leave out --restart");
    }
    if (!facts_yes(f, "unsure"))
        return 0;
    err_set(e, ERR_STATE, "%s: %s does not tell whether a job of a guest is at work, which a restart would end",
            node->name, daemon);
    return err_hint(e, "'virsh list' and 'virsh domjobinfo' there tell why; or leave out --restart");
}

// Steps are taken back in the opposite order: what is to happen behind the old file's return stands in front. The
// marker tells that it was done.
static void add_way_back(struct plan *p, struct node *node, const char *daemon)
{
    const char *const words[] = {daemon, "start"}; // it may not have come up with the new settings
    struct change *c = plan_add(p, node, CHANGE_COMMAND, "restart on the way back");
    c->check = place_script("[ -e /run/migsh-access/restart ]", words, 2);
    c->run = place_script("mkdir -p /run/migsh-access && : >/run/migsh-access/restart", words, 2);
    _cleanup_free_ char *undo = xasprintf(
        "rm -f /run/migsh-access/restart; rmdir /run/migsh-access 2>/dev/null\n%s\n%s", access_jobs, access_restart);
    c->undo = place_script(undo, words, 2);
    c->undo_always = true; // the marker does not outlive a reboot
}

static void add_restart(struct plan *p, struct node *node, const struct facts *f, bool changes)
{
    const char *const words[] = {facts_get(f, "daemon"), facts_get(f, "file")};
    _cleanup_free_ char *what = xasprintf("%s restarted", words[0]);
    _cleanup_free_ char *run = xasprintf("%s\n%s", access_jobs, access_restart);
    _cleanup_free_ char *check = xasprintf("%s\n! newer \"$2\" \"$1\"", access_newer);
    struct change *c = plan_add(p, node, CHANGE_COMMAND, what);
    c->check = place_script(check, words, 2);
    c->run = place_script(run, words, 1);
    c->undo = xstrdup(":"); // done when the file is the old one again, see add_way_back()
    c->seen = changes;
}

int access_conf_plan(struct ctx *ctx, struct job *job, struct plan *p, struct node *node, enum conf_file file,
                     const struct conf_wishes *w, bool restart, struct err *e)
{
    _cleanup_facts_ struct facts f = {0};
    _cleanup_conf_ struct conf c = {NULL, 0};
    _cleanup_buf_ struct buf text = BUF_INIT;
    if (look(ctx, job, node, file, restart, &f, e) < 0 || read_conf(node, &f, &c, e) < 0 ||
        check_places(node, &f, w, e) < 0 || conf_edit(text_of(&f), f.text_len, w, &text, e) < 0)
        return -1;
    const char *path = facts_get(&f, "file"), *daemon = facts_get(&f, "daemon");
    bool changes = text.len != f.text_len || memcmp(buf_str(&text), text_of(&f), text.len) != 0;
    if ((changes || facts_yes(&f, "stale")) && check_jobs(node, &f, e) < 0)
        return -1;
    if (changes && file == CONF_DAEMON && ask_daemon(ctx, job, node, &f, &text, e) < 0)
        return -1;
    if (changes && restart && facts_get(&f, "stale")) // it runs
        add_way_back(p, node, daemon);
    if (w->n) {
        bool told = changes && !restart && facts_get(&f, "stale");
        char *note = told ? xasprintf("%s runs, and obeys it from its next start on: --restart", daemon) : NULL;
        struct change *x = plan_add(p, node, CHANGE_LINES, "settings");
        x->path = xstrdup(path);
        x->mode = 0600;
        x->edit = edit;
        x->inspect = inspect;
        x->data = wish_new(w, note);
        x->free_data = wish_free;
    }
    if (restart)
        add_restart(p, node, &f, changes);
    return 0;
}
