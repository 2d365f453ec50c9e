// SPDX-License-Identifier: GPL-3.0-or-later
// Words of QEMU's monitor, as its documents have them, for a guest of libvirt's: each is done by the command that
// libvirt has for it, and said so. The guest's name stands where the monitor needs none.
#include <string.h>

#include "base/buf.h"
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "core/console/out.h"

enum { WORDS = CMD_CONN | CMD_HIDDEN | CMD_NO_SCRIPT };

// Runs the other command with its own values, which are lent.
static int run_as(struct cmd_call *c, const struct cmd_def *def, struct opt_val *vals, const char *line, struct err *e)
{
    struct cmd_call as = *c;
    out_notice(OUT_INFO, "libvirt's: %s", line);
    as.def = def;
    as.vals = vals;
    int r = def->run(&as, e);
    c->result = as.result;
    c->view = as.view ? as.view : &def->view;
    return r;
}

static size_t rows_of(const struct cmd_def *def)
{
    size_t n = 0;
    while (def->opts[n].name)
        n++;
    return n;
}

// `value` for the second row of the other command, whose first one is the guest; NULL: it has none.
static int map(struct cmd_call *c, size_t domain, const struct cmd_def *def, const struct opt_val *value,
               const char *as_typed, struct err *e)
{
    _cleanup_free_ struct opt_val *vals = xcalloc(rows_of(def), sizeof(*vals));
    vals[0] = c->vals[domain];
    if (value)
        vals[1] = *value;
    _cleanup_free_ char *line = xasprintf("%s %s%s%s", def->name, c->vals[domain].s, value ? " " : "", as_typed);
    return run_as(c, def, vals, line, e);
}

enum { WHAT, INFO_DOMAIN };
static const char *const infos[] = {"migrate", NULL};
static const struct opt_def info_opts[] = {
    [WHAT] = {"what", OPT_ENUM, OPTF_POS | OPTF_REQ, "migrate", .choices = infos},
    [INFO_DOMAIN] = DOMAIN_ROW,
    {NULL},
};

static int run_info(struct cmd_call *c, struct err *e)
{
    return map(c, INFO_DOMAIN, &cmd_domjobinfo, NULL, "", e);
}

enum { DOMAIN, VALUE };
static const struct opt_def cancel_opts[] = {[DOMAIN] = DOMAIN_ROW, {NULL}};

static int run_cancel(struct cmd_call *c, struct err *e)
{
    return map(c, DOMAIN, &cmd_domjobabort, NULL, "", e);
}

static const struct opt_def downtime_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [VALUE] = {"value", OPT_DURATION, OPTF_POS | OPTF_REQ, "maximum downtime; a bare number is in seconds",
               .unit = "s"},
    {NULL},
};

static int run_downtime(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *ms = xasprintf("%.0f", c->vals[VALUE].ms);
    return map(c, DOMAIN, &cmd_migrate_setmaxdowntime, &c->vals[VALUE], ms, e);
}

static const struct opt_def speed_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [VALUE] = {"value", OPT_SIZE, OPTF_POS | OPTF_REQ, "maximum speed a second; a bare number is in MiB",
               .unit_bytes = 1 << 20},
    {NULL},
};

static int run_speed(struct cmd_call *c, struct err *e)
{
    unsigned long long mib = c->vals[VALUE].bytes >> 20;
    if (!mib && c->vals[VALUE].bytes)
        return err_set(e, ERR_USAGE, "libvirt knows no speed below 1 MiB/s");
    _cleanup_free_ char *text = xasprintf("%llu", mib);
    const struct opt_val value = {.given = true, .i = (long long)mib, .s = text};
    return map(c, DOMAIN, &cmd_migrate_setspeed, &value, text, e);
}

const struct cmd_def cmd_info = {.name = "info",
                                 .group = "Domains",
                                 .summary = "QEMU's info migrate: domjobinfo",
                                 .example = "info migrate share",
                                 .opts = info_opts,
                                 .flags = WORDS | CMD_READS,
                                 .view = {VIEW_NONE},
                                 .run = run_info};

const struct cmd_def cmd_migrate_cancel = {.name = "migrate_cancel",
                                           .group = "Domains",
                                           .summary = "QEMU's migrate_cancel: domjobabort",
                                           .example = "migrate_cancel share",
                                           .opts = cancel_opts,
                                           .flags = WORDS,
                                           .view = {VIEW_NONE},
                                           .run = run_cancel};

const struct cmd_def cmd_migrate_set_downtime = {.name = "migrate_set_downtime",
                                                 .group = "Domains",
                                                 .summary = "QEMU's migrate_set_downtime: migrate-setmaxdowntime",
                                                 .example = "migrate_set_downtime share 0.1",
                                                 .opts = downtime_opts,
                                                 .flags = WORDS,
                                                 .view = {VIEW_NONE},
                                                 .run = run_downtime};

const struct cmd_def cmd_migrate_set_speed = {.name = "migrate_set_speed",
                                              .group = "Domains",
                                              .summary = "QEMU's migrate_set_speed: migrate-setspeed",
                                              .example = "migrate_set_speed share 100m",
                                              .opts = speed_opts,
                                              .flags = WORDS,
                                              .view = {VIEW_NONE},
                                              .run = run_speed};
