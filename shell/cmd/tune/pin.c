// SPDX-License-Identifier: GPL-3.0-or-later
// On which of the host's CPUs a domain's own, its emulator and its IOThreads run; IOThreads come, change and go.
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "cmd/tune/tune.h"
#include "io/virt/vcpu.h"

#define CPULIST_TEXT "host cpu number(s) to set, such as 0-3,^2, or r for all"
#define ONE_LIVE_ROW                                                                                                   \
    {                                                                                                                  \
        "live", OPT_BOOL, 0, "affect running domain", .bits = VIRT_AFFECT_LIVE, .excludes = "config"                   \
    }

static int pin(struct cmd_call *c, enum virt_pin what, unsigned id, const char *list, unsigned affect, struct err *e)
{
    struct virt_dom *dom = cmd_val(c, "domain")->dom;
    if (virt_dom_pin(dom, what, id, list, affect, e) < 0)
        return tune_failed(dom, "pin a thread of", e);
    return tune_done(c);
}

// ---- vcpupin, emulatorpin

enum { DOMAIN, VCPU, CPULIST, CONFIG, LIVE, CURRENT };
enum { EMULATOR_LIST = 1, EMULATOR_CONFIG, EMULATOR_LIVE, EMULATOR_CURRENT };

static const struct opt_def vcpu_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [VCPU] = {"vcpu", OPT_INT, OPTF_POS, "vcpu number", .min = 0, .max = 65535},
    [CPULIST] = {"cpulist", OPT_STRING, OPTF_POS, CPULIST_TEXT ", or omit option to query", .needs = "vcpu"},
    [CONFIG] = AFFECT_CONFIG_ROW,
    [LIVE] = ONE_LIVE_ROW,
    [CURRENT] = AFFECT_CURRENT_ROW,
    {NULL},
};
static const struct opt_def emulator_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [EMULATOR_LIST] = {"cpulist", OPT_STRING, OPTF_POS, CPULIST_TEXT ", or omit option to query"},
    [EMULATOR_CONFIG] = AFFECT_CONFIG_ROW,
    [EMULATOR_LIVE] = ONE_LIVE_ROW,
    [EMULATOR_CURRENT] = AFFECT_CURRENT_ROW,
    {NULL},
};
static const struct view_col vcpu_cols[] = {{"vcpu", "VCPU"}, {"affinity", "CPU Affinity"}, {NULL}};

static int run_vcpupin(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    const struct opt_val *vcpu = &c->vals[VCPU];
    json_auto_t *all = NULL;
    if (c->vals[CPULIST].given)
        return pin(c, VIRT_PIN_VCPU, (unsigned)vcpu->i, c->vals[CPULIST].s, device_affects(c), e);
    if (virt_dom_pins(dom, VIRT_PIN_VCPU, cmd_bits(c), &all, e) < 0)
        return tune_failed(dom, "get the pins of", e);
    if (!vcpu->given) {
        c->result = steal(&all);
        return 0;
    }
    json_t *one = json_array_get(all, (size_t)vcpu->i);
    if (!one)
        return err_set(e, ERR_USAGE, "--vcpu: domain '%s' has the CPUs 0 to %zu", virt_dom_name(dom),
                       json_array_size(all) - 1);
    c->result = json_pack("[O]", one);
    return 0;
}

const struct cmd_def cmd_vcpupin = {
    .name = "vcpupin",
    .group = "Tuning",
    .summary = "control or query domain vcpu affinity",
    .help =
        "Without a list of CPUs, the lists that there are are shown. A guest that is pinned to CPUs which a host has\n"
        "not cannot move there.",
    .example = "vcpupin share\nvcpupin share 0 2-3\nvcpupin share 0 r --config",
    .opts = vcpu_opts,
    .flags = CMD_CONN,
    .view = {VIEW_TABLE, vcpu_cols},
    .run = run_vcpupin};

static void render_emulator(const json_t *value, struct buf *out)
{
    buf_adds(out, "emulator: CPU Affinity\n----------------------------------\n       *: ");
    buf_adds(out, json_string_value(value));
    buf_addc(out, '\n');
}

static int run_emulatorpin(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    json_auto_t *all = NULL;
    if (c->vals[EMULATOR_LIST].given)
        return pin(c, VIRT_PIN_EMULATOR, 0, c->vals[EMULATOR_LIST].s, device_affects(c), e);
    if (virt_dom_pins(dom, VIRT_PIN_EMULATOR, cmd_bits(c), &all, e) < 0)
        return tune_failed(dom, "get the pin of", e);
    const char *list = json_text_at(json_array_get(all, 0), "affinity");
    c->result = json_text(list ? list : "");
    return 0;
}

const struct cmd_def cmd_emulatorpin = {.name = "emulatorpin",
                                        .group = "Tuning",
                                        .summary = "control or query domain emulator affinity",
                                        .example = "emulatorpin share\nemulatorpin share 0-1 --live",
                                        .opts = emulator_opts,
                                        .flags = CMD_CONN,
                                        .view = {VIEW_CUSTOM, .render = render_emulator},
                                        .run = run_emulatorpin};

// ---- IOThreads

enum { INFO_CONFIG = 1, INFO_LIVE, INFO_CURRENT };
enum { ID = 1, ID_CONFIG, ID_LIVE, ID_CURRENT };
enum { PIN_LIST = 2, PIN_CONFIG, PIN_LIVE, PIN_CURRENT };
enum { POLL_MAX = 2, POLL_GROW, POLL_SHRINK, POOL_MIN, POOL_MAX, SET_CONFIG, SET_LIVE, SET_CURRENT };

// Seen by iothreadinfo; of whichever domain.
static void complete_iothread(struct ctx *ctx, const char *prefix, struct strv *out)
{
    ctx_names(ctx, "iothread", NULL, prefix, out);
}

#define IOTHREAD_ROW(name, help)                                                                                       \
    {                                                                                                                  \
        name, OPT_INT, OPTF_POS | OPTF_REQ, help, .min = 1, .max = 0x7fffffff, .complete = complete_iothread           \
    }
#define NUMBER_ROW(name, help, least)                                                                                  \
    {                                                                                                                  \
        name, OPT_INT, OPTF_POS, help, .min = least, .max = 0x7fffffff                                                 \
    }
static const struct opt_def info_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [INFO_CONFIG] = AFFECT_CONFIG_ROW,
    [INFO_LIVE] = AFFECT_LIVE_ROW,
    [INFO_CURRENT] = AFFECT_CURRENT_ROW,
    {NULL},
};
static const struct opt_def iothreadpin_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [ID] = IOTHREAD_ROW("iothread", "IOThread ID number"),
    [PIN_LIST] = {"cpulist", OPT_STRING, OPTF_POS | OPTF_REQ, CPULIST_TEXT},
    [PIN_CONFIG] = AFFECT_CONFIG_ROW,
    [PIN_LIVE] = AFFECT_LIVE_ROW,
    [PIN_CURRENT] = AFFECT_CURRENT_ROW,
    {NULL},
};
#define ID_OPTS(help)                                                                                                  \
    {                                                                                                                  \
        [DOMAIN] = DOMAIN_ROW, [ID] = IOTHREAD_ROW("id", help), [ID_CONFIG] = AFFECT_CONFIG_ROW,                       \
        [ID_LIVE] = AFFECT_LIVE_ROW, [ID_CURRENT] = AFFECT_CURRENT_ROW, {NULL},                                        \
    }
static const struct opt_def add_opts[] = ID_OPTS("id for the new IOThread");
static const struct opt_def del_opts[] = ID_OPTS("id of the IOThread to delete");
static const struct opt_def set_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [ID] = IOTHREAD_ROW("id", "id of existing IOThread"),
    [POLL_MAX] = {"poll-max-ns", OPT_INT, OPTF_POS, "set the maximum IOThread polling time in ns", .min = 0,
                  .max = 0x7fffffffffffffffLL},
    [POLL_GROW] = NUMBER_ROW("poll-grow", "set the value to increase the IOThread polling time", 0),
    [POLL_SHRINK] = NUMBER_ROW("poll-shrink", "set the value for reduction of the IOThread polling time", 0),
    [POOL_MIN] = NUMBER_ROW("thread-pool-min", "lower boundary for worker thread pool", -1),
    [POOL_MAX] = NUMBER_ROW("thread-pool-max", "upper boundary for worker thread pool", -1),
    [SET_CONFIG] = AFFECT_CONFIG_ROW,
    [SET_LIVE] = AFFECT_LIVE_ROW,
    [SET_CURRENT] = AFFECT_CURRENT_ROW,
    {NULL},
};
static const struct view_col iothread_cols[] = {{"iothread", "IOThread ID"}, {"affinity", "CPU Affinity"}, {NULL}};

static int run_iothreadinfo(struct cmd_call *c, struct err *e)
{
    static const struct view none = {VIEW_NONE, .message = "No IOThreads found for the domain"};
    size_t i;
    json_t *v;
    if (virt_dom_pins(c->vals[DOMAIN].dom, VIRT_PIN_IOTHREAD, cmd_bits(c), &c->result, e) < 0)
        return tune_failed(c->vals[DOMAIN].dom, "get the IOThreads of", e);
    if (!json_array_size(c->result))
        c->view = &none;
    json_array_foreach(c->result, i, v)
    {
        _cleanup_free_ char *id = xasprintf("%lld", json_integer_value(json_object_get(v, "iothread")));
        ctx_names_add(c->ctx, "iothread", target_label(&c->where), id);
    }
    return 0;
}

static int run_iothreadpin(struct cmd_call *c, struct err *e)
{
    return pin(c, VIRT_PIN_IOTHREAD, (unsigned)c->vals[ID].i, c->vals[PIN_LIST].s, cmd_bits(c), e);
}

static int run_iothreadadd(struct cmd_call *c, struct err *e)
{
    if (virt_dom_iothread_add(c->vals[DOMAIN].dom, (unsigned)c->vals[ID].i, cmd_bits(c), e) < 0)
        return tune_failed(c->vals[DOMAIN].dom, "add an IOThread to", e);
    return tune_done(c);
}

static int run_iothreaddel(struct cmd_call *c, struct err *e)
{
    if (virt_dom_iothread_del(c->vals[DOMAIN].dom, (unsigned)c->vals[ID].i, cmd_bits(c), e) < 0)
        return tune_failed(c->vals[DOMAIN].dom, "delete an IOThread of", e);
    return tune_done(c);
}

static int run_iothreadset(struct cmd_call *c, struct err *e)
{
    _cleanup_strv_ struct strv settings = STRV_INIT;
    tune_settings(c, POLL_MAX, POOL_MAX, "", &settings);
    if (!settings.n)
        return err_set(e, ERR_USAGE,
                       "nothing to set: --poll-max-ns, --poll-grow, --poll-shrink, --thread-pool-min or "
                       "--thread-pool-max");
    return tune_run(c, VIRT_TUNE_IOTHREAD, c->vals[ID].s, &settings, "IOThread", e);
}

const struct cmd_def cmd_iothreadinfo = {.name = "iothreadinfo",
                                         .group = "Tuning",
                                         .summary = "view domain IOThreads",
                                         .example = "iothreadinfo share\niothreadinfo share --config",
                                         .opts = info_opts,
                                         .flags = CMD_CONN | CMD_READS,
                                         .view = {VIEW_TABLE, iothread_cols},
                                         .run = run_iothreadinfo};

const struct cmd_def cmd_iothreadpin = {.name = "iothreadpin",
                                        .group = "Tuning",
                                        .summary = "control domain IOThread affinity",
                                        .example = "iothreadpin share 1 0-1",
                                        .opts = iothreadpin_opts,
                                        .flags = CMD_CONN,
                                        .view = {VIEW_NONE},
                                        .run = run_iothreadpin};

const struct cmd_def cmd_iothreadadd = {.name = "iothreadadd",
                                        .group = "Tuning",
                                        .summary = "add an IOThread to the guest domain",
                                        .example = "iothreadadd share 1 --live --config",
                                        .opts = add_opts,
                                        .flags = CMD_CONN,
                                        .view = {VIEW_NONE},
                                        .run = run_iothreadadd};

const struct cmd_def cmd_iothreaddel = {.name = "iothreaddel",
                                        .group = "Tuning",
                                        .summary = "delete an IOThread from the guest domain",
                                        .example = "iothreaddel share 1 --live --config",
                                        .opts = del_opts,
                                        .flags = CMD_CONN,
                                        .view = {VIEW_NONE},
                                        .run = run_iothreaddel};

const struct cmd_def cmd_iothreadset = {.name = "iothreadset",
                                        .group = "Tuning",
                                        .summary = "modify an existing IOThread of the guest domain",
                                        .example = "iothreadset share 1 --poll-max-ns 32768 --poll-grow 2",
                                        .opts = set_opts,
                                        .flags = CMD_CONN,
                                        .view = {VIEW_NONE},
                                        .run = run_iothreadset};
