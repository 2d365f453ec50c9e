// SPDX-License-Identifier: GPL-3.0-or-later
// The limits of one of a domain's disks.
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "cmd/tune/tune.h"

enum { DOMAIN, DEVICE, FIRST, LAST = FIRST + 19, CONFIG, LIVE, CURRENT };

#define BYTES_ROW(name, help)                                                                                          \
    {                                                                                                                  \
        name, OPT_SIZE, OPTF_POS, help ", as scaled integer (default bytes)", .unit_bytes = 1                          \
    }
#define NUMBER_ROW(name, help)                                                                                         \
    {                                                                                                                  \
        name, OPT_INT, OPTF_POS, help, .min = 0, .max = 0x7fffffffffffffffLL                                           \
    }
static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [DEVICE] = {"device", OPT_STRING, OPTF_POS | OPTF_REQ, "block device", .of_domain = "disk"},
    [FIRST] = BYTES_ROW("total-bytes-sec", "total throughput limit"),
    BYTES_ROW("read-bytes-sec", "read throughput limit"),
    BYTES_ROW("write-bytes-sec", "write throughput limit"),
    NUMBER_ROW("total-iops-sec", "total I/O operations limit per second"),
    NUMBER_ROW("read-iops-sec", "read I/O operations limit per second"),
    NUMBER_ROW("write-iops-sec", "write I/O operations limit per second"),
    BYTES_ROW("total-bytes-sec-max", "total max"),
    BYTES_ROW("read-bytes-sec-max", "read max"),
    BYTES_ROW("write-bytes-sec-max", "write max"),
    NUMBER_ROW("total-iops-sec-max", "total I/O operations max"),
    NUMBER_ROW("read-iops-sec-max", "read I/O operations max"),
    NUMBER_ROW("write-iops-sec-max", "write I/O operations max"),
    NUMBER_ROW("size-iops-sec", "I/O size in bytes"),
    {"group-name", OPT_STRING, OPTF_POS, "group name to share I/O quota between multiple drives"},
    NUMBER_ROW("total-bytes-sec-max-length", "duration in seconds to allow total max bytes"),
    NUMBER_ROW("read-bytes-sec-max-length", "duration in seconds to allow read max bytes"),
    NUMBER_ROW("write-bytes-sec-max-length", "duration in seconds to allow write max bytes"),
    NUMBER_ROW("total-iops-sec-max-length", "duration in seconds to allow total I/O operations max"),
    NUMBER_ROW("read-iops-sec-max-length", "duration in seconds to allow read I/O operations max"),
    NUMBER_ROW("write-iops-sec-max-length", "duration in seconds to allow write I/O operations max"),
    TUNE_AFFECT_ROWS,
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_strv_ struct strv settings = STRV_INIT;
    tune_settings(c, FIRST, LAST, "", &settings);
    return tune_run(c, VIRT_TUNE_DISK, c->vals[DEVICE].s, &settings, "block I/O", e);
}

const struct cmd_def cmd_blkdeviotune = {
    .name = "blkdeviotune",
    .group = "Tuning",
    .summary = "set or query a block device I/O tuning parameters",
    .help = "How much a guest may read from and write to one of its disks; 0 means without limit. What is max may be\n"
            "reached for a while, as long as the average holds. The device is a target such as vda, or the source.",
    .example = "blkdeviotune share vda\nblkdeviotune share vda --total-bytes-sec 50M --live\n"
               "blkdeviotune share vda --total-bytes-sec 0 --total-iops-sec 500 --config",
    .opts = opts,
    .flags = CMD_CONN,
    .view = TUNE_VIEW,
    .run = run};
