// SPDX-License-Identifier: GPL-3.0-or-later
// The reset button, the NMI, sleep and waking of a running guest, signals to its processes, and what happens when it
// ends.
#include <limits.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "io/virt/dom.h"
#include "io/virt/steer.h"

enum { DOMAIN };
static const struct opt_def opts[] = {[DOMAIN] = DOMAIN_ROW, {NULL}};

static const char needs_running[] = "only a running guest can be asked for that";

static int run_on(struct cmd_call *c, const char *verb, int (*fn)(struct virt_dom *d, struct err *e), struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (fn(dom, e) < 0)
        return domain_failed_off(dom, verb, needs_running, e);
    domain_result(c, dom);
    return 0;
}

static int run_reset(struct cmd_call *c, struct err *e)
{
    return run_on(c, "reset", virt_dom_reset, e);
}

static int run_nmi(struct cmd_call *c, struct err *e)
{
    return run_on(c, "inject an NMI into", virt_dom_nmi, e);
}

static int run_wake(struct cmd_call *c, struct err *e)
{
    return run_on(c, "wake up", virt_dom_wake, e);
}

enum { TARGET = DOMAIN + 1, DURATION };
static const struct opt_def sleep_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [TARGET] = {"target", OPT_ENUM, OPTF_POS | OPTF_REQ, "mem (suspend to RAM), disk, or hybrid",
                .choices = virt_sleeps},
    [DURATION] = {"duration", OPT_INT, OPTF_POS, "duration in seconds", .def = "0", .max = LONG_MAX},
    {NULL},
};

static int run_sleep(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (virt_dom_sleep(dom, c->vals[TARGET].s, (unsigned long long)c->vals[DURATION].i, e) < 0)
        return domain_failed_off(dom, "suspend", needs_running, e);
    domain_result(c, dom);
    return 0;
}

enum { TYPE = DOMAIN + 1, ACTION, AFFECT };
static const struct opt_def end_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [TYPE] = {"type", OPT_ENUM, OPTF_POS | OPTF_REQ, "lifecycle type to modify", .choices = virt_ends},
    [ACTION] = {"action", OPT_ENUM, OPTF_POS | OPTF_REQ, "lifecycle action to set", .choices = virt_end_actions},
    [AFFECT] = AFFECT_CURRENT_ROWS,
    {NULL},
};

static int run_end(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (virt_dom_set_end(dom, c->vals[TYPE].s, c->vals[ACTION].s, cmd_bits(c), e) < 0)
        return domain_failed(dom, "set what happens at the end of", NULL, e);
    domain_result(c, dom);
    return 0;
}

enum { PID = DOMAIN + 1, SIGNAME };
static const struct opt_def signal_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [PID] = {"pid", OPT_INT, OPTF_POS | OPTF_REQ, "the process ID", .min = INT_MIN, .max = INT_MAX},
    [SIGNAME] = {"signame", OPT_STRING, OPTF_POS | OPTF_REQ, "the signal number or name"},
    {NULL},
};

static int run_signal(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    unsigned signal;
    if (virt_signal(c->vals[SIGNAME].s, &signal, e) < 0)
        return -1;
    if (virt_dom_signal(dom, c->vals[PID].i, signal, e) < 0)
        return domain_failed_off(dom, "send a signal to a process of", needs_running, e);
    domain_result(c, dom);
    return 0;
}

const struct cmd_def cmd_reset = {
    .name = "reset",
    .group = "Domains",
    .summary = "reset a domain",
    .help = "As by the reset button: the guest is not asked, and what it has not written yet is lost. reboot asks it.",
    .example = "reset share",
    .opts = opts,
    .flags = CMD_CONN | CMD_DESTROYS,
    .view = {VIEW_NONE, .message = "Domain '{name}' was reset"},
    .run = run_reset};

const struct cmd_def cmd_inject_nmi = {
    .name = "inject-nmi",
    .group = "Domains",
    .summary = "inject NMI to the guest",
    .help = "Many systems take it as the order to write a dump of their memory and stop.",
    .example = "inject-nmi share",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE},
    .run = run_nmi};

const struct cmd_def cmd_dompmsuspend = {
    .name = "dompmsuspend",
    .group = "Domains",
    .summary = "suspend a domain gracefully using power management functions",
    .help =
        "The agent inside the guest puts it to sleep; dompmwakeup wakes it. suspend stops a guest unasked. With disk\n"
        "the guest writes its memory to its own disk and shuts off.",
    .example = "dompmsuspend share mem",
    .opts = sleep_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Domain '{name}' successfully suspended"},
    .run = run_sleep};

const struct cmd_def cmd_dompmwakeup = {.name = "dompmwakeup",
                                        .group = "Domains",
                                        .summary = "wakeup a domain from pmsuspended state",
                                        .example = "dompmwakeup share",
                                        .opts = opts,
                                        .flags = CMD_CONN,
                                        .view = {VIEW_NONE, .message = "Domain '{name}' successfully woken up"},
                                        .run = run_wake};

const struct cmd_def cmd_set_lifecycle_action = {.name = "set-lifecycle-action",
                                                 .group = "Domains",
                                                 .summary = "change lifecycle actions",
                                                 .help = "What is done when the guest powers off, reboots or crashes.",
                                                 .example =
                                                     "set-lifecycle-action share crash coredump-restart --config",
                                                 .opts = end_opts,
                                                 .flags = CMD_CONN,
                                                 .view = {VIEW_NONE},
                                                 .run = run_end};

const struct cmd_def cmd_send_process_signal = {
    .name = "send-process-signal",
    .group = "Domains",
    .summary = "send signals to processes",
    .help = "Of containers: QEMU's driver cannot. A number, or a name with or without SIG.",
    .example = "send-process-signal share 1 sigterm",
    .opts = signal_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE},
    .run = run_signal};
