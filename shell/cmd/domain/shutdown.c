// SPDX-License-Identifier: GPL-3.0-or-later
// Stopping: shutdown and reboot ask the guest, destroy does not.
#include <string.h>

#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "io/virt/lifecycle.h"

enum { DOMAIN, MODE, GRACEFUL = MODE, REMOVE_LOGS };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [MODE] = {"mode", OPT_STRING, OPTF_POS, "how: acpi|agent|initctl|signal|paravirt, or several with commas between"},
    {NULL},
};

static const struct opt_def destroy_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [GRACEFUL] = {"graceful", OPT_BOOL, 0, "terminate gracefully", .bits = VIRT_DESTROY_GRACEFUL},
    [REMOVE_LOGS] = {"remove-logs", OPT_BOOL, 0, "remove domain logs", .bits = VIRT_DESTROY_REMOVE_LOGS},
    {NULL},
};

static const struct {
    const char *name;
    unsigned bit;
} modes[] = {
    {"acpi", VIRT_STOP_ACPI},     {"agent", VIRT_STOP_AGENT},       {"initctl", VIRT_STOP_INITCTL},
    {"signal", VIRT_STOP_SIGNAL}, {"paravirt", VIRT_STOP_PARAVIRT},
};

static int parse_modes(const struct opt_val *v, unsigned *ret, struct err *e)
{
    *ret = 0;
    if (!v->s)
        return 0;
    _cleanup_strv_ struct strv words = STRV_INIT;
    strv_split(&words, v->s, ',');
    for (size_t i = 0; i < words.n; i++) {
        size_t k = 0;
        while (k < ARRAY_SIZE(modes) && strcmp(modes[k].name, words.s[i]) != 0)
            k++;
        if (k == ARRAY_SIZE(modes))
            return err_set(e, ERR_USAGE, "--mode: '%s' is not one of acpi, agent, initctl, signal, paravirt",
                           words.s[i]);
        *ret |= modes[k].bit;
    }
    return words.n ? 0 : err_set(e, ERR_USAGE, "--mode is empty");
}

static int run_shutdown(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    unsigned how;
    if (parse_modes(&c->vals[MODE], &how, e) < 0)
        return -1;
    if (virt_dom_shutdown(dom, how, e) < 0)
        return domain_failed(dom, "shutdown", "it is not running, or does not listen: domstate tells", e);
    domain_result(c, dom);
    return 0;
}

static int run_reboot(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    unsigned how;
    if (parse_modes(&c->vals[MODE], &how, e) < 0)
        return -1;
    if (virt_dom_reboot(dom, how, e) < 0)
        return domain_failed(dom, "reboot", "start boots a domain that is shut off", e);
    domain_result(c, dom);
    return 0;
}

static int run_destroy(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (virt_dom_destroy(dom, cmd_bits(c), e) < 0)
        return domain_failed(dom, "destroy", "nothing runs; undefine removes the definition", e);
    domain_result(c, dom);
    return 0;
}

const struct cmd_def cmd_destroy = {.name = "destroy",
                                    .group = "Domains",
                                    .summary = "destroy (stop) a domain",
                                    .help = "As pulling the plug; its definition and its disks stay.",
                                    .example = "destroy share",
                                    .opts = destroy_opts,
                                    .flags = CMD_CONN | CMD_DESTROYS,
                                    .view = {VIEW_NONE, .message = "Domain '{name}' destroyed"},
                                    .run = run_destroy};

const struct cmd_def cmd_reboot = {.name = "reboot",
                                   .group = "Domains",
                                   .summary = "reboot a domain",
                                   .example = "reboot share --mode agent",
                                   .opts = opts,
                                   .flags = CMD_CONN,
                                   .view = {VIEW_NONE, .message = "Domain '{name}' is being rebooted"},
                                   .run = run_reboot};

const struct cmd_def cmd_shutdown = {.name = "shutdown",
                                     .group = "Domains",
                                     .summary = "gracefully shutdown a domain",
                                     .help = "Asks the guest and does not wait for it: domstate or event tell.",
                                     .example = "shutdown share --mode acpi",
                                     .opts = opts,
                                     .flags = CMD_CONN,
                                     .view = {VIEW_NONE, .message = "Domain '{name}' is being shutdown"},
                                     .run = run_shutdown};
