// SPDX-License-Identifier: GPL-3.0-or-later
// Taking snapshots and checkpoints, and defining again what another host knew of them.
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "cmd/snapshot/snapshot.h"
#include "io/virt/snapshot.h"
#include "io/xml.h"

// The first two rows, and the flags that both commands have.
enum { DOMAIN, XMLFILE, NO_METADATA, HALT, DISK_ONLY, REUSE, QUIESCE, ATOMIC, LIVE, VALIDATE, FORCE, FLAGS_END };
enum { REDEFINE = FLAGS_END, CURRENT };
enum { PRINT_XML = XMLFILE, NAME = FLAGS_END, DESCRIPTION, DISKSPEC, MEMSPEC };

#define FLAG_ROWS                                                                                                      \
    [NO_METADATA] = {"no-metadata", OPT_BOOL, 0, "take snapshot but create no metadata",                               \
                     .bits = VIRT_SNAP_CREATE_NO_METADATA},                                                            \
    [HALT] = {"halt", OPT_BOOL, 0, "halt domain after snapshot is created", .bits = VIRT_SNAP_CREATE_HALT},            \
    [DISK_ONLY] = {"disk-only", OPT_BOOL, 0, "capture disk state but not vm state",                                    \
                   .bits = VIRT_SNAP_CREATE_DISK_ONLY},                                                                \
    [REUSE] = {"reuse-external", OPT_BOOL, 0, "reuse any existing external files",                                     \
               .bits = VIRT_SNAP_CREATE_REUSE_EXT},                                                                    \
    [QUIESCE] = {"quiesce", OPT_BOOL, 0, "quiesce guest's file systems", .bits = VIRT_SNAP_CREATE_QUIESCE},            \
    [ATOMIC] = {"atomic", OPT_BOOL, 0, "require atomic operation", .bits = VIRT_SNAP_CREATE_ATOMIC},                   \
    [LIVE] = {"live", OPT_BOOL, 0, "take a live snapshot", .bits = VIRT_SNAP_CREATE_LIVE},                             \
    [VALIDATE] = VALIDATE_ROW(VIRT_SNAP_CREATE_VALIDATE), [FORCE] = FORCE_ROW

static const struct opt_def create_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [XMLFILE] = {"xmlfile", OPT_PATH, OPTF_POS, "domain snapshot XML, a file here, on the admin's machine"},
    FLAG_ROWS,
    [REDEFINE] = {"redefine", OPT_BOOL, 0, "redefine metadata for existing snapshot", .bits = VIRT_SNAP_CREATE_REDEFINE,
                  .needs = "xmlfile"},
    [CURRENT] = {"current", OPT_BOOL, 0, "set current snapshot", .bits = VIRT_SNAP_CREATE_CURRENT, .needs = "redefine"},
    {NULL},
};
// In place of XMLFILE the switch that prints, so that the flags have the same places.
static const struct opt_def as_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [PRINT_XML] = {"print-xml", OPT_BOOL, 0, "print XML document rather than create"},
    FLAG_ROWS,
    [NAME] = {"name", OPT_STRING, OPTF_POS, "name of snapshot"},
    [DESCRIPTION] = {"description", OPT_STRING, OPTF_POS, "description of snapshot"},
    [DISKSPEC] = {"diskspec", OPT_STRING, OPTF_POS | OPTF_MULTI,
                  "disk attributes: disk[,snapshot=type][,driver=type][,stype=type][,file=name]"},
    [MEMSPEC] = {"memspec", OPT_STRING, 0, "memory attributes: [file=]name[,snapshot=type]"},
    {NULL},
};

enum { C_REDEFINE = XMLFILE + 1, C_REDEFINE_VALIDATE, C_QUIESCE };
static const struct opt_def checkpoint_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [XMLFILE] = {"xmlfile", OPT_PATH, OPTF_POS, "domain checkpoint XML, a file here, on the admin's machine"},
    [C_REDEFINE] = {"redefine", OPT_BOOL, 0, "redefine metadata for existing checkpoint",
                    .bits = VIRT_CHECKPOINT_CREATE_REDEFINE, .needs = "xmlfile"},
    [C_REDEFINE_VALIDATE] = {"redefine-validate", OPT_BOOL, 0, "validate the redefined checkpoint",
                             .bits = VIRT_CHECKPOINT_CREATE_REDEFINE | VIRT_CHECKPOINT_CREATE_REDEFINE_VALIDATE,
                             .needs = "xmlfile"},
    [C_QUIESCE] = {"quiesce", OPT_BOOL, 0, "quiesce guest's file systems", .bits = VIRT_CHECKPOINT_CREATE_QUIESCE},
    {NULL},
};

enum { AS_NAME = 1, AS_DESCRIPTION, AS_PRINT_XML, AS_QUIESCE, AS_DISKSPEC };
static const struct opt_def checkpoint_as_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [AS_NAME] = {"name", OPT_STRING, OPTF_POS, "name of checkpoint"},
    [AS_DESCRIPTION] = {"description", OPT_STRING, OPTF_POS, "description of checkpoint"},
    [AS_PRINT_XML] = {"print-xml", OPT_BOOL, 0, "print XML document rather than create"},
    [AS_QUIESCE] = {"quiesce", OPT_BOOL, 0, "quiesce guest's file systems", .bits = VIRT_CHECKPOINT_CREATE_QUIESCE},
    [AS_DISKSPEC] = {"diskspec", OPT_STRING, OPTF_POS | OPTF_MULTI,
                     "disk attributes: disk[,checkpoint=type][,bitmap=name]"},
    {NULL},
};

static int create(struct cmd_call *c, const char *xml, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    _cleanup_free_ char *name = NULL;
    if (!(cmd_bits(c) & VIRT_SNAP_CREATE_REDEFINE) && domain_refuse_elsewhere(c, dom, c->vals[FORCE].b, e) < 0)
        return err_wrap(e, "no snapshot was taken");
    if (virt_snap_create(dom, xml, cmd_bits(c), &name, e) < 0)
        return domain_failed(dom, "take a snapshot of", NULL, e);
    snapshot_result(c, dom, "snapshot", name);
    if (c->vals[NO_METADATA].b)
        snapshot_gone(c, dom, "snapshot", name);
    return 0;
}

static int run_create(struct cmd_call *c, struct err *e)
{
    static const struct view from_file = {VIEW_NONE, .message = "Domain snapshot {name} created from '{file}'"};
    const char *path = c->vals[XMLFILE].s;
    _cleanup_free_ char *xml = NULL;
    if (path && object_read_file(path, &xml, e) < 0)
        return -1;
    if (create(c, xml ? xml : "<domainsnapshot/>", e) < 0)
        return -1;
    if (path) {
        json_object_set_new(c->result, "file", json_text(path));
        c->view = &from_file;
    }
    return 0;
}

// Splits "a,b=c,,d" at single commas; two stand for one.
static void split_spec(struct strv *out, const char *spec)
{
    struct buf b = BUF_INIT;
    for (const char *s = spec;; s++) {
        if (*s && (*s != ',' || s[1] == ',')) {
            s += *s == ',';
            buf_addc(&b, *s);
            continue;
        }
        strv_take(out, buf_steal(&b));
        b = (struct buf)BUF_INIT;
        if (!*s)
            return;
    }
}

// The value of the word KEY=…, or NULL; what is taken is not left over.
static const char *take_word(struct strv *words, const char *key)
{
    size_t n = strlen(key);
    for (size_t i = 0; i < words->n; i++) {
        if (strncmp(words->s[i], key, n) == 0 && words->s[i][n] == '=') {
            words->s[i][0] = '\0'; // marks it; the value stays
            return words->s[i] + n + 1;
        }
    }
    return NULL;
}

static int check_taken(const struct strv *words, size_t from, const char *what, const char *spec, struct err *e)
{
    for (size_t i = from; i < words->n; i++) {
        if (words->s[i][0])
            return err_set(e, ERR_USAGE, "unable to parse %s: %s", what, spec);
    }
    return 0;
}

static int add_memory(struct buf *b, const char *spec, struct err *e)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    split_spec(&words, spec);
    const char *snapshot = take_word(&words, "snapshot"), *file = take_word(&words, "file");
    bool bare = !file && words.s[0][0];
    if (bare)
        file = words.s[0];
    if (check_taken(&words, bare, "memspec", spec, e) < 0)
        return -1;
    buf_adds(b, "  <memory");
    xml_add_attribute(b, "snapshot", snapshot);
    xml_add_attribute(b, "file", file);
    buf_adds(b, "/>\n");
    return 0;
}

static int add_disk(struct buf *b, const char *spec, struct err *e)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    split_spec(&words, spec);
    const char *snapshot = take_word(&words, "snapshot"), *driver = take_word(&words, "driver");
    const char *type = take_word(&words, "stype"), *file = take_word(&words, "file");
    if (!words.s[0][0] || check_taken(&words, 1, "diskspec", spec, e) < 0)
        return err_set(e, ERR_USAGE, "unable to parse diskspec: %s", spec);
    if (type && strcmp(type, "file") != 0 && strcmp(type, "block") != 0)
        return err_set(e, ERR_USAGE, "unknown storage type '%s': file or block", type);
    buf_adds(b, "    <disk");
    xml_add_attribute(b, "name", words.s[0]);
    xml_add_attribute(b, "snapshot", snapshot);
    xml_add_attribute(b, "type", type);
    if (!driver && !file) {
        buf_adds(b, "/>\n");
        return 0;
    }
    buf_adds(b, ">\n");
    if (driver) {
        buf_adds(b, "      <driver");
        xml_add_attribute(b, "type", driver);
        buf_adds(b, "/>\n");
    }
    if (file) {
        buf_adds(b, "      <source");
        xml_add_attribute(b, type && strcmp(type, "block") == 0 ? "dev" : "file", file);
        buf_adds(b, "/>\n");
    }
    buf_adds(b, "    </disk>\n");
    return 0;
}

static int run_create_as(struct cmd_call *c, struct err *e)
{
    const struct strv *disks = &c->vals[DISKSPEC].list;
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_adds(&b, "<domainsnapshot>\n");
    xml_add_element(&b, 2, "name", c->vals[NAME].s);
    xml_add_element(&b, 2, "description", c->vals[DESCRIPTION].s);
    if (c->vals[MEMSPEC].s && add_memory(&b, c->vals[MEMSPEC].s, e) < 0)
        return -1;
    if (disks->n)
        buf_adds(&b, "  <disks>\n");
    for (size_t i = 0; i < disks->n; i++) {
        if (add_disk(&b, disks->s[i], e) < 0)
            return -1;
    }
    buf_addf(&b, "%s</domainsnapshot>\n", disks->n ? "  </disks>\n" : "");
    return c->vals[PRINT_XML].b ? object_print_xml(c, buf_str(&b)) : create(c, buf_str(&b), e);
}

static int create_checkpoint(struct cmd_call *c, const char *xml, struct err *e)
{
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    _cleanup_free_ char *name = NULL;
    if (virt_checkpoint_create(dom, xml, cmd_bits(c), &name, e) < 0)
        return domain_failed(dom, "make a checkpoint of", NULL, e);
    snapshot_result(c, dom, "checkpoint", name);
    return 0;
}

static int run_checkpoint(struct cmd_call *c, struct err *e)
{
    const char *path = c->vals[XMLFILE].s;
    _cleanup_free_ char *xml = NULL;
    if (path && object_read_file(path, &xml, e) < 0)
        return -1;
    return create_checkpoint(c, xml ? xml : "<domaincheckpoint/>", e);
}

static int add_checkpoint_disk(struct buf *b, const char *spec, struct err *e)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    split_spec(&words, spec);
    const char *checkpoint = take_word(&words, "checkpoint"), *bitmap = take_word(&words, "bitmap");
    if (!words.s[0][0] || check_taken(&words, 1, "diskspec", spec, e) < 0)
        return err_set(e, ERR_USAGE, "unable to parse diskspec: %s", spec);
    buf_adds(b, "    <disk");
    xml_add_attribute(b, "name", words.s[0]);
    xml_add_attribute(b, "checkpoint", checkpoint);
    xml_add_attribute(b, "bitmap", bitmap);
    buf_adds(b, "/>\n");
    return 0;
}

static int run_checkpoint_as(struct cmd_call *c, struct err *e)
{
    const struct strv *disks = &c->vals[AS_DISKSPEC].list;
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_adds(&b, "<domaincheckpoint>\n");
    xml_add_element(&b, 2, "name", c->vals[AS_NAME].s);
    xml_add_element(&b, 2, "description", c->vals[AS_DESCRIPTION].s);
    if (disks->n)
        buf_adds(&b, "  <disks>\n");
    for (size_t i = 0; i < disks->n; i++) {
        if (add_checkpoint_disk(&b, disks->s[i], e) < 0)
            return -1;
    }
    buf_addf(&b, "%s</domaincheckpoint>\n", disks->n ? "  </disks>\n" : "");
    return c->vals[AS_PRINT_XML].b ? object_print_xml(c, buf_str(&b)) : create_checkpoint(c, buf_str(&b), e);
}

const struct cmd_def cmd_checkpoint_create = {
    .name = "checkpoint-create",
    .group = "Snapshots",
    .summary = "create a checkpoint from XML",
    .help =
        "With --redefine nothing is created in the images: libvirt is told of a checkpoint that they already have, as\n"
        "after a domain was moved.",
    .example = "checkpoint-create share daily.xml\ncheckpoint-create share daily.xml --redefine --node dest",
    .opts = checkpoint_opts,
    .flags = CMD_CONN | CMD_EXACT,
    .view = {VIEW_NONE, .message = "Domain checkpoint {name} created"},
    .run = run_checkpoint};

const struct cmd_def cmd_checkpoint_create_as = {
    .name = "checkpoint-create-as",
    .group = "Snapshots",
    .summary = "create a checkpoint from a set of args",
    .example = "checkpoint-create-as share daily\n"
               "checkpoint-create-as share daily --diskspec vda,bitmap=daily --diskspec vdb,checkpoint=no",
    .opts = checkpoint_as_opts,
    .flags = CMD_CONN | CMD_EXACT,
    .view = {VIEW_NONE, .message = "Domain checkpoint {name} created"},
    .run = run_checkpoint_as};

const struct cmd_def cmd_snapshot_create = {
    .name = "snapshot-create",
    .group = "Snapshots",
    .summary = "create a snapshot (disk and RAM) from XML",
    .help = "With --redefine no snapshot is taken: libvirt is told of one that the images already have, as after a\n"
            "domain was moved. Of a domain that is off none is taken where it was moved away or runs elsewhere, or a\n"
            "node that may run it does not answer.",
    .example = "snapshot-create share\nsnapshot-create share before.xml --redefine --node dest",
    .opts = create_opts,
    .flags = CMD_CONN | CMD_EXACT,
    .view = {VIEW_NONE, .message = "Domain snapshot {name} created"},
    .run = run_create};

const struct cmd_def cmd_snapshot_create_as = {
    .name = "snapshot-create-as",
    .group = "Snapshots",
    .summary = "create a snapshot (disk and RAM) from arguments",
    .help = "Refused as snapshot-create is.",
    .example = "snapshot-create-as share before-upgrade 'as it was on Monday'\n"
               "snapshot-create-as share over --disk-only --diskspec vda,snapshot=external,file=/images/over.qcow2",
    .opts = as_opts,
    .flags = CMD_CONN | CMD_EXACT,
    .view = {VIEW_NONE, .message = "Domain snapshot {name} created"},
    .run = run_create_as};
