// SPDX-License-Identifier: GPL-3.0-or-later
// Move a domain to another host. The rows are those of core/migrate/opts.h.
#include "core/migrate/migrate.h"

#include <string.h>

#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/migration/migrate_values.h"
#include "cmd/rows.h"
#include "core/guest/seen.h"
#include "io/virt/dom.h"

// A kind of core/migrate/opts.h as type and flags of an option row, and the largest number it takes.
#define ROW_FLAG OPT_BOOL, 0
#define ROW_SWITCH OPT_BOOL, 0
#define ROW_STRING OPT_STRING, OPTF_POS
#define ROW_LIST OPT_STRING, OPTF_POS | OPTF_LIST
#define ROW_FILE OPT_PATH, OPTF_POS
#define ROW_NUMBER OPT_INT, OPTF_POS
#define ROW_BIG OPT_INT, OPTF_POS
#define ROW_SECONDS OPT_INT, OPTF_POS
#define MAX_FLAG 0
#define MAX_SWITCH 0
#define MAX_STRING 0
#define MAX_LIST 0
#define MAX_FILE 0
#define MAX_NUMBER 0x7fffffff
#define MAX_BIG 0x7fffffffffffffffLL
#define MAX_SECONDS 2147483

enum { DOMAIN, DESTURI, FIRST_ROW, TUNNELED = FIRST_ROW + MIGRATE_OPT_COUNT, PART_OF };

static const char *const methods[] = {"mt", "xbzrle", "zlib", "zstd", NULL};

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [DESTURI] = {"desturi", OPT_URI, OPTF_POS | OPTF_REQ,
                 "a node, or the destination's libvirt URI as seen from here (with --p2p: from the source)"},
#define ROW(id, name, kind, target, ...) {name, ROW_##kind, __VA_ARGS__, .max = MAX_##kind},
    MIGRATE_OPTS(ROW)
#undef ROW
        [FIRST_ROW + MIGRATE_OPT_COMP_METHODS]
            .choices = methods,
    [FIRST_ROW + MIGRATE_OPT_MIGRATE_DISKS].of_domain = "disk",
    [TUNNELED] = {"tunneled", OPT_BOOL, OPTF_HIDDEN, "the same as --tunnelled"},
    [PART_OF] = {"part-of", OPT_STRING, OPTF_HIDDEN, "the journal of an undertaking of which this is a step"},
    {NULL},
};

void migrate_values(const struct cmd_call *c, struct migrate_value *values)
{
    for (size_t i = 0; i < MIGRATE_OPT_COUNT; i++) {
        const struct opt_val *v = &c->vals[FIRST_ROW + i];
        values[i] = (struct migrate_value){v->given, v->s, v->i};
    }
    values[MIGRATE_OPT_TUNNELLED].given |= c->vals[TUNNELED].given;
}

static int run(struct cmd_call *c, struct err *e)
{
    struct migrate_value values[MIGRATE_OPT_COUNT];
    migrate_values(c, values);
    struct migrate_plan plan;
    if (migrate_plan_make(values, &plan, e) < 0)
        return -1;
    struct migrate_request rq = {.ctx = c->ctx,
                                 .job = c->job,
                                 .dom = c->vals[DOMAIN].dom,
                                 .source = &c->where,
                                 .dest = &c->vals[DESTURI].target,
                                 .plan = &plan,
                                 .part_of = c->vals[PART_OF].s};
    int r = migrate_run(&rq, &c->result, e);
    if (r == 0 && rq.dest->node && !plan.only_tell && !(plan.flags & VIRT_MIGRATE_OFFLINE))
        seen_note(virt_dom_uuid(rq.dom), rq.dest->node->name, "active");
    migrate_plan_release(&plan);
    return r;
}

const struct cmd_def cmd_migrate = {
    .name = "migrate",
    .group = "Migration",
    .summary = "migrate domain to another host",
    .help =
        "Options are those of virsh, with the same meaning. The destination is a libvirt URI, or a node of the\n"
        "inventory. With a node whose address is a numeric one the memory stream goes to tcp://ADDRESS, so that the\n"
        "source need not be able to resolve the destination's name; a migrateuri of your own comes first.\n"
        "\n"
        "--copy-storage-all and --copy-storage-inc copy no disk that both hosts see already: libvirt would copy it "
        "onto\n"
        "itself. What they see is found out by ssh, disk by disk. One that --migrate-disks names and both see is\n"
        "refused, and so is one of which it cannot be told (a host that is neither a node nor reached by ssh, devices\n"
        "that hold the same): --migrate-disks without it leaves it where it is, --copy-storage-unchecked copies it.\n"
        "\n"
        "Ctrl-C, SIGTERM and domjobabort abort the migration: the guest goes on running on the source. Once in\n"
        "post-copy it cannot be aborted. Whenever a migration fails, both hosts are asked and it is said which one\n"
        "has the guest; nothing is destroyed, so what libvirt made on the destination for --copy-storage-* stays "
        "there.\n"
        "\n"
        "What it took is kept: log and report ID show it. A console that is killed meanwhile leaves an interrupted\n"
        "journal: libvirt has given it up, or goes on by itself (--p2p); cleanup DOMAIN shows where the guest is, and\n"
        "rollback ID --forget closes the journal. It keeps nothing else from beginning.",
    .example = "migrate share dest --live --verbose\n"
               "migrate --live --persistent --copy-storage-all local1 qemu+ssh://root@192.0.2.7/system\n"
               "migrate share qemu+ssh://192.0.2.7/system tcp://192.0.2.7 --live --verbose --unsafe",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "{summary}"},
    .run = run};
