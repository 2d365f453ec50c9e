// SPDX-License-Identifier: GPL-3.0-or-later
// The domains of a host, or of all.
#include "io/virt/list.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"

enum {
    INACTIVE,
    ALL,
    TRANSIENT,
    PERSISTENT,
    WITH_SNAPSHOT,
    WITHOUT_SNAPSHOT,
    WITH_CHECKPOINT,
    WITHOUT_CHECKPOINT,
    STATE_RUNNING,
    STATE_PAUSED,
    STATE_SHUTOFF,
    STATE_OTHER,
    AUTOSTART,
    NO_AUTOSTART,
    WITH_MANAGED_SAVE,
    WITHOUT_MANAGED_SAVE,
    UUID,
    NAME,
    ID,
    TABLE,
    MANAGED_SAVE,
    TITLE
};

static const struct opt_def opts[] = {
    [INACTIVE] = {"inactive", OPT_BOOL, 0, "list inactive domains", .bits = VIRT_LIST_INACTIVE},
    [ALL] = {"all", OPT_BOOL, 0, "list inactive & active domains", .bits = VIRT_LIST_ACTIVE | VIRT_LIST_INACTIVE},
    [TRANSIENT] = {"transient", OPT_BOOL, 0, "list transient domains", .bits = VIRT_LIST_TRANSIENT},
    [PERSISTENT] = {"persistent", OPT_BOOL, 0, "list persistent domains", .bits = VIRT_LIST_PERSISTENT},
    [WITH_SNAPSHOT] = {"with-snapshot", OPT_BOOL, 0, "list domains with existing snapshot", .bits = VIRT_LIST_SNAPSHOT},
    [WITHOUT_SNAPSHOT] = {"without-snapshot", OPT_BOOL, 0, "list domains without a snapshot",
                          .bits = VIRT_LIST_NO_SNAPSHOT},
    [WITH_CHECKPOINT] = {"with-checkpoint", OPT_BOOL, 0, "list domains with existing checkpoint",
                         .bits = VIRT_LIST_CHECKPOINT},
    [WITHOUT_CHECKPOINT] = {"without-checkpoint", OPT_BOOL, 0, "list domains without a checkpoint",
                            .bits = VIRT_LIST_NO_CHECKPOINT},
    [STATE_RUNNING] = {"state-running", OPT_BOOL, 0, "list domains in running state", .bits = VIRT_LIST_RUNNING},
    [STATE_PAUSED] = {"state-paused", OPT_BOOL, 0, "list domains in paused state", .bits = VIRT_LIST_PAUSED},
    [STATE_SHUTOFF] = {"state-shutoff", OPT_BOOL, 0, "list domains in shutoff state",
                       .bits = VIRT_LIST_SHUTOFF | VIRT_LIST_INACTIVE},
    [STATE_OTHER] = {"state-other", OPT_BOOL, 0, "list domains in other states", .bits = VIRT_LIST_OTHER},
    [AUTOSTART] = {"autostart", OPT_BOOL, 0, "list domains with autostart enabled", .bits = VIRT_LIST_AUTOSTART},
    [NO_AUTOSTART] = {"no-autostart", OPT_BOOL, 0, "list domains with autostart disabled",
                      .bits = VIRT_LIST_NO_AUTOSTART},
    [WITH_MANAGED_SAVE] = {"with-managed-save", OPT_BOOL, 0, "list domains with managed save state",
                           .bits = VIRT_LIST_MANAGED_SAVE},
    [WITHOUT_MANAGED_SAVE] = {"without-managed-save", OPT_BOOL, 0, "list domains without managed save",
                              .bits = VIRT_LIST_NO_MANAGED_SAVE},
    [UUID] = {"uuid", OPT_BOOL, 0, "list uuids only"},
    [NAME] = {"name", OPT_BOOL, 0, "list domain names only"},
    [ID] = {"id", OPT_BOOL, 0, "list domain ids only"},
    [TABLE] = {"table", OPT_BOOL, 0, "list table (default)", .excludes = "uuid|id|name"},
    [MANAGED_SAVE] = {"managed-save", OPT_BOOL, 0, "mark inactive domains with managed save state",
                      .bits = VIRT_LIST_SAVED_TOO},
    [TITLE] = {"title", OPT_BOOL, 0, "show domain title (asks each domain)", .bits = VIRT_LIST_TITLE},
    {NULL},
};

// As virsh: running ones, unless something else is asked for; --state-shutoff means the inactive ones.
static unsigned filter(const struct cmd_call *c)
{
    unsigned bits = cmd_bits_between(c, INACTIVE, WITHOUT_MANAGED_SAVE);
    return bits & (VIRT_LIST_ACTIVE | VIRT_LIST_INACTIVE) ? bits : bits | VIRT_LIST_ACTIVE;
}

static const struct view_col table[] = {{"id", "Id"}, {"name", "Name"}, {"state", "State", .state = true}, {NULL}};
static const struct view_col titled[] = {
    {"id", "Id"}, {"name", "Name"}, {"state", "State", .state = true}, {"title", "Title"}, {NULL}};
static const struct view_col uuid_id_name[] = {{"uuid"}, {"id"}, {"name"}, {NULL}};
static const struct view_col uuid_name[] = {{"uuid"}, {"name"}, {NULL}};
static const struct view_col uuid_id[] = {{"uuid"}, {"id"}, {NULL}};
static const struct view_col uuid[] = {{"uuid"}, {NULL}};

static const struct view titled_view = {VIEW_TABLE, titled};
// By --uuid (4), --id (2), --name (1); a later start in a list leaves out its first columns.
static const struct view line_views[8] = {
    [1] = {VIEW_LINES, uuid_name + 1}, [2] = {VIEW_LINES, uuid_id + 1}, [3] = {VIEW_LINES, uuid_id_name + 1},
    [4] = {VIEW_LINES, uuid},          [5] = {VIEW_LINES, uuid_name},   [6] = {VIEW_LINES, uuid_id},
    [7] = {VIEW_LINES, uuid_id_name},
};

static void choose_view(struct cmd_call *c)
{
    int lines = c->vals[UUID].b * 4 + c->vals[ID].b * 2 + c->vals[NAME].b;
    if (lines)
        c->view = &line_views[lines];
    else if (c->vals[TITLE].b)
        c->view = &titled_view;
}

// What was seen can be completed later.
static void remember(struct cmd_call *c, bool complete)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    size_t i;
    json_t *row;
    json_array_foreach(c->result, i, row) strv_add(&names, json_text_at(row, "name"));
    if (complete)
        ctx_names_set(c->ctx, "domain", target_label(&c->where), &names);
    else
        for (i = 0; i < names.n; i++)
            ctx_names_add(c->ctx, "domain", target_label(&c->where), names.s[i]);
}

static int run(struct cmd_call *c, struct err *e)
{
    unsigned bits = filter(c);
    choose_view(c);
    if (virt_list(c->conn, bits, cmd_bits_between(c, MANAGED_SAVE, TITLE), &c->result, e) < 0)
        return -1;
    remember(c, bits == (VIRT_LIST_ACTIVE | VIRT_LIST_INACTIVE));
    return 0;
}

const struct cmd_def cmd_list = {
    .name = "list",
    .group = "Domains",
    .summary = "list domains",
    .help = "Running domains, unless options ask for others. Without a current host, those of all hypervisors of the\n"
            "inventory. The cost in calls does not grow with the number of domains (but for --title).",
    .example = "list --all\nlist --all --node all\nlist --inactive --name",
    .opts = opts,
    .flags = CMD_CONN | CMD_EACH,
    .view = {VIEW_TABLE, table, .empty = "no domains: list --all shows those that are off, too; define FILE adds one"},
    .run = run};
