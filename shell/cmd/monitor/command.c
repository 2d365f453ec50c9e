// SPDX-License-Identifier: GPL-3.0-or-later
// What an operator asks QEMU past libvirt.
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "io/virt/monitor.h"

enum { DOMAIN, HMP, PRETTY, VALUE, PASS_FDS, CMD };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [HMP] = {"hmp", OPT_BOOL, 0, "command is in human monitor protocol", .excludes = "pretty|return-value"},
    [PRETTY] = {"pretty", OPT_BOOL, 0, "pretty-print any qemu monitor protocol output"},
    [VALUE] = {"return-value", OPT_BOOL, 0, "extract the value of the 'return' key from the returned string"},
    [PASS_FDS] = {"pass-fds", OPT_STRING, 0, "pass file descriptors N,M,... along with the command"},
    [CMD] = {"cmd", OPT_STRING, OPTF_POS | OPTF_REQ | OPTF_MULTI, "command"},
    {NULL},
};

// As virsh shows it: the answer, or the value in it, on one line or on several.
static int show(struct cmd_call *c, const char *answer, struct err *e)
{
    bool value = c->vals[VALUE].b, pretty = c->vals[PRETTY].b;
    json_error_t why;
    json_auto_t *all = value || pretty ? json_loads(answer, 0, &why) : NULL;
    const json_t *shown = value ? json_object_get(all, "return") : all;
    if (value && !shown)
        return err_set(e, ERR_FAILED, "the answer has no 'return': %s", answer);
    _cleanup_free_ char *text =
        shown ? json_dump_printable(shown, JSON_ENCODE_ANY | (pretty ? JSON_INDENT(2) : JSON_COMPACT)) : NULL;
    c->result = json_text(text ? text : answer);
    return 0;
}

// As virsh reads them: words that are no JSON are a command of QEMU's and its arguments, {…} or members of that. What
// cannot be read goes on as it is, and libvirt says what is wrong with it. The caller frees.
static char *command_of(const struct strv *words, bool hmp)
{
    _cleanup_buf_ struct buf line = BUF_INIT, members = BUF_INIT;
    for (size_t i = 0; i < words->n; i++) {
        buf_addf(&line, "%s%s", i ? " " : "", words->s[i]);
        if (i)
            buf_addf(&members, "%s%s", i > 1 ? "," : "", words->s[i]);
    }
    json_auto_t *whole = hmp ? NULL : json_loads(buf_str(&line), 0, NULL), *wrapped = json_object();
    if (hmp || whole)
        return buf_steal(&line);
    json_object_set_new(wrapped, "execute", json_text(words->s[0]));
    if (words->n > 1) {
        bool object = words->n == 2 && *words->s[1] == '{';
        _cleanup_free_ char *text = object ? xstrdup(words->s[1]) : xasprintf("{%s}", buf_str(&members));
        json_t *arguments = json_loads(text, 0, NULL);
        if (!arguments)
            return buf_steal(&line);
        json_object_set_new(wrapped, "arguments", arguments);
    }
    return json_dumps(wrapped, JSON_COMPACT);
}

static int run(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    _cleanup_free_ char *command = command_of(&c->vals[CMD].list, c->vals[HMP].b), *answer = NULL;
    _cleanup_free_ int *fds = NULL;
    size_t n_fds = 0;
    if (c->vals[PASS_FDS].s && parse_fds(c->vals[PASS_FDS].s, &fds, &n_fds, e) < 0)
        return -1;
    if (virt_qemu_monitor(dom, command, c->vals[HMP].b, fds, n_fds, &answer, e) < 0)
        return domain_failed_off(dom, "ask the monitor of", "only a running guest has one", e);
    return show(c, answer, e);
}

const struct cmd_def cmd_qemu_monitor_command = {
    .name = "qemu-monitor-command",
    .group = "Domains",
    .summary = "QEMU Monitor Command",
    .help =
        "Past libvirt: what is changed so libvirt does not know, and it marks the guest as tainted (custom-monitor)\n"
        "for as long as it runs. The command is JSON, or QEMU's name of it with its arguments behind it, or with\n"
        "--hmp a line of QEMU's own words.\n"
        "\n"
        "For what concerns a migration libvirt has calls of its own; QEMU's words for these are understood at the\n"
        "prompt, with the guest's name behind them: info migrate (domjobinfo), migrate_cancel (domjobabort),\n"
        "migrate_set_downtime (migrate-setmaxdowntime, in seconds), migrate_set_speed (migrate-setspeed).",
    .example = "qemu-monitor-command share --hmp 'info migrate'\n"
               "qemu-monitor-command share --pretty '{\"execute\":\"query-status\"}'\n"
               "qemu-monitor-command share set_link '\"name\":\"net0\"' '\"up\":false'",
    .opts = opts,
    .flags = CMD_CONN,
    .view = {VIEW_TEXT},
    .run = run};
