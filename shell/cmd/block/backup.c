// SPDX-License-Identifier: GPL-3.0-or-later
// Backups of a running domain's disks: begun, and described while they run.
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "io/virt/block.h"
#include "io/virt/dom.h"

enum { DOMAIN, BACKUP, CHECKPOINT, REUSE, XPATH = BACKUP, WRAP };

static const struct opt_def begin_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [BACKUP] = {"backupxml", OPT_PATH, OPTF_POS, "domain backup XML; without: all disks, to files that libvirt names"},
    [CHECKPOINT] = {"checkpointxml", OPT_PATH, OPTF_POS, "domain checkpoint XML"},
    [REUSE] = {"reuse-external", OPT_BOOL, 0, "reuse files provided by caller"},
    {NULL},
};
static const struct opt_def xml_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [XPATH] = XPATH_ROW,
    [WRAP] = WRAP_ROW,
    {NULL},
};

static int run_begin(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    const char *file = c->vals[BACKUP].s, *checkpoint_file = c->vals[CHECKPOINT].s;
    _cleanup_free_ char *xml = NULL, *checkpoint = NULL;
    if ((file && object_read_file(file, &xml, e) < 0) ||
        (checkpoint_file && object_read_file(checkpoint_file, &checkpoint, e) < 0))
        return -1;
    if (virt_backup_begin(dom, xml ? xml : "<domainbackup/>", checkpoint, c->vals[REUSE].b, e) < 0)
        return domain_failed(dom, "begin a backup of", NULL, e);
    domain_result(c, dom);
    return 0;
}

static int run_xml(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    if (virt_backup_xml(c->vals[DOMAIN].dom, &xml, e) < 0)
        return domain_failed(c->vals[DOMAIN].dom, "describe the backup of", NULL, e);
    return object_xml_result(c, xml, XPATH, WRAP, e);
}

const struct cmd_def cmd_backup_begin = {
    .name = "backup-begin",
    .group = "Devices",
    .summary = "start a disk backup of a live domain",
    .help = "The backup runs in the background: domjobinfo shows its progress, domjobabort ends it, and the event\n"
            "job-completed reports its end. With a checkpoint a later backup can copy only what has changed since.",
    .example = "backup-begin share\nbackup-begin share backup.xml checkpoint.xml",
    .opts = begin_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Backup started"},
    .run = run_begin};

const struct cmd_def cmd_backup_dumpxml = {.name = "backup-dumpxml",
                                           .group = "Devices",
                                           .summary = "dump XML for an ongoing domain block backup job",
                                           .example =
                                               "backup-dumpxml share\nbackup-dumpxml share --xpath //target/@file",
                                           .opts = xml_opts,
                                           .flags = CMD_CONN | CMD_READS,
                                           .view = {VIEW_TEXT},
                                           .run = run_xml};
