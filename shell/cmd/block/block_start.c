// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs on a disk's chain of images: copied elsewhere, shortened from above, filled from below.
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/block/block.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/objects.h"
#include "cmd/pool/storage.h"
#include "cmd/rows.h"
#include "core/guest/users.h"
#include "io/virt/block.h"
#include "io/virt/dom.h"
#include "io/virt/xml.h"
#include "io/xml.h"

enum { DOMAIN, PATH };
enum {
    DEST = PATH + 1,
    COPY_BANDWIDTH,
    COPY_SHALLOW,
    REUSE,
    BLOCKDEV,
    COPY_WAIT, // 3 rows
    COPY_TIMEOUT = COPY_WAIT + 3,
    COPY_PIVOT,
    FINISH,
    XML,
    RAW,
    FORMAT,
    GRANULARITY,
    BUF_SIZE,
    COPY_BYTES,
    TRANSIENT,
    SYNC,
    PRINT_XML,
    COPY_FORCE
};
#define COPY_ENDS "timeout|wait|pivot|finish"
static const char *const formats[] = {"raw", "qcow2", NULL};
static const struct opt_def copy_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [PATH] = BLOCK_PATH_ROW,
    [DEST] = {"dest", OPT_STRING, OPTF_POS, "path of the copy to create, on the domain's host"},
    [COPY_BANDWIDTH] = BLOCK_BANDWIDTH_ROW,
    [COPY_SHALLOW] = {"shallow", OPT_BOOL, 0, "make the copy share a backing chain", .bits = VIRT_BLOCK_COPY_SHALLOW},
    [REUSE] = {"reuse-external", OPT_BOOL, 0, "reuse existing destination", .bits = VIRT_BLOCK_COPY_REUSE},
    [BLOCKDEV] = {"blockdev", OPT_BOOL, 0, "copy destination is block device instead of regular file",
                  .excludes = "xml"},
    [COPY_WAIT] = BLOCK_WAIT_ROWS("reach mirroring phase", COPY_ENDS),
    [COPY_TIMEOUT] = BLOCK_TIMEOUT_ROW,
    [COPY_PIVOT] = {"pivot", OPT_BOOL, 0, "implies --wait, pivot when mirroring starts", .excludes = "finish"},
    [FINISH] = {"finish", OPT_BOOL, 0, "implies --wait, quit when mirroring starts"},
    [XML] = {"xml", OPT_PATH, OPTF_POS, "filename containing XML description of the copy destination",
             .excludes = "dest"},
    [RAW] = {"raw", OPT_BOOL, OPTF_HIDDEN, "the same as --format raw", .excludes = "format|xml"},
    [FORMAT] = {"format", OPT_STRING, OPTF_POS, "format of the destination file", .choices = formats,
                .excludes = "xml"},
    [GRANULARITY] = {"granularity", OPT_INT, OPTF_POS, "power-of-two granularity to use during the copy",
                     .max = 0x7fffffff},
    [BUF_SIZE] = {"buf-size", OPT_SIZE, OPTF_POS, "maximum amount of in-flight data during the copy", .unit_bytes = 1},
    [COPY_BYTES] = BLOCK_BYTES_ROW,
    [TRANSIENT] = {"transient-job", OPT_BOOL, 0, "the copy job is not persisted if VM is turned off",
                   .bits = VIRT_BLOCK_COPY_TRANSIENT},
    [SYNC] = {"synchronous-writes", OPT_BOOL, 0,
              "the copy job forces guest writes to be synchronously written to the destination",
              .bits = VIRT_BLOCK_COPY_SYNC},
    [PRINT_XML] = {"print-xml", OPT_BOOL, 0, "print the XML used to start the copy job instead of starting the job"},
    [COPY_FORCE] = FORCE_USED_ROW,
    {NULL},
};

enum {
    COMMIT_BANDWIDTH = PATH + 1,
    BASE,
    COMMIT_SHALLOW,
    TOP,
    ACTIVE,
    DELETE,
    COMMIT_WAIT, // 3 rows
    COMMIT_TIMEOUT = COMMIT_WAIT + 3,
    COMMIT_PIVOT,
    KEEP_OVERLAY,
    COMMIT_RELATIVE,
    COMMIT_BYTES,
    COMMIT_FORCE
};
#define COMMIT_ENDS "timeout|wait|pivot|keep-overlay"
static const struct opt_def commit_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [PATH] = BLOCK_PATH_ROW,
    [COMMIT_BANDWIDTH] = BLOCK_BANDWIDTH_ROW,
    [BASE] = {"base", OPT_STRING, OPTF_POS, "path of base file to commit into (default bottom of chain)"},
    [COMMIT_SHALLOW] = {"shallow", OPT_BOOL, 0, "use backing file of top as base", .bits = VIRT_BLOCK_COMMIT_SHALLOW},
    [TOP] = {"top", OPT_STRING, OPTF_POS, "path of top file to commit from (default top of chain)"},
    [ACTIVE] = {"active", OPT_BOOL, 0, "trigger two-stage active commit of top file", .bits = VIRT_BLOCK_COMMIT_ACTIVE},
    [DELETE] = {"delete", OPT_BOOL, 0, "delete files that were successfully committed",
                .bits = VIRT_BLOCK_COMMIT_DELETE},
    [COMMIT_WAIT] = BLOCK_WAIT_ROWS("complete (with --active, to sync)", COMMIT_ENDS),
    [COMMIT_TIMEOUT] = BLOCK_TIMEOUT_ROW,
    [COMMIT_PIVOT] = {"pivot", OPT_BOOL, 0, "implies --active --wait, pivot when commit is synced",
                      .bits = VIRT_BLOCK_COMMIT_ACTIVE, .excludes = "keep-overlay"},
    [KEEP_OVERLAY] = {"keep-overlay", OPT_BOOL, 0, "implies --active --wait, quit when commit is synced",
                      .bits = VIRT_BLOCK_COMMIT_ACTIVE},
    [COMMIT_RELATIVE] = {"keep-relative", OPT_BOOL, 0, "keep the backing chain relatively referenced",
                         .bits = VIRT_BLOCK_COMMIT_RELATIVE},
    [COMMIT_BYTES] = BLOCK_BYTES_ROW,
    [COMMIT_FORCE] = FORCE_USED_ROW,
    {NULL},
};

enum {
    PULL_BANDWIDTH = PATH + 1,
    PULL_BASE,
    PULL_WAIT, // 3 rows
    PULL_TIMEOUT = PULL_WAIT + 3,
    PULL_RELATIVE,
    PULL_BYTES
};
static const struct opt_def pull_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [PATH] = BLOCK_PATH_ROW,
    [PULL_BANDWIDTH] = BLOCK_BANDWIDTH_ROW,
    [PULL_BASE] = {"base", OPT_STRING, OPTF_POS, "path of backing file in chain for a partial pull"},
    [PULL_WAIT] = BLOCK_WAIT_ROWS("finish", "wait|timeout"),
    [PULL_TIMEOUT] = BLOCK_TIMEOUT_ROW,
    [PULL_RELATIVE] = {"keep-relative", OPT_BOOL, 0, "keep the backing chain relatively referenced"},
    [PULL_BYTES] = BLOCK_BYTES_ROW,
    {NULL},
};

struct block_start {
    struct block_wait w;
    int (*start)(struct cmd_call *c, unsigned long long bandwidth, struct err *e);
    const char *verb;                        // "copy a disk of", for an error
    const char *started, *completed, *ready; // what is said then
    const char *finished;                    // of what was ready, and ended where the disk is
    bool pivot, finish;
};

// The end was asked for, and is not waited for.
static void tell_asked(struct block_start *j)
{
    const struct block_wait *w = &j->w;
    _cleanup_free_ char *text =
        xasprintf("%s was requested: blockjob %s %s shows whether it has finished",
                  j->pivot ? "The pivot" : "The end of the job", virt_dom_name(w->c->vals[DOMAIN].dom), w->target);
    block_result(&j->w, "ending", text);
}

static int follow(struct block_start *j, struct err *e)
{
    const char *status;
    bool async = cmd_val(j->w.c, "async")->b;
    if (block_wait_for(&j->w, &status, e) < 0)
        return -1;
    if (strcmp(status, "ready") != 0) {
        block_result(&j->w, "completed", j->completed);
        return 0;
    }
    if (!j->pivot && !j->finish) {
        block_result(&j->w, "ready", j->ready);
        return 0;
    }
    if (block_wait_end(&j->w, j->pivot, async, e) < 0)
        return -1;
    if (async)
        tell_asked(j);
    else
        block_result(&j->w, j->pivot ? "pivoted" : "finished", j->pivot ? "Successfully pivoted" : j->finished);
    return 0;
}

// Begins it, and waits if that was asked for.
static int run_job(struct block_start *j, struct err *e)
{
    struct cmd_call *c = j->w.c;
    unsigned long long bandwidth;
    bool wait;
    j->w.path = c->vals[PATH].s;
    if (block_bandwidth(c, &bandwidth, e) < 0 || block_waits(c, &wait, e) < 0)
        return -1;
    int r = wait ? block_wait_begin(&j->w, e) : 0;
    if (r == 0 && j->start(c, bandwidth, e) < 0)
        r = domain_failed(c->vals[DOMAIN].dom, j->verb, NULL, e);
    if (r == 0 && wait)
        r = follow(j, e);
    else if (r == 0)
        block_result(&j->w, "started", j->started);
    block_wait_release(&j->w);
    return r;
}

// ---- blockcopy

// The <disk> that it is copied to.
static int dest_xml(const struct cmd_call *c, char **ret, struct err *e)
{
    const struct opt_val *v = c->vals;
    const char *type = v[BLOCKDEV].b ? "block" : "file", *format = v[RAW].b ? "raw" : v[FORMAT].s;
    if (v[XML].s)
        return object_read_file(v[XML].s, ret, e);
    if (!v[DEST].s)
        return err_set(e, ERR_USAGE, "no destination: give --dest or --xml");
    struct buf b = BUF_INIT;
    buf_addf(&b, "<disk type='%s'>\n", type);
    xml_add_empty(&b, 2, "source", v[BLOCKDEV].b ? "dev" : "file", v[DEST].s);
    xml_add_empty(&b, 2, "driver", "type", format);
    buf_adds(&b, "</disk>\n");
    *ret = buf_steal(&b);
    return 0;
}

static int start_copy(struct cmd_call *c, unsigned long long bandwidth, struct err *e)
{
    const struct opt_val *v = c->vals;
    _cleanup_free_ char *xml = NULL;
    struct virt_block_copy_limits limits = {bandwidth, v[BUF_SIZE].bytes, (unsigned)v[GRANULARITY].i};
    return dest_xml(c, &xml, e) < 0 ? -1 : virt_block_copy(v[DOMAIN].dom, v[PATH].s, xml, &limits, cmd_bits(c), e);
}

// A device, or a file that is there already, gets other bytes; libvirt itself refuses any other file that is there.
static int refuse_dest(struct cmd_call *c, const char *xml, struct err *e)
{
    const struct opt_val *v = c->vals;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (xml_parse(xml, &doc, e) < 0)
        return -1;
    _cleanup_free_ char *device = xml_string(doc, NULL, "string(/disk/source/@dev)");
    _cleanup_free_ char *file = v[REUSE].b ? xml_string(doc, NULL, "string(/disk/source/@file)") : NULL;
    const char *path = device ? device : file;
    const struct users_query q = {.path = path, .but = virt_dom_uuid(v[DOMAIN].dom)};
    if (!path || storage_refuse_used(c, path, &q, v[COPY_FORCE].b, e) == 0)
        return 0;
    return err_wrap(e, "nothing was copied");
}

static int run_copy(struct cmd_call *c, struct err *e)
{
    const struct opt_val *v = c->vals;
    _cleanup_free_ char *xml = NULL, *left = NULL;
    if (dest_xml(c, &xml, e) < 0)
        return -1;
    if (v[PRINT_XML].b)
        return object_print_xml(c, xml);
    if (refuse_dest(c, xml, e) < 0)
        return -1;
    left = xasprintf("%s holds an incomplete copy at most", v[DEST].s ? v[DEST].s : "what it was copied to");
    return run_job(&(struct block_start){.w = {.c = c, .what = "block copy", .title = "Block Copy", .left = left},
                                         .start = start_copy,
                                         .verb = "copy a disk of",
                                         .started = "Block Copy started",
                                         .ready = "Now in mirroring phase",
                                         .completed = "Successfully copied",
                                         .finished = "Successfully copied",
                                         .pivot = v[COPY_PIVOT].b,
                                         .finish = v[FINISH].b},
                   e);
}

// ---- blockcommit, blockpull

static int start_commit(struct cmd_call *c, unsigned long long bandwidth, struct err *e)
{
    const struct opt_val *v = c->vals;
    return virt_block_commit(v[DOMAIN].dom, v[PATH].s, v[BASE].s, v[TOP].s, bandwidth, cmd_bits(c), e);
}

// The images of a disk, as the running guest has them: the one in use first.
struct chain {
    struct strv paths, names; // a path; "vda[3]", as libvirt numbers them
};

static void chain_release(struct chain *chain)
{
    strv_release(&chain->paths);
    strv_release(&chain->names);
}

static void read_chain(struct xml_doc *doc, const char *disk, struct chain *ret)
{
    size_t n, below;
    _cleanup_free_ struct xml_node **disks = xml_nodes(doc, NULL, "/domain/devices/disk", &n);
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ char *dev = xml_string(doc, disks[i], "string(./target/@dev)");
        _cleanup_free_ char *source = xml_string(doc, disks[i], "string(./source/@file|./source/@dev)");
        if ((!dev || strcmp(dev, disk) != 0) && (!source || strcmp(source, disk) != 0))
            continue;
        for (struct xml_node *at = disks[i]; at;) {
            _cleanup_free_ struct xml_node **next = xml_nodes(doc, at, "./backingStore[source]", &below);
            _cleanup_free_ char *path = xml_string(doc, at, "string(./source/@file|./source/@dev)");
            _cleanup_free_ char *index = xml_string(doc, at, "string(./source/@index)");
            strv_add(&ret->paths, path ? path : "");
            strv_take(&ret->names, xasprintf("%s[%s]", dev ? dev : "", index ? index : ""));
            at = below ? next[0] : NULL;
        }
        return;
    }
}

static size_t place_of(const struct chain *chain, const char *text, size_t otherwise)
{
    for (size_t i = 0; text && i < chain->paths.n; i++) {
        if (strcmp(chain->paths.s[i], text) == 0 || strcmp(chain->names.s[i], text) == 0)
            return i;
    }
    return otherwise;
}

// The base gets other bytes, and what is above it is no image by itself any more: whatever else lies on one of them
// would be broken. The one in use is the guest's own.
static int refuse_shared(struct cmd_call *c, struct err *e)
{
    const struct opt_val *v = c->vals;
    struct virt_dom *dom = v[DOMAIN].dom;
    _cleanup_(chain_release) struct chain chain = {STRV_INIT, STRV_INIT};
    _cleanup_free_ char *xml = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (virt_dom_xml(dom, 0, &xml, e) < 0 || xml_parse(xml, &doc, e) < 0)
        return -1;
    read_chain(doc, v[PATH].s, &chain);
    size_t top = place_of(&chain, v[TOP].s, 0), last = chain.paths.n ? chain.paths.n - 1 : 0,
           base = v[COMMIT_SHALLOW].b ? top + 1 : place_of(&chain, v[BASE].s, last);
    for (size_t i = top ? top : 1; i <= base && i < chain.paths.n; i++) {
        const char *path = chain.paths.s[i];
        const struct users_query q = {.path = path, .but = virt_dom_uuid(dom), .guests = true};
        if (*path && storage_refuse_used(c, path, &q, v[COMMIT_FORCE].b, e) < 0)
            return err_wrap(e, "nothing was committed");
    }
    return 0;
}

static int run_commit(struct cmd_call *c, struct err *e)
{
    const struct opt_val *v = c->vals;
    if (refuse_shared(c, e) < 0)
        return -1;
    bool active = cmd_bits(c) & VIRT_BLOCK_COMMIT_ACTIVE;
    return run_job(&(struct block_start){.w = {.c = c, .what = "block commit", .title = "Block commit"},
                                         .start = start_commit,
                                         .verb = "commit a disk of",
                                         .started = active ? "Active Block Commit started" : "Block Commit started",
                                         .ready = "Now in synchronized phase",
                                         .completed = "Commit complete",
                                         .finished = "Commit complete, overlay image kept",
                                         .pivot = v[COMMIT_PIVOT].b,
                                         .finish = v[KEEP_OVERLAY].b},
                   e);
}

static int start_pull(struct cmd_call *c, unsigned long long bandwidth, struct err *e)
{
    const struct opt_val *v = c->vals;
    return virt_block_pull(v[DOMAIN].dom, v[PATH].s, v[PULL_BASE].s, bandwidth, v[PULL_RELATIVE].b, e);
}

static int run_pull(struct cmd_call *c, struct err *e)
{
    return run_job(
        &(struct block_start){.w = {.c = c,
                                    .what = "block pull",
                                    .title = "Block Pull",
                                    .left = "it still needs its backing images, except for what has been pulled"},
                              .start = start_pull,
                              .verb = "pull a disk of",
                              .started = "Block Pull started",
                              .completed = "Pull complete"},
        e);
}

const struct cmd_def cmd_blockcopy = {
    .name = "blockcopy",
    .group = "Devices",
    .summary = "start a block copy operation",
    .help = BLOCK_WAIT_HELP
    " Once everything is copied, writes go to both: --pivot switches the guest to the copy, --finish keeps the\n"
    "guest on its disk and the copy as of that moment; blockjob can do either later. With --async neither is waited "
    "for.\n"
    "A persistent domain needs --transient-job: the job does not survive the guest's shutdown. A device, or with\n"
    "--reuse-external a file, that another guest or a program uses is refused, as where that is not known; --force\n"
    "insists.",
    .example = "blockcopy share vda /new/share.qcow2 --transient-job --wait --verbose\n"
               "blockcopy share vda /dev/vg0/share --blockdev --format raw --transient-job --pivot",
    .opts = copy_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE},
    .run = run_copy};

const struct cmd_def cmd_blockcommit = {
    .name = "blockcommit",
    .group = "Devices",
    .summary = "start a block commit operation",
    .help = BLOCK_WAIT_HELP
    " The contents of the images from --top down to --base are merged into the base. The image in use is only\n"
    "committed with --active: it then stays in sync with the base until --pivot, which switches the guest to the "
    "base,\n"
    "or --keep-overlay. A committed image is no longer valid by itself; --delete removes it. Refused where a disk of\n"
    "another guest lies on one of these, on any hypervisor of the inventory, and where that is not known; --force "
    "insists.",
    .example = "blockcommit share vda --active --pivot --verbose\nblockcommit share vda --top /x/share.s1 --wait",
    .opts = commit_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE},
    .run = run_commit};

const struct cmd_def cmd_blockpull = {
    .name = "blockpull",
    .group = "Devices",
    .summary = "populate a disk from its backing image",
    .help = BLOCK_WAIT_HELP
    " The data that the image in use takes from the images below it, down to --base, is copied into it.",
    .example = "blockpull share vda --wait --verbose\nblockpull share vda 50 /x/base.qcow2",
    .opts = pull_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE},
    .run = run_pull};
