// SPDX-License-Identifier: GPL-3.0-or-later
// Switch a running migration to post-copy.
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "io/virt/migrate.h"

enum { DOMAIN };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    return virt_migrate_start_postcopy(c->vals[DOMAIN].dom, e);
}

const struct cmd_def cmd_migrate_postcopy = {
    .name = "migrate-postcopy",
    .group = "Migration",
    .summary = "switch running migration from pre-copy to post-copy",
    .help = "The migration must have been started with --postcopy. The guest goes on at the destination at once and\n"
            "fetches its memory as it touches it; from then on the migration cannot be aborted.",
    .example = "migrate-postcopy busy",
    .opts = opts,
    .flags = CMD_CONN,
    .run = run};
