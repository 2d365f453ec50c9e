// SPDX-License-Identifier: GPL-3.0-or-later
// What a guest says of itself: its name, its system, its processors; and which of these it uses.
#include <inttypes.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/printable.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/engine/render.h"
#include "cmd/rows.h"
#include "io/virt/agent.h"

enum { DOMAIN };

enum { SOURCE = DOMAIN + 1 };
static const char *const sources[] = {"lease", "agent", NULL}; // bits 1 and 2: enum virt_hostname_source
static const struct opt_def name_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [SOURCE] = {"source", OPT_ENUM, OPTF_POS, "address source: 'lease' or 'agent'", .choices = sources},
    {NULL},
};

static int run_name(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *name = NULL;
    const char *from = c->vals[SOURCE].s;
    unsigned source = !from ? 0 : *from == 'l' ? VIRT_HOSTNAME_LEASE : VIRT_HOSTNAME_AGENT;
    if (virt_dom_hostname(c->vals[DOMAIN].dom, source, &name, e) < 0)
        return domain_failed(c->vals[DOMAIN].dom, "get the hostname of", NULL, e);
    c->result = json_text(name);
    return 0;
}

enum { USER = DOMAIN + 1, OS, TIMEZONE, HOSTNAME, FILESYSTEM, DISK, INTERFACE };
static const struct opt_def info_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [USER] = {"user", OPT_BOOL, 0, "report active users", .bits = VIRT_GUEST_USERS},
    [OS] = {"os", OPT_BOOL, 0, "report operating system information", .bits = VIRT_GUEST_OS},
    [TIMEZONE] = {"timezone", OPT_BOOL, 0, "report timezone information", .bits = VIRT_GUEST_TIMEZONE},
    [HOSTNAME] = {"hostname", OPT_BOOL, 0, "report hostname", .bits = VIRT_GUEST_HOSTNAME},
    [FILESYSTEM] = {"filesystem", OPT_BOOL, 0, "report filesystem information", .bits = VIRT_GUEST_FILESYSTEM},
    [DISK] = {"disk", OPT_BOOL, 0, "report disk information", .bits = VIRT_GUEST_DISKS},
    [INTERFACE] = {"interface", OPT_BOOL, 0, "report interface information", .bits = VIRT_GUEST_INTERFACES},
    {NULL},
};

static int run_info(struct cmd_call *c, struct err *e)
{
    if (virt_guest_info(c->vals[DOMAIN].dom, cmd_bits(c), &c->result, e) < 0)
        return domain_failed(c->vals[DOMAIN].dom, "get information of the guest of", NULL, e);
    return 0;
}

enum { CPULIST = DOMAIN + 1, ENABLE, DISABLE };
static const struct opt_def vcpus_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [CPULIST] = {"cpulist", OPT_STRING, OPTF_POS, "list of cpus to enable or disable", .needs = "enable|disable"},
    [ENABLE] = {"enable", OPT_BOOL, 0, "enable cpus specified by cpulist", .needs = "cpulist", .excludes = "disable"},
    [DISABLE] = {"disable", OPT_BOOL, 0, "disable cpus specified by cpulist", .needs = "cpulist"},
    {NULL},
};
static const struct view quiet = {VIEW_NONE};

static int run_vcpus(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    if (c->vals[CPULIST].s) {
        if (virt_guest_set_vcpus(dom, c->vals[CPULIST].s, c->vals[ENABLE].b, e) < 0)
            return domain_failed(dom, "set the processors in use by", NULL, e);
        domain_result(c, dom);
        c->view = &quiet;
        return 0;
    }
    return virt_guest_vcpus(dom, &c->result, e) < 0 ? domain_failed(dom, "get the processors in use by", NULL, e) : 0;
}

// A name of the guest's own choice is a field of one line, whatever is in it.
static void render_name(const json_t *value, struct buf *out)
{
    buf_add_line(out, json_string_value(value));
    buf_addc(out, '\n');
}

static void render_info(const json_t *value, struct buf *out)
{
    render_members(value, 20, out);
}

static void render_vcpus(const json_t *value, struct buf *out)
{
    render_members(value, 15, out);
}

const struct cmd_def cmd_domhostname = {
    .name = "domhostname",
    .group = "Domains",
    .summary = "print the domain's hostname",
    .help = "As its agent says (agent), or as it called itself when it got its address from a network here (lease).",
    .example = "domhostname share --source agent",
    .opts = name_opts,
    .flags = CMD_CONN | CMD_READS,
    .view = {VIEW_CUSTOM, .render = render_name},
    .run = run_name};

const struct cmd_def cmd_guestinfo = {
    .name = "guestinfo",
    .group = "Domains",
    .summary = "query information about the guest (via agent)",
    .help = "All that the agent tells, or only what is asked for: then what it does not know is an error.",
    .example = "guestinfo share\nguestinfo share --os --filesystem",
    .opts = info_opts,
    .flags = CMD_CONN | CMD_READS,
    .view = {VIEW_CUSTOM, .render = render_info},
    .run = run_info};

const struct cmd_def cmd_guestvcpus = {.name = "guestvcpus",
                                       .group = "Domains",
                                       .summary = "query or modify state of vcpu in the guest (via agent)",
                                       .help = "Which processors the guest uses, of those that it has.",
                                       .example = "guestvcpus share\nguestvcpus share --cpulist 1-3 --disable",
                                       .opts = vcpus_opts,
                                       .flags = CMD_CONN,
                                       .view = {VIEW_CUSTOM, .render = render_vcpus},
                                       .run = run_vcpus};
