// SPDX-License-Identifier: GPL-3.0-or-later
// A request of the operator's to a guest's agent, in QEMU's protocol for agents.
#include <limits.h>

#include "base/buf.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "io/virt/agent.h"

enum { DOMAIN, TIMEOUT, ASYNC, BLOCK, PRETTY, CMD };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [TIMEOUT] = {"timeout", OPT_INT, 0, "timeout seconds", .min = 1, .max = INT_MAX, .excludes = "async|block"},
    [ASYNC] = {"async", OPT_BOOL, 0, "execute command without waiting for timeout", .excludes = "block"},
    [BLOCK] = {"block", OPT_BOOL, 0, "execute command without timeout"},
    [PRETTY] = {"pretty", OPT_BOOL, 0, "pretty-print the output"},
    [CMD] = {"cmd", OPT_STRING, OPTF_POS | OPTF_REQ | OPTF_MULTI, "command, in JSON"},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    enum { NO_WAITING = 0, DEFAULT = -1 };
    const struct strv *words = &c->vals[CMD].list;
    _cleanup_buf_ struct buf command = BUF_INIT;
    _cleanup_free_ char *answer = NULL;
    int timeout = c->vals[TIMEOUT].given ? (int)c->vals[TIMEOUT].i
                  : c->vals[ASYNC].b     ? NO_WAITING
                  : c->vals[BLOCK].b     ? VIRT_AGENT_NO_LIMIT
                                         : DEFAULT;
    for (size_t i = 0; i < words->n; i++)
        buf_addf(&command, "%s%s", i ? " " : "", words->s[i]);
    if (virt_agent_command(c->vals[DOMAIN].dom, buf_str(&command), timeout, &answer, e) < 0)
        return domain_failed_off(c->vals[DOMAIN].dom, "ask the agent of", "only a running guest has one", e);
    json_error_t why;
    json_auto_t *value = c->vals[PRETTY].b ? json_loads(answer, 0, &why) : NULL;
    _cleanup_free_ char *pretty = value ? json_dump_printable(value, JSON_INDENT(2)) : NULL;
    c->result = json_text(pretty ? pretty : answer);
    return 0;
}

const struct cmd_def cmd_qemu_agent_command = {
    .name = "qemu-agent-command",
    .group = "Domains",
    .summary = "QEMU Guest Agent Command",
    .help = "What is typed goes to the agent as it is; use at your own risk. What it answers is the guest's word.",
    .example = "qemu-agent-command share '{\"execute\":\"guest-info\"}' --pretty",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_TEXT},
    .run = run};
