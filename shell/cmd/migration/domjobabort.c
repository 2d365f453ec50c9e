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
    .help =
        "Ends what runs on the domain: a migration is undone and the guest goes on where it was.\n"
        "--postcopy breaks off a migration in post-copy: the guest stays split between both hosts until it is taken\n"
        "up again, that of live-migrate by resume ID, that of migrate by --postcopy-resume. Do so only once the guest\n"
        "answers at the destination: right at the switch QEMU's monitor there may wait for memory that is still on\n"
        "the source, and libvirt cannot take the migration up again (explain post-copy).",
    .example = "domjobabort busy\ndomjobabort busy@source --postcopy",
    .opts = opts,
    .flags = CMD_CONN,
    .run = run};
