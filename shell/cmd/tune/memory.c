// SPDX-License-Identifier: GPL-3.0-or-later
// How much memory a domain has, and may have.
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "cmd/tune/tune.h"
#include "io/virt/vcpu.h"

enum { DOMAIN, SIZE, CONFIG, LIVE, CURRENT };

#define SIZE_ROWS(text)                                                                                                \
    [DOMAIN] = DOMAIN_ROW,                                                                                             \
    [SIZE] = {"size", OPT_SIZE, OPTF_POS | OPTF_REQ, text ", as scaled integer (default KiB)", .unit_bytes = 1024},    \
    TUNE_AFFECT_ROWS, {NULL},
static const struct opt_def mem_opts[] = {SIZE_ROWS("new memory size")};
static const struct opt_def max_opts[] = {SIZE_ROWS("new maximum memory size")};

static int set(struct cmd_call *c, bool maximum, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    unsigned long kib = c->vals[SIZE].bytes / 1024;
    if (!kib)
        return err_set(e, ERR_USAGE, "--size: a domain needs memory");
    if (virt_dom_set_memory(dom, kib, maximum, maximum ? cmd_bits(c) : device_affects(c), e) < 0)
        return maximum ? domain_failed(dom, "set the maximum memory of",
                                       "the maximum changes at the next start: --config", e)
                       : tune_failed(dom, "set the memory of", e);
    return tune_done(c);
}

static int run_mem(struct cmd_call *c, struct err *e)
{
    return set(c, false, e);
}

static int run_max(struct cmd_call *c, struct err *e)
{
    return set(c, true, e);
}

const struct cmd_def cmd_setmem = {
    .name = "setmem",
    .group = "Tuning",
    .summary = "change memory allocation",
    .help = "The running guest gives memory back by its balloon, or gets it again, up to its maximum (setmaxmem).",
    .example = "setmem share 2G\nsetmem share 2097152 --config --live",
    .opts = mem_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE},
    .run = run_mem};

const struct cmd_def cmd_setmaxmem = {.name = "setmaxmem",
                                      .group = "Tuning",
                                      .summary = "change maximum memory limit",
                                      .help = "What setmem may give, at most, from the domain's next start on.",
                                      .example = "setmaxmem share 4G --config",
                                      .opts = max_opts,
                                      .flags = CMD_CONN,
                                      .view = {VIEW_NONE},
                                      .run = run_max};
