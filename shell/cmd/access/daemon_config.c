// SPDX-License-Identifier: GPL-3.0-or-later
// Settings of libvirt's daemon (libvirtd-config) and of its QEMU driver (qemu-config).
#include <string.h>

#include "base/json.h"
#include "base/printable.h"
#include "cmd/commands.h"
#include "cmd/engine/apply.h"
#include "cmd/engine/render.h"
#include "cmd/rows.h"
#include "core/access/access.h"

enum { NODE, SET, UNSET, RESTART };

static void complete_keys(enum conf_file file, const char *end, struct strv *out)
{
    for (const struct conf_key *k = conf_keys(file); k->name; k++) {
        if (!(k->flags & CONF_SECRET))
            strv_take(out, xasprintf("%s%s", k->name, end));
    }
}

static void daemon_settings(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    (void)prefix;
    complete_keys(CONF_DAEMON, "=", out);
}

static void daemon_keys(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    (void)prefix;
    complete_keys(CONF_DAEMON, "", out);
}

static void qemu_settings(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    (void)prefix;
    complete_keys(CONF_QEMU, "=", out);
}

static void qemu_keys(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    (void)prefix;
    complete_keys(CONF_QEMU, "", out);
}

#define ROWS(settings, keys)                                                                                           \
    [NODE] = NODE_ROW("where"),                                                                                        \
    [SET] = {"set", OPT_STRING, OPTF_POS | OPTF_MULTI, "KEY=VALUE; a list has commas between; none: show them",        \
             .complete = settings},                                                                                    \
    [UNSET] = {"unset", OPT_STRING, OPTF_MULTI, "make this setting a comment", .complete = keys},                      \
    [RESTART] = {"restart", OPT_BOOL, 0, "restart the daemon if it is older than the file"}, APPLY_ROWS,               \
    {                                                                                                                  \
        NULL                                                                                                           \
    }

static const struct opt_def daemon_opts[] = {ROWS(daemon_settings, daemon_keys)};
static const struct opt_def qemu_opts[] = {ROWS(qemu_settings, qemu_keys)};

extern const struct cmd_def cmd_qemu_config;

static enum conf_file file_of(const struct cmd_call *c)
{
    return c->def == &cmd_qemu_config ? CONF_QEMU : CONF_DAEMON;
}

static int make(struct cmd_call *c, enum apply_mode mode, void *data, struct plan *p, struct err *e)
{
    (void)mode;
    return access_conf_plan(c->ctx, c->job, p, c->vals[NODE].node, file_of(c), data, c->vals[RESTART].b, e);
}

static void render_list(const json_t *value, struct buf *out)
{
    static const struct view_col cols[] = {
        {"key", "Key"}, {"value", "Value"}, {"stock", "In the comment"}, {"type", "Type"}, {NULL}};
    static const struct view view = {VIEW_TABLE, cols};
    _cleanup_free_ char *head = xasprintf("%s: %s, read by %s", json_text_at(value, "node"),
                                          json_text_at(value, "file"), json_text_at(value, "daemon"));
    buf_add_line(out, head);
    buf_addc(out, '\n');
    if (json_is_true(json_object_get(value, "restart_needed")))
        buf_adds(out, "It has changed since the daemon was started, which needs a restart to obey it: --restart\n");
    buf_addc(out, '\n');
    render_view(&view, json_object_get(value, "settings"), out);
}

static const struct view list_view = {VIEW_CUSTOM, .render = render_list};

static int run(struct cmd_call *c, struct err *e)
{
    enum apply_mode mode = apply_mode_of(c);
    enum conf_file file = file_of(c);
    _cleanup_wishes_ struct conf_wishes wishes = {NULL, 0};
    for (int i = SET; i <= UNSET; i++) {
        for (size_t k = 0; k < c->vals[i].list.n; k++) {
            if (conf_wish_add(&wishes, file, c->vals[i].list.s[k], i == UNSET, e) < 0)
                return -1;
        }
    }
    if (!wishes.n && !c->vals[RESTART].b && mode == APPLY_MODE_ASK) {
        c->view = &list_view;
        return access_conf_show(c->ctx, c->job, c->vals[NODE].node, file, &c->result, e);
    }
    if (!wishes.n && !c->vals[RESTART].b && mode != APPLY_MODE_REVERT) {
        err_set(e, ERR_USAGE, "%s: which setting?", c->def->name);
        return err_hint(e, "%s %s KEY=VALUE --plan; without options all are shown", c->def->name, c->vals[NODE].s);
    }
    return apply_node(c, c->vals[NODE].node, json_pack("{s:o}", "node", json_text(c->vals[NODE].node->name)), make,
                      &wishes, e);
}

#define HELP_REST                                                                                                      \
    "Without a setting: all that libvirt knows, with the value that the file sets and the one in its comment, "        \
    "mostly\n"                                                                                                         \
    "the default. A setting is changed where it stands; else its comment becomes the setting; comments and order "     \
    "stay.\n"                                                                                                          \
    "The daemon reads the file when it starts and not at a reload, so a change counts from its next start on:\n"       \
    "--restart does that. Guests run on meanwhile, and while a job of one is at work (a migration) it is refused.\n"   \
    "--revert takes back all that was set there, to the byte, and restarts the daemon if it was restarted for it."

const struct cmd_def cmd_libvirtd_config = {
    .name = "libvirtd-config",
    .group = "Nodes",
    .summary = "show and change the settings of libvirt's daemon on a node",
    .help =
        "The file is /etc/libvirt/libvirtd.conf, or virtqemud.conf where that daemon runs. The new text is read by\n"
        "the daemon's own reader before it is written.\n" HELP_REST,
    .example = "libvirtd-config source\nlibvirtd-config source max_clients=200 --plan\n"
               "libvirtd-config source unix_sock_group=libvirt unix_sock_rw_perms=0770 --restart --apply\n"
               "libvirtd-config source --unset max_clients --apply\nlibvirtd-config source --revert",
    .opts = daemon_opts,
    .view = {VIEW_CUSTOM, .render = apply_render},
    .run = run};

const struct cmd_def cmd_qemu_config = {
    .name = "qemu-config",
    .group = "Nodes",
    .summary = "show and change the settings of libvirt's QEMU driver on a node",
    .help = "The file is /etc/libvirt/qemu.conf.\n" HELP_REST,
    .example = "qemu-config source\nqemu-config source migration_port_min=49152 migration_port_max=49215 --plan\n"
               "qemu-config source user=libvirt-qemu group=kvm --restart --apply\nqemu-config source --revert",
    .opts = qemu_opts,
    .view = {VIEW_CUSTOM, .render = apply_render},
    .run = run};
