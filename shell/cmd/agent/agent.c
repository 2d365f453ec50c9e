// SPDX-License-Identifier: GPL-3.0-or-later
// What a guest's agent is asked for: its clock, its free space; and how long it may take.
#include "io/virt/agent.h"

#include <limits.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cmd/commands.h"
#include "cmd/rows.h"

enum { TIME_DOMAIN, TIME_NOW, TIME_PRETTY, TIME_SYNC, TIME_TIME };

static const struct opt_def time_opts[] = {
    [TIME_DOMAIN] = DOMAIN_ROW,
    [TIME_NOW] = {"now", OPT_BOOL, 0, "set to the time of the host running migsh", .excludes = "sync|time"},
    [TIME_PRETTY] = {"pretty", OPT_BOOL, 0, "print domain's time in human readable form", .excludes = "now|sync|time"},
    [TIME_SYNC] = {"sync", OPT_BOOL, 0, "instead of setting given time, synchronize from domain's RTC",
                   .excludes = "time"},
    [TIME_TIME] = {"time", OPT_INT, OPTF_POS, "time to set, in seconds since 1970", .max = LONG_MAX},
    {NULL},
};

static void render_time(const json_t *value, struct buf *out)
{
    buf_addf(out, "Time: %lld\n", (long long)json_integer_value(json_object_get(value, "seconds")));
}

static void render_pretty(const json_t *value, struct buf *out)
{
    time_t s = (time_t)json_integer_value(json_object_get(value, "seconds"));
    struct tm tm;
    char text[64];
    if (gmtime_r(&s, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm))
        buf_addf(out, "Time: %s\n", text);
    else
        render_time(value, out);
}

static const struct view time_view = {VIEW_CUSTOM, .render = render_time};
static const struct view pretty_view = {VIEW_CUSTOM, .render = render_pretty};

static int run_time(struct cmd_call *c, struct err *e)
{
    enum { NS = 1000000000 };
    struct virt_dom *dom = c->vals[TIME_DOMAIN].dom;
    long long s;
    unsigned ns;
    if (c->vals[TIME_SYNC].b)
        return virt_agent_sync_time(dom, e);
    if (c->vals[TIME_TIME].given)
        return virt_agent_set_time(dom, c->vals[TIME_TIME].i, 0, e);
    if (c->vals[TIME_NOW].b) {
        int64_t now = clock_real_ns();
        return virt_agent_set_time(dom, now / NS, (unsigned)(now % NS), e);
    }
    if (virt_agent_time(dom, &s, &ns, e) < 0)
        return -1;
    c->result = json_object();
    json_object_set_new(c->result, "seconds", json_integer(s));
    json_object_set_new(c->result, "nanoseconds", json_integer(ns));
    c->view = c->vals[TIME_PRETTY].b ? &pretty_view : &time_view;
    return 0;
}

enum { TRIM_DOMAIN, TRIM_MINIMUM, TRIM_MOUNTPOINT };

static const struct opt_def trim_opts[] = {
    [TRIM_DOMAIN] = DOMAIN_ROW,
    [TRIM_MINIMUM] = {"minimum", OPT_INT, OPTF_POS,
                      "just a hint to ignore contiguous free ranges smaller than this (Bytes)", .def = "0",
                      .max = LONG_MAX},
    [TRIM_MOUNTPOINT] = {"mountpoint", OPT_STRING, OPTF_POS, "which mount point to trim"},
    {NULL},
};

static int run_trim(struct cmd_call *c, struct err *e)
{
    return virt_agent_trim(c->vals[TRIM_DOMAIN].dom, c->vals[TRIM_MOUNTPOINT].s,
                           (unsigned long long)c->vals[TRIM_MINIMUM].i, e);
}

enum { WAIT_DOMAIN, WAIT_SECONDS };

static const struct opt_def wait_opts[] = {
    [WAIT_DOMAIN] = DOMAIN_ROW,
    [WAIT_SECONDS] = {"timeout", OPT_INT, 0, "timeout seconds; 0 does not wait, -1 is libvirt's default, -2 for ever",
                      .def = "-2", .min = -2, .max = INT_MAX},
    {NULL},
};

static int run_wait(struct cmd_call *c, struct err *e)
{
    return virt_agent_timeout(c->vals[WAIT_DOMAIN].dom, (int)c->vals[WAIT_SECONDS].i, e);
}

const struct cmd_def cmd_domtime = {
    .name = "domtime",
    .group = "Domains",
    .summary = "domain time",
    .help =
        "Gets or sets the domain's system time, by the agent inside the guest. --sync lets the guest set it by its\n"
        "own hardware clock, which goes by the host's.",
    .example = "domtime share --pretty\ndomtime share --sync",
    .opts = time_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE},
    .run = run_time};

const struct cmd_def cmd_domfstrim = {
    .name = "domfstrim",
    .group = "Domains",
    .summary = "invoke fstrim on domain's mounted filesystems",
    .help =
        "The agent inside the guest tells the disks which blocks hold nothing any more, so that images on hosts need\n"
        "less room: an image that was copied by a migration has them all.",
    .example = "domfstrim share\ndomfstrim share --mountpoint /var --minimum 1048576",
    .opts = trim_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE},
    .run = run_trim};

const struct cmd_def cmd_guest_agent_timeout = {
    .name = "guest-agent-timeout",
    .group = "Domains",
    .summary = "set the guest agent timeout",
    .help =
        "How many seconds libvirt waits for an answer of the agent inside the guest, until the guest stops or moves.\n"
        "Without --timeout for ever, as it is at first; but that there is an agent has to be seen within 5 seconds.",
    .example = "guest-agent-timeout share --timeout 5",
    .opts = wait_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE},
    .run = run_wait};
