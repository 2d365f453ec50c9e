// SPDX-License-Identifier: GPL-3.0-or-later
// A guest's memory to a file on its host: with the guest's end (save), or a core dump.
#include "io/virt/save.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "cmd/save/file.h"
#include "cmd/save/long.h"

enum { DOMAIN, PATH };
enum { BYPASS_CACHE = PATH + 1, XML, RUNNING, PAUSED, VERBOSE, OVERWRITE };

static const struct opt_def save_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [PATH] = {"file", OPT_STRING, OPTF_POS | OPTF_REQ, "where to save the data, on the guest's host"},
    [BYPASS_CACHE] = {"bypass-cache", OPT_BOOL, 0, "avoid file system cache when saving",
                      .bits = VIRT_SAVE_BYPASS_CACHE},
    [XML] = {"xml", OPT_PATH, OPTF_POS, "filename containing updated XML for the target"},
    [RUNNING] = {"running", OPT_BOOL, 0, "set domain to be running on restore", .bits = VIRT_SAVE_RUNNING,
                 .excludes = "paused"},
    [PAUSED] = {"paused", OPT_BOOL, 0, "set domain to be paused on restore", .bits = VIRT_SAVE_PAUSED},
    [VERBOSE] = VERBOSE_ROW("save"),
    [OVERWRITE] = OVERWRITE_ROW,
    {NULL},
};

enum { LIVE = PATH + 1, CRASH, DUMP_BYPASS, RESET, DUMP_VERBOSE, MEMORY_ONLY, FORMAT, DUMP_OVERWRITE };
static const struct opt_def dump_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [PATH] = {"file", OPT_STRING, OPTF_POS | OPTF_REQ, "where to dump the core, on the guest's host"},
    [LIVE] = {"live", OPT_BOOL, 0, "perform a live core dump if supported", .bits = VIRT_DUMP_LIVE,
              .excludes = "crash|reset"},
    [CRASH] = {"crash", OPT_BOOL, 0, "crash the domain after core dump", .bits = VIRT_DUMP_CRASH, .excludes = "reset"},
    [DUMP_BYPASS] = {"bypass-cache", OPT_BOOL, 0, "avoid file system cache when dumping",
                     .bits = VIRT_DUMP_BYPASS_CACHE},
    [RESET] = {"reset", OPT_BOOL, 0, "reset the domain after core dump", .bits = VIRT_DUMP_RESET},
    [DUMP_VERBOSE] = VERBOSE_ROW("dump"),
    [MEMORY_ONLY] = {"memory-only", OPT_BOOL, 0, "dump domain's memory only", .bits = VIRT_DUMP_MEMORY_ONLY},
    [FORMAT] = {"format", OPT_ENUM, OPTF_POS, "specify the format of memory-only dump", .choices = virt_dump_formats,
                .needs = "memory-only"},
    [DUMP_OVERWRITE] = OVERWRITE_ROW,
    {NULL},
};

struct file_call {
    struct cmd_call *c;
    const char *xml;
};

static int call_save(void *data, struct err *e)
{
    const struct file_call *f = data;
    const struct opt_val *vals = f->c->vals;
    return virt_dom_save(vals[DOMAIN].dom, vals[PATH].s, f->xml, cmd_bits(f->c), e);
}

static int call_dump(void *data, struct err *e)
{
    const struct file_call *f = data;
    const struct opt_val *vals = f->c->vals;
    return virt_dom_dump(vals[DOMAIN].dom, vals[PATH].s, vals[FORMAT].s, cmd_bits(f->c), e);
}

static int call(struct file_call *f, int (*fn)(void *data, struct err *e), enum virt_job_operation operation,
                bool verbose, struct err *e)
{
    struct virt_dom *dom = f->c->vals[DOMAIN].dom;
    if (!cmd_val(f->c, "overwrite")->b && save_refuse_existing(f->c, f->c->vals[PATH].s, e) < 0)
        return err_wrap(e, "%s of '%s'", f->c->def->name, virt_dom_name(dom));
    if (long_call(f->c, dom, operation, verbose, fn, f, e) < 0)
        return domain_failed(dom, f->c->def->name, "only a running guest has memory to write", e);
    domain_result(f->c, dom);
    json_object_set_new(f->c->result, "file", json_text(f->c->vals[PATH].s));
    return 0;
}

static int run_save(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    if (c->vals[XML].s && object_read_file(c->vals[XML].s, &xml, e) < 0)
        return -1;
    return call(&(struct file_call){c, xml}, call_save, VIRT_JOB_SAVE, c->vals[VERBOSE].b, e);
}

static int run_dump(struct cmd_call *c, struct err *e)
{
    return call(&(struct file_call){c, NULL}, call_dump, VIRT_JOB_DUMP, c->vals[DUMP_VERBOSE].b, e);
}

const struct cmd_def cmd_save = {
    .name = "save",
    .group = "Domains",
    .summary = "save a domain state to a file",
    .help =
        "Saves the memory of a running guest and stops it; restore resumes it from the file, once. Its disks are not\n"
        "saved, and must not be written to until then. The file is on the guest's host; unlike virsh this refuses one\n"
        "that already exists without --overwrite. Ctrl-C cancels, and the guest keeps running. managedsave leaves the\n"
        "file to libvirt, whose next start resumes from it.",
    .example = "save share /var/tmp/share.save --verbose\nsave share /var/tmp/share.save --paused",
    .opts = save_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Domain '{name}' saved to {file}"},
    .run = run_save};

const struct cmd_def cmd_dump = {
    .name = "dump",
    .group = "Domains",
    .summary = "dump the core of a domain to a file for analysis",
    .help =
        "The file is on the guest's host, and contains the guest's secrets; unlike virsh this refuses one that "
        "already\n"
        "exists without --overwrite. Without --live the guest is paused meanwhile. --memory-only makes a file that\n"
        "crash and gdb can read. Ctrl-C cancels.",
    .example = "dump share /var/tmp/share.core --memory-only --format kdump-zlib --verbose\n"
               "dump share /var/tmp/share.core --live --memory-only",
    .opts = dump_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Domain '{name}' dumped to {file}"},
    .run = run_dump};
