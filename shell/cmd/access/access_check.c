// SPDX-License-Identifier: GPL-3.0-or-later
// Which gate lets a user in to libvirt, and which refuses.
#include <string.h>

#include "base/json.h"
#include "cmd/access/findings.h"
#include "cmd/commands.h"
#include "core/access/access.h"
#include "core/console/out.h"

enum { NODES, USER, IDS };

static const struct opt_def opts[] = {
    [NODES] = {"nodes", OPT_NODES, OPTF_POS | OPTF_MULTI | OPTF_HYPERVISORS, "which: NODE[,NODE…] or all",
               .def = "all"},
    [USER] = {"user", OPT_STRING, 0, "whom; default: the one that migsh logs in as there"},
    [IDS] = {"ids", OPT_BOOL, 0, "the numbers of QEMU's user and groups instead", .excludes = "user"},
    {NULL},
};

static const struct view_col id_cols[] = {
    {"node", "Node"},    {"qemu_user", "QEMU's user"}, {"qemu_uid", "uid"}, {"qemu_group", "QEMU's group"},
    {"qemu_gid", "gid"}, {"libvirt_gid", "libvirt"},   {"kvm_gid", "kvm"},  {NULL}};
static const struct view id_view = {VIEW_TABLE, id_cols};

// Of images that nodes share, another number is another owner. Where there is none nothing is known.
static void tell_difference(const json_t *rows)
{
    const json_t *first = NULL;
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (!json_is_integer(json_object_get(row, "qemu_uid")))
            continue;
        first = first ? first : row;
        if (!json_equal(json_object_get(row, "qemu_uid"), json_object_get(first, "qemu_uid"))) {
            out_notice(OUT_WARN,
                       "QEMU's user has another number on %s than on %s: images that they share are not "
                       "everywhere its own",
                       json_text_at(row, "node"), json_text_at(first, "node"));
            return;
        }
    }
}

static int run(struct cmd_call *c, struct err *e)
{
    const struct opt_val *v = &c->vals[NODES];
    if (!c->vals[IDS].b)
        return access_check(c->ctx, c->job, v->nodes, v->n_nodes, c->vals[USER].s, &c->result, e);
    c->view = &id_view;
    int r = access_ids(c->ctx, c->job, v->nodes, v->n_nodes, &c->result, e);
    tell_difference(c->result);
    return r;
}

const struct cmd_def cmd_access_check = {
    .name = "access-check",
    .group = "Nodes",
    .summary = "which gate lets a user in to libvirt, and which refuses",
    .help =
        "The gates one after the other: the daemon (libvirtd, or the modular virtqemud; started by systemd's socket "
        "or\n"
        "not), its socket's mode, the group, auth_unix_* in its file of settings, polkit's rules (files that it does "
        "not\n"
        "read any more are named), SELinux, /dev/kvm. The last one, open, is the truth: the user's own rights are "
        "taken\n"
        "on the node, and qemu:///system is opened. Where that succeeds, a gate that looks shut is a warning only. A\n"
        "remedy is a line to run, or a sentence. Fails with status 12 where the user is refused.",
    .example = "access-check\naccess-check source,dest --user alice\naccess-check --ids",
    .opts = opts,
    .flags = CMD_READS,
    .view = {VIEW_CUSTOM, .render = findings_render},
    .run = run};
