// SPDX-License-Identifier: GPL-3.0-or-later
// The storage pools of a host, or of all.
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/pool/storage.h"
#include "io/virt/pool.h"

enum { INACTIVE, ALL, TRANSIENT, PERSISTENT, AUTOSTART, NO_AUTOSTART, TYPE, DETAILS, UUID, NAME };

static const struct opt_def opts[] = {
    [INACTIVE] = {"inactive", OPT_BOOL, 0, "list inactive pools", .bits = VIRT_POOL_INACTIVE},
    [ALL] = {"all", OPT_BOOL, 0, "list inactive & active pools", .bits = VIRT_POOL_ACTIVE | VIRT_POOL_INACTIVE},
    [TRANSIENT] = {"transient", OPT_BOOL, 0, "list transient pools", .bits = VIRT_POOL_TRANSIENT},
    [PERSISTENT] = {"persistent", OPT_BOOL, 0, "list persistent pools", .bits = VIRT_POOL_PERSISTENT},
    [AUTOSTART] = {"autostart", OPT_BOOL, 0, "list pools with autostart enabled", .bits = VIRT_POOL_AUTOSTART},
    [NO_AUTOSTART] = {"no-autostart", OPT_BOOL, 0, "list pools with autostart disabled",
                      .bits = VIRT_POOL_NO_AUTOSTART},
    [TYPE] = {"type", OPT_STRING, OPTF_POS, "only pools of the types TYPE[,TYPE…]", .complete = storage_complete_type},
    [DETAILS] = {"details", OPT_BOOL, 0, "display extended details for pools", .excludes = "uuid|name"},
    [UUID] = {"uuid", OPT_BOOL, 0, "list uuids only"},
    [NAME] = {"name", OPT_BOOL, 0, "list names only"},
    {NULL},
};

static const struct view_col table[] = {{"name", "Name"},
                                        {"active", "State", .yes = "active", .no = "inactive", .state = true},
                                        {"autostart", "Autostart"},
                                        {NULL}};
static const struct view_col details[] = {
    {"name", "Name"},
    {"state", "State", .state = true},
    {"autostart", "Autostart"},
    {"persistent", "Persistent"},
    {"capacity_bytes", "Capacity", .bytes = true},
    {"allocation_bytes", "Allocation", .bytes = true},
    {"available_bytes", "Available", .bytes = true},
    {NULL},
};
static const struct view_col uuid_name[] = {{"uuid"}, {"name"}, {NULL}};
static const struct view_col uuid[] = {{"uuid"}, {NULL}};

static const struct view details_view = {VIEW_TABLE, details};
// By --uuid (2) and --name (1).
static const struct view line_views[4] = {
    [1] = {VIEW_LINES, uuid_name + 1},
    [2] = {VIEW_LINES, uuid},
    [3] = {VIEW_LINES, uuid_name},
};

static void choose_view(struct cmd_call *c)
{
    int lines = c->vals[UUID].b * 2 + c->vals[NAME].b;
    if (lines)
        c->view = &line_views[lines];
    else if (c->vals[DETAILS].b)
        c->view = &details_view;
}

// As virsh: running ones, unless something else is asked for.
static int filter(const struct cmd_call *c, unsigned *ret, struct err *e)
{
    unsigned types = 0, bits = cmd_bits(c);
    if (c->vals[TYPE].s && virt_pool_types(c->vals[TYPE].s, &types, e) < 0)
        return -1;
    if (!(bits & (VIRT_POOL_ACTIVE | VIRT_POOL_INACTIVE)))
        bits |= VIRT_POOL_ACTIVE;
    *ret = bits | types;
    return 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    unsigned bits;
    choose_view(c);
    if (filter(c, &bits, e) < 0 ||
        virt_pool_list(c->conn, bits, c->vals[DETAILS].b ? VIRT_POOL_DETAILS : 0, &c->result, e) < 0)
        return -1;
    object_remember(c, "pool", "name", bits == (VIRT_POOL_ACTIVE | VIRT_POOL_INACTIVE));
    return 0;
}

const struct cmd_def cmd_pool_list = {
    .name = "pool-list",
    .group = "Storage",
    .summary = "list pools",
    .help = "Active pools, unless options ask for others. Without a current host, those of all hypervisors of the\n"
            "inventory.",
    .example = "pool-list --all\npool-list --all --details --node all\npool-list --type netfs,dir --name",
    .opts = opts,
    .flags = CMD_CONN | CMD_EACH,
    .view =
        {VIEW_TABLE, table,
         .empty =
             "no pools: pool-list --all shows inactive ones, too; pool-define-as NAME dir --target DIRECTORY adds one"},
    .run = run};
