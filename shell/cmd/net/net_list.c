// SPDX-License-Identifier: GPL-3.0-or-later
// The virtual networks of a host, or of all; and how the other commands find one.
#include "cmd/commands.h"
#include "cmd/net/net.h"
#include "cmd/objects.h"
#include "io/virt/net.h"

enum { INACTIVE, ALL, PERSISTENT, TRANSIENT, AUTOSTART, NO_AUTOSTART, UUID, NAME, TABLE };

static const struct opt_def opts[] = {
    [INACTIVE] = {"inactive", OPT_BOOL, 0, "list inactive networks", .bits = VIRT_NET_INACTIVE},
    [ALL] = {"all", OPT_BOOL, 0, "list inactive & active networks", .bits = VIRT_NET_ACTIVE | VIRT_NET_INACTIVE},
    [PERSISTENT] = {"persistent", OPT_BOOL, 0, "list persistent networks", .bits = VIRT_NET_PERSISTENT},
    [TRANSIENT] = {"transient", OPT_BOOL, 0, "list transient networks", .bits = VIRT_NET_TRANSIENT},
    [AUTOSTART] = {"autostart", OPT_BOOL, 0, "list networks with autostart enabled", .bits = VIRT_NET_AUTOSTART},
    [NO_AUTOSTART] = {"no-autostart", OPT_BOOL, 0, "list networks with autostart disabled",
                      .bits = VIRT_NET_NO_AUTOSTART},
    [UUID] = {"uuid", OPT_BOOL, 0, "list uuids only", .excludes = "name|table"},
    [NAME] = {"name", OPT_BOOL, 0, "list network names only", .excludes = "table"},
    [TABLE] = {"table", OPT_BOOL, 0, "list table (default)"},
    {NULL},
};

static const struct view_col table[] = {{"name", "Name"},
                                        {"active", "State", .yes = "active", .no = "inactive", .state = true},
                                        {"autostart", "Autostart"},
                                        {"persistent", "Persistent"},
                                        {NULL}};
static const struct view_col uuid[] = {{"uuid"}, {NULL}}, name[] = {{"name"}, {NULL}};
static const struct view uuid_view = {VIEW_LINES, uuid}, name_view = {VIEW_LINES, name};

int net_find(struct cmd_call *c, int opt, struct virt_net **ret, struct err *e)
{
    return virt_net_lookup(c->conn, c->vals[opt].s, ret, e) == 0
               ? 0
               : object_not_found(c, "net-list --all shows the networks that are there", e);
}

void net_result(struct cmd_call *c, const struct virt_net *net)
{
    object_result(c, "network", virt_net_name(net), virt_net_uuid(net));
}

static int run(struct cmd_call *c, struct err *e)
{
    unsigned bits = cmd_bits(c);
    c->view = c->vals[UUID].b ? &uuid_view : c->vals[NAME].b ? &name_view : NULL;
    if (!(bits & (VIRT_NET_ACTIVE | VIRT_NET_INACTIVE))) // as virsh
        bits |= VIRT_NET_ACTIVE;
    if (virt_net_list(c->conn, bits, &c->result, e) < 0)
        return -1;
    object_remember(c, "network", "name", bits == (VIRT_NET_ACTIVE | VIRT_NET_INACTIVE));
    return 0;
}

const struct cmd_def cmd_net_list = {
    .name = "net-list",
    .group = "Networks",
    .summary = "list networks",
    .help = "Active networks, unless options ask for others. Without a current host, those of all hypervisors of the\n"
            "inventory.",
    .example = "net-list --all\nnet-list --all --node all\nnet-list --inactive --name",
    .opts = opts,
    .flags = CMD_CONN | CMD_EACH,
    .view = {VIEW_TABLE, table,
             .empty = "no networks: net-list --all shows inactive ones, too; net-define FILE adds one"},
    .run = run};
