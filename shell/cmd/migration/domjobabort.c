// SPDX-License-Identifier: GPL-3.0-or-later
// Abort a domain's job.
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "io/virt/migrate.h"

enum { DOMAIN, POSTCOPY };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [POSTCOPY] = {"postcopy", OPT_BOOL, 0, "interrupt a post-copy migration; it must be resumed later"},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    return virt_job_abort(c->vals[DOMAIN].dom, c->vals[POSTCOPY].b, e);
}

const struct cmd_def cmd_domjobabort = {
    .name = "domjobabort",
    .group = "Migration",
    .summary = "abort active domain job",
    .help = "Ends what runs on the domain: a migration is undone and the guest goes on where it was.\n"
            "--postcopy stops a migration in post-copy: the guest is paused, split between both hosts, until the\n"
            "migration is taken up again with --postcopy-resume.",
    .example = "domjobabort busy",
    .opts = opts,
    .flags = CMD_CONN,
    .run = run};
