// SPDX-License-Identifier: GPL-3.0-or-later
// The bandwidth that a migration may use: set it, read it.
#include <limits.h>

#include "cmd/commands.h"
#include "cmd/rows.h"
#include "io/virt/migrate.h"

enum { SET_DOMAIN, SET_BANDWIDTH, SET_POSTCOPY };

static const struct opt_def set_opts[] = {
    [SET_DOMAIN] = DOMAIN_ROW,
    [SET_BANDWIDTH] = {"bandwidth", OPT_INT, OPTF_POS | OPTF_REQ, "limit in MiB/s", .max = LONG_MAX},
    [SET_POSTCOPY] = {"postcopy", OPT_BOOL, 0, "set the limit of post-copy"},
    {NULL},
};

static int run_set(struct cmd_call *c, struct err *e)
{
    return virt_migrate_set_speed(c->vals[SET_DOMAIN].dom, (unsigned long)c->vals[SET_BANDWIDTH].i,
                                  c->vals[SET_POSTCOPY].b, e);
}

const struct cmd_def cmd_migrate_setspeed = {
    .name = "migrate-setspeed",
    .group = "Migration",
    .summary = "set the maximum migration bandwidth",
    .help = "Takes effect at once on a migration under way, and on later ones of the same running domain.",
    .example = "migrate-setspeed busy 32\nmigrate-setspeed busy 100 --postcopy",
    .opts = set_opts,
    .flags = CMD_CONN,
    .run = run_set};

enum { GET_DOMAIN, GET_POSTCOPY };

static const struct opt_def get_opts[] = {
    [GET_DOMAIN] = DOMAIN_ROW,
    [GET_POSTCOPY] = {"postcopy", OPT_BOOL, 0, "get the limit of post-copy"},
    {NULL},
};

static int run_get(struct cmd_call *c, struct err *e)
{
    unsigned long mib_s;
    if (virt_migrate_get_speed(c->vals[GET_DOMAIN].dom, c->vals[GET_POSTCOPY].b, &mib_s, e) < 0)
        return -1;
    c->result = json_integer((json_int_t)mib_s);
    return 0;
}

const struct cmd_def cmd_migrate_getspeed = {.name = "migrate-getspeed",
                                             .group = "Migration",
                                             .summary = "get the maximum migration bandwidth, in MiB/s",
                                             .help = "8796093022207 is libvirt's way to say that there is no limit.",
                                             .example = "migrate-getspeed busy",
                                             .opts = get_opts,
                                             .flags = CMD_CONN,
                                             .view = {VIEW_TEXT},
                                             .run = run_get};
