// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's snapshots or checkpoints: as a table, as names, as a tree.
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "cmd/snapshot/snapshot.h"
#include "cmd/tree.h"
#include "io/virt/dom.h"
#include "io/virt/snapshot.h"

// Both commands' common rows first.
enum {
    DOMAIN,
    FROM,
    PARENT,
    ROOTS,
    LEAVES,
    NO_LEAVES,
    TREE,
    DESCENDANTS,
    NAME,
    TOPOLOGICAL,
    METADATA,
    NO_METADATA,
    INACTIVE,
    ACTIVE,
    DISK_ONLY,
    INTERNAL,
    EXTERNAL,
    CURRENT,
};

#define COMMON_ROWS(what)                                                                                              \
    [DOMAIN] = DOMAIN_ROW,                                                                                             \
    [FROM] = {"from", OPT_STRING, OPTF_POS, "limit list to children of given " what, .of_domain = what},               \
    [PARENT] = {"parent", OPT_BOOL, 0, "add a column showing parent " what},                                           \
    [ROOTS] = {"roots",           OPT_BOOL, 0, "list only " what "s without parents", .bits = VIRT_SNAP_ROOTS,         \
               .excludes = "from"},                                                                                    \
    [LEAVES] = {"leaves", OPT_BOOL, 0, "list only " what "s without children", .bits = VIRT_SNAP_LEAVES},              \
    [NO_LEAVES] = {"no-leaves", OPT_BOOL, 0, "list only " what "s that are not leaves (with children)",                \
                   .bits = VIRT_SNAP_NO_LEAVES},                                                                       \
    [TREE] = {"tree", OPT_BOOL, 0, "list " what "s in a tree", .excludes = "roots|name|parent"},                       \
    [DESCENDANTS] = {"descendants", OPT_BOOL, 0, "with --from, list all descendants"},                                 \
    [NAME] = {"name", OPT_BOOL, 0, "list " what " names only", .excludes = "parent"},                                  \
    [TOPOLOGICAL] = {"topological", OPT_BOOL, 0, "sort list topologically rather than by name",                        \
                     .bits = VIRT_SNAP_TOPOLOGICAL}

static const struct opt_def snap_opts[] = {
    COMMON_ROWS("snapshot"),
    [METADATA] = {"metadata", OPT_BOOL, 0, "list only snapshots that have metadata that would prevent undefine",
                  .bits = VIRT_SNAP_METADATA},
    [NO_METADATA] = {"no-metadata", OPT_BOOL, 0, "list only snapshots that have no metadata managed by libvirt",
                     .bits = VIRT_SNAP_NO_METADATA},
    [INACTIVE] = {"inactive", OPT_BOOL, 0, "filter by snapshots taken while inactive", .bits = VIRT_SNAP_INACTIVE},
    [ACTIVE] = {"active", OPT_BOOL, 0, "filter by snapshots taken while active (full system snapshots)",
                .bits = VIRT_SNAP_ACTIVE},
    [DISK_ONLY] = {"disk-only", OPT_BOOL, 0, "filter by disk-only snapshots", .bits = VIRT_SNAP_DISK_ONLY},
    [INTERNAL] = {"internal", OPT_BOOL, 0, "filter by internal snapshots", .bits = VIRT_SNAP_INTERNAL},
    [EXTERNAL] = {"external", OPT_BOOL, 0, "filter by external snapshots", .bits = VIRT_SNAP_EXTERNAL},
    [CURRENT] = {"current", OPT_BOOL, 0, "limit list to children of current snapshot", .excludes = "roots|from"},
    {NULL},
};
static const struct opt_def checkpoint_opts[] = {COMMON_ROWS("checkpoint"), {NULL}};

static const struct view_col snap_cols[] = {{"name", "Name"},
                                            {"creation_time", "Creation Time"},
                                            {"state", "State", .state = true},
                                            {"parent", "Parent"},
                                            {NULL}};
static const struct view_col snap_short[] = {
    {"name", "Name"}, {"creation_time", "Creation Time"}, {"state", "State", .state = true}, {NULL}};
static const struct view_col checkpoint_cols[] = {
    {"name", "Name"}, {"creation_time", "Creation Time"}, {"parent", "Parent"}, {NULL}};
static const struct view_col checkpoint_short[] = {{"name", "Name"}, {"creation_time", "Creation Time"}, {NULL}};
static const struct view_col name_cols[] = {{"name", "Name"}, {NULL}};

static const struct view tree_view = {VIEW_CUSTOM, .render = tree_render};
static const struct view name_view = {VIEW_LINES, name_cols};

// A tree begins with the one whose descendants it shows.
static void put_root(json_t *rows, const char *from)
{
    json_array_insert_new(rows, 0, json_pack("{s:o, s:n}", "name", json_text(from), "parent"));
}

static void finish(struct cmd_call *c, json_t *rows, const char *kind)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        time_t t = (time_t)json_integer_value(json_object_get(row, "time"));
        struct tm tm;
        char text[64] = "";
        if (localtime_r(&t, &tm))
            strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &tm);
        json_object_set_new(row, "creation_time", json_text(text));
        json_object_del(row, "xml");
        snapshot_seen(c, c->vals[DOMAIN].dom, kind, json_text_at(row, "name"));
    }
    c->result = rows;
}

static int run(struct cmd_call *c, bool checkpoints, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    bool current = !checkpoints && c->vals[CURRENT].b;
    _cleanup_free_ char *current_name = NULL;
    unsigned filter = cmd_bits(c);
    json_t *rows;
    if (current && virt_snap_current(dom, &current_name, e) < 0)
        return -1;
    if (current && !current_name)
        return err_set(e, ERR_NOT_FOUND, "domain '%s' has no current snapshot", virt_dom_name(dom));
    const char *from = current ? current_name : c->vals[FROM].s;
    if (from && c->vals[DESCENDANTS].b)
        filter |= VIRT_SNAP_DESCENDANTS;
    if ((checkpoints ? virt_checkpoint_list : virt_snap_list)(dom, from, filter, &rows, e) < 0)
        return -1;
    finish(c, rows, checkpoints ? "checkpoint" : "snapshot");
    if (c->vals[TREE].b) {
        c->view = &tree_view;
        if (from)
            put_root(rows, from);
    } else if (c->vals[NAME].b) {
        c->view = &name_view;
    }
    return 0;
}

static int run_snapshots(struct cmd_call *c, struct err *e)
{
    static const struct view with_parent = {VIEW_TABLE, snap_cols};
    if (c->vals[PARENT].b)
        c->view = &with_parent;
    return run(c, false, e);
}

static int run_checkpoints(struct cmd_call *c, struct err *e)
{
    static const struct view with_parent = {VIEW_TABLE, checkpoint_cols};
    if (c->vals[PARENT].b)
        c->view = &with_parent;
    return run(c, true, e);
}

const struct cmd_def cmd_checkpoint_list = {
    .name = "checkpoint-list",
    .group = "Snapshots",
    .summary = "list checkpoints for a domain",
    .example = "checkpoint-list share --tree",
    .opts = checkpoint_opts,
    .flags = CMD_CONN | CMD_READS,
    .view = {VIEW_TABLE, checkpoint_short, .empty = "no checkpoints: checkpoint-create DOMAIN FILE makes one"},
    .run = run_checkpoints};

const struct cmd_def cmd_snapshot_list = {
    .name = "snapshot-list",
    .group = "Snapshots",
    .summary = "list snapshots for a domain",
    .example = "snapshot-list share --parent\nsnapshot-list share --tree",
    .opts = snap_opts,
    .flags = CMD_CONN | CMD_READS,
    .view = {VIEW_TABLE, snap_short, .empty = "no snapshots: snapshot-create-as DOMAIN NAME makes one"},
    .run = run_snapshots};
