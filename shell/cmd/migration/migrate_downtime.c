// SPDX-License-Identifier: GPL-3.0-or-later
// The downtime that a live migration may cost: set it, read it.
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "io/virt/migrate.h"

enum { DOMAIN, DOWNTIME };

static const struct opt_def set_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [DOWNTIME] = {"downtime", OPT_DURATION, OPTF_POS | OPTF_REQ, "largest downtime to aim at; a bare number is in ms",
                  .unit = "ms"},
    {NULL},
};

static int run_set(struct cmd_call *c, struct err *e)
{
    double ms = c->vals[DOWNTIME].ms;
    if (ms < 1)
        return err_set(e, ERR_USAGE, "--downtime: '%s' is less than 1 ms", c->vals[DOWNTIME].s);
    return virt_migrate_set_downtime(c->vals[DOMAIN].dom, (unsigned long long)(ms + 0.5), e);
}

const struct cmd_def cmd_migrate_setmaxdowntime = {
    .name = "migrate-setmaxdowntime",
    .group = "Migration",
    .summary = "set maximum tolerable downtime",
    .help = "For a domain that is being migrated now, or will be: QEMU switches over as soon as it expects to need no\n"
            "longer than this for the rest. 300 ms unless set.",
    .example = "migrate-setmaxdowntime busy 800\nmigrate-setmaxdowntime busy 1.5s",
    .opts = set_opts,
    .flags = CMD_CONN,
    .run = run_set};

static const struct opt_def get_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    {NULL},
};

static int run_get(struct cmd_call *c, struct err *e)
{
    unsigned long long ms;
    if (virt_migrate_get_downtime(c->vals[DOMAIN].dom, &ms, e) < 0)
        return -1;
    c->result = json_integer((json_int_t)ms);
    return 0;
}

const struct cmd_def cmd_migrate_getmaxdowntime = {.name = "migrate-getmaxdowntime",
                                                   .group = "Migration",
                                                   .summary = "get maximum tolerable downtime, in milliseconds",
                                                   .example = "migrate-getmaxdowntime busy",
                                                   .opts = get_opts,
                                                   .flags = CMD_CONN,
                                                   .view = {VIEW_TEXT},
                                                   .run = run_get};
