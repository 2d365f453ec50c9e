// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's limits: memtune, numatune, blkiotune, domiftune.
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "cmd/tune/tune.h"

// ---- memtune

enum { DOMAIN, HARD_LIMIT, SOFT_LIMIT, SWAP_HARD_LIMIT, MIN_GUARANTEE, CONFIG, LIVE, CURRENT };

static void complete_unlimited(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    (void)prefix;
    strv_add(out, "unlimited");
}

#define LIMIT_ROW(name, help)                                                                                          \
    {                                                                                                                  \
        name, OPT_STRING, OPTF_POS, help ", as scaled integer (default KiB); -1 or unlimited: none",                   \
            .complete = complete_unlimited                                                                             \
    }
static const struct opt_def mem_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [HARD_LIMIT] = LIMIT_ROW("hard-limit", "max memory"),
    [SOFT_LIMIT] = LIMIT_ROW("soft-limit", "memory during contention"),
    [SWAP_HARD_LIMIT] = LIMIT_ROW("swap-hard-limit", "max memory plus swap"),
    [MIN_GUARANTEE] = LIMIT_ROW("min-guarantee", "min guaranteed memory"),
    TUNE_AFFECT_ROWS,
    {NULL},
};

static int add_limit(const struct cmd_call *c, int opt, struct strv *settings, struct err *e)
{
    unsigned long long bytes;
    const char *name = c->def->opts[opt].name, *text = c->vals[opt].s;
    if (strcmp(text, "-1") == 0 || strcmp(text, "unlimited") == 0)
        bytes = VIRT_UNLIMITED * 1024ULL;
    else if (str_to_size(text, 1024, &bytes) < 0)
        return err_set(e, ERR_USAGE, "--%s: '%s' is not a size such as 512MiB or 8G, -1 or unlimited", name, text);
    char *setting = xasprintf("%s=%llu", name, bytes / 1024);
    for (char *p = setting; (p = strchr(p, '-'));)
        *p = '_';
    strv_take(settings, setting);
    return 0;
}

static int run_memtune(struct cmd_call *c, struct err *e)
{
    _cleanup_strv_ struct strv settings = STRV_INIT;
    const char *name;
    json_t *v;
    for (int i = HARD_LIMIT; i <= MIN_GUARANTEE; i++) {
        if (c->vals[i].given && add_limit(c, i, &settings, e) < 0)
            return -1;
    }
    if (tune_run(c, VIRT_TUNE_MEMORY, NULL, &settings, "memory", e) < 0)
        return -1;
    json_object_foreach(c->result, name, v)
    {
        if (json_integer_value(v) == VIRT_UNLIMITED)
            json_object_set_new(c->result, name, json_text("unlimited"));
    }
    return 0;
}

const struct cmd_def cmd_memtune = {
    .name = "memtune",
    .group = "Tuning",
    .summary = "get or set memory parameters",
    .help = "What the host lets the whole of a domain's process have, in KiB: too low a hard limit gets the guest\n"
            "killed. Without a limit to set, those that there are are shown.",
    .example = "memtune share\nmemtune share --hard-limit 8G --soft-limit 6G --live\nmemtune share --hard-limit -1",
    .opts = mem_opts,
    .flags = CMD_CONN,
    .view = TUNE_VIEW,
    .run = run_memtune};

// ---- numatune

enum { MODE = HARD_LIMIT, NODESET, NUMA_CONFIG, NUMA_LIVE, NUMA_CURRENT };

static const char *const modes[] = {"strict", "preferred", "interleave", "restrictive", NULL}; // by libvirt's numbers

static void complete_mode(struct ctx *ctx, const char *prefix, struct strv *out)
{
    (void)ctx;
    (void)prefix;
    for (size_t i = 0; modes[i]; i++)
        strv_add(out, modes[i]);
}

static const struct opt_def numa_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [MODE] = {"mode", OPT_STRING, OPTF_POS, "NUMA mode: strict, preferred, interleave, restrictive, or its number",
              .complete = complete_mode},
    [NODESET] = {"nodeset", OPT_STRING, OPTF_POS, "NUMA node selections to set"},
    [NUMA_CONFIG] = AFFECT_CONFIG_ROW,
    [NUMA_LIVE] = AFFECT_LIVE_ROW,
    [NUMA_CURRENT] = AFFECT_CURRENT_ROW,
    {NULL},
};

static int mode_number(const char *text, long long *ret, struct err *e)
{
    for (long long i = 0; modes[i]; i++) {
        if (strcmp(modes[i], text) == 0) {
            *ret = i;
            return 0;
        }
    }
    if (str_to_int(text, 0, 0x7fffffff, ret) == 0)
        return 0;
    return err_set(e, ERR_USAGE, "--mode: '%s' is not one of strict, preferred, interleave, restrictive", text);
}

static int run_numatune(struct cmd_call *c, struct err *e)
{
    _cleanup_strv_ struct strv settings = STRV_INIT;
    long long mode;
    if (c->vals[MODE].given && mode_number(c->vals[MODE].s, &mode, e) < 0)
        return -1;
    if (c->vals[MODE].given)
        strv_take(&settings, xasprintf("numa_mode=%lld", mode));
    tune_settings(c, NODESET, NODESET, "numa_", &settings);
    if (tune_run(c, VIRT_TUNE_NUMA, NULL, &settings, "NUMA", e) < 0)
        return -1;
    json_t *known = json_object_get(c->result, "numa_mode");
    mode = json_integer_value(known);
    if (json_is_integer(known) && mode >= 0 && mode < (long long)ARRAY_SIZE(modes) - 1)
        json_object_set_new(c->result, "numa_mode", json_text(modes[mode]));
    return 0;
}

const struct cmd_def cmd_numatune = {
    .name = "numatune",
    .group = "Tuning",
    .summary = "get or set NUMA parameters",
    .help =
        "From which of the host's NUMA nodes a domain's memory is taken. Only the nodes of a running domain can be\n"
        "changed, and not where its mode is preferred or interleave.",
    .example = "numatune share\nnumatune share --mode strict --nodeset 0-1 --config",
    .opts = numa_opts,
    .flags = CMD_CONN,
    .view = TUNE_VIEW,
    .run = run_numatune};

// ---- blkiotune

enum {
    WEIGHT = HARD_LIMIT,
    DEVICE_WEIGHTS,
    READ_IOPS,
    WRITE_IOPS,
    READ_BYTES,
    WRITE_BYTES,
    BLKIO_CONFIG,
    BLKIO_LIVE,
    BLKIO_CURRENT
};

static const struct opt_def blkio_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [WEIGHT] = {"weight", OPT_INT, OPTF_POS, "I/O weight", .min = 1, .max = 0x7fffffff},
    [DEVICE_WEIGHTS] = {"device-weights", OPT_STRING, OPTF_POS, "per-device I/O weights: /path/to/device,weight,..."},
    [READ_IOPS] = {"device-read-iops-sec", OPT_STRING, OPTF_POS, "per-device read I/O limit: DEVICE,operations,..."},
    [WRITE_IOPS] = {"device-write-iops-sec", OPT_STRING, OPTF_POS, "per-device write I/O limit: DEVICE,operations,..."},
    [READ_BYTES] = {"device-read-bytes-sec", OPT_STRING, OPTF_POS,
                    "per-device bytes read per second: DEVICE,bytes,..."},
    [WRITE_BYTES] = {"device-write-bytes-sec", OPT_STRING, OPTF_POS,
                     "per-device bytes written per second: DEVICE,bytes,..."},
    [BLKIO_CONFIG] = AFFECT_CONFIG_ROW,
    [BLKIO_LIVE] = AFFECT_LIVE_ROW,
    [BLKIO_CURRENT] = AFFECT_CURRENT_ROW,
    {NULL},
};

static int run_blkiotune(struct cmd_call *c, struct err *e)
{
    _cleanup_strv_ struct strv settings = STRV_INIT;
    tune_settings(c, WEIGHT, WEIGHT, "", &settings);
    if (c->vals[DEVICE_WEIGHTS].given)
        strv_take(&settings, xasprintf("device_weight=%s", c->vals[DEVICE_WEIGHTS].s));
    tune_settings(c, READ_IOPS, WRITE_BYTES, "", &settings);
    return tune_run(c, VIRT_TUNE_BLKIO, NULL, &settings, "I/O", e);
}

const struct cmd_def cmd_blkiotune = {
    .name = "blkiotune",
    .group = "Tuning",
    .summary = "get or set block I/O parameters",
    .help = "A domain's share of the host's block devices, and its limits on them, whichever of its disks is there;\n"
            "blkdeviotune limits one disk.",
    .example = "blkiotune share\nblkiotune share --weight 500\n"
               "blkiotune share --device-write-bytes-sec /dev/sda,50000000 --live --config",
    .opts = blkio_opts,
    .flags = CMD_CONN,
    .view = TUNE_VIEW,
    .run = run_blkiotune};

// ---- domiftune

enum { INTERFACE = HARD_LIMIT, INBOUND, OUTBOUND, IF_CONFIG, IF_LIVE, IF_CURRENT };

static const struct opt_def if_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [INTERFACE] = {"interface", OPT_STRING, OPTF_POS | OPTF_REQ, "interface device (or MAC address)",
                   .of_domain = "card"},
    [INBOUND] = {"inbound", OPT_STRING, OPTF_POS, "control domain's incoming traffics: AVERAGE[,PEAK[,BURST[,FLOOR]]]"},
    [OUTBOUND] = {"outbound", OPT_STRING, OPTF_POS, "control domain's outgoing traffics: AVERAGE[,PEAK[,BURST]]"},
    [IF_CONFIG] = AFFECT_CONFIG_ROW,
    [IF_LIVE] = AFFECT_LIVE_ROW,
    [IF_CURRENT] = AFFECT_CURRENT_ROW,
    {NULL},
};

// The average is always said, as that of 0 takes the limit away.
static int add_rate(const struct cmd_call *c, int opt, size_t n, struct strv *settings, struct err *e)
{
    struct interface_rate rate;
    const char *name = c->def->opts[opt].name;
    if (!c->vals[opt].s)
        return 0;
    if (interface_rate(name, c->vals[opt].s, n, &rate, e) < 0)
        return -1;
    if (!rate.n[0] && !rate.n[3] && (rate.n[1] || rate.n[2]))
        return err_set(e, ERR_USAGE, "--%s: the average is missing", name);
    for (size_t i = 0; i < n; i++) {
        if (!i || rate.n[i])
            strv_take(settings, xasprintf("%s.%s=%lld", name, interface_rate_names[i], rate.n[i]));
    }
    return 0;
}

static int run_domiftune(struct cmd_call *c, struct err *e)
{
    _cleanup_strv_ struct strv settings = STRV_INIT;
    if (add_rate(c, INBOUND, 4, &settings, e) < 0 || add_rate(c, OUTBOUND, 3, &settings, e) < 0)
        return -1;
    return tune_run(c, VIRT_TUNE_INTERFACE, c->vals[INTERFACE].s, &settings, "interface", e);
}

const struct cmd_def cmd_domiftune = {
    .name = "domiftune",
    .group = "Tuning",
    .summary = "get or set parameters of a virtual interface",
    .help = "Rates are KiB a second, but for the burst, which is KiB at once. An average of 0 takes a limit away.",
    .example = "domiftune share vnet0\ndomiftune share vnet0 --inbound 1000,2000,512 --outbound 500\n"
               "domiftune share vnet0 --inbound 0 --live --config",
    .opts = if_opts,
    .flags = CMD_CONN,
    .view = TUNE_VIEW,
    .run = run_domiftune};
