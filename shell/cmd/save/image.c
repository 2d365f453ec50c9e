// SPDX-License-Identifier: GPL-3.0-or-later
// The definition that is in a file of a saved guest: one that `save` made, or libvirt's own (managedsave). Shown,
// replaced, edited.
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "cmd/save/file.h"
#include "io/virt/save.h"
#include "io/virt/xml.h"
#include "io/xml.h"

enum { SUBJECT };
#define IMAGE_ROW                                                                                                      \
    {                                                                                                                  \
        "file", OPT_STRING, OPTF_POS | OPTF_REQ, "saved state file, on the host"                                       \
    }

enum { SECURITY_INFO = SUBJECT + 1, XPATH, WRAP };
#define DUMPXML_ROWS                                                                                                   \
    [SECURITY_INFO] = SECURE_ROW(VIRT_XML_SECURE), [XPATH] = XPATH_ROW, [WRAP] = WRAP_ROW,                             \
    {                                                                                                                  \
        NULL                                                                                                           \
    }
static const struct opt_def image_dumpxml_opts[] = {[SUBJECT] = IMAGE_ROW, DUMPXML_ROWS};
static const struct opt_def managed_dumpxml_opts[] = {[SUBJECT] = DOMAIN_ROW, DUMPXML_ROWS};

enum { XML = SUBJECT + 1, DEFINE_RUNNING, DEFINE_PAUSED };
enum { EDIT_RUNNING = SUBJECT + 1, EDIT_PAUSED };
#define RUNNING_ROW                                                                                                    \
    {                                                                                                                  \
        "running", OPT_BOOL, 0, "set domain to be running on restore", .bits = VIRT_SAVE_RUNNING, .excludes = "paused" \
    }
#define PAUSED_ROW                                                                                                     \
    {                                                                                                                  \
        "paused", OPT_BOOL, 0, "set domain to be paused on restore", .bits = VIRT_SAVE_PAUSED                          \
    }
#define DEFINE_ROWS                                                                                                    \
    [XML] = {"xml", OPT_PATH, OPTF_POS | OPTF_REQ, "filename containing updated XML for the target"},                  \
    [DEFINE_RUNNING] = RUNNING_ROW, [DEFINE_PAUSED] = PAUSED_ROW,                                                      \
    {                                                                                                                  \
        NULL                                                                                                           \
    }
#define EDIT_ROWS                                                                                                      \
    [EDIT_RUNNING] = RUNNING_ROW, [EDIT_PAUSED] = PAUSED_ROW,                                                          \
    {                                                                                                                  \
        NULL                                                                                                           \
    }
static const struct opt_def image_define_opts[] = {[SUBJECT] = IMAGE_ROW, DEFINE_ROWS};
static const struct opt_def managed_define_opts[] = {[SUBJECT] = DOMAIN_ROW, DEFINE_ROWS};
static const struct opt_def image_edit_opts[] = {[SUBJECT] = IMAGE_ROW, EDIT_ROWS};
static const struct opt_def managed_edit_opts[] = {[SUBJECT] = DOMAIN_ROW, EDIT_ROWS};

// Of a domain, or of a file.
static int read_xml(struct cmd_call *c, unsigned flags, char **ret, struct err *e)
{
    struct virt_dom *dom = c->vals[SUBJECT].dom;
    return dom ? virt_managed_save_xml(dom, flags, ret, e)
               : virt_save_image_xml(c->conn, c->vals[SUBJECT].s, flags, ret, e);
}

// The file is written anew, and with it its time, by which start and restore see that a disk has gone on since: where
// that is not known either, the only evidence of it would be gone.
static int refuse_old(struct cmd_call *c, struct err *e)
{
    _cleanup_saved_ struct saved s = {.was_running = true};
    _cleanup_free_ char *xml = NULL, *name = NULL, *why = NULL;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    struct virt_dom *dom = c->vals[SUBJECT].dom;
    const char *path = c->vals[SUBJECT].s;
    if (!dom && (read_xml(c, 0, &xml, e) < 0 || xml_parse(xml, &doc, e) < 0))
        return -1;
    if (!dom)
        name = xml_string(doc, NULL, "string(/domain/name)");
    const struct save_of it = {dom ? virt_dom_name(dom) : name ? name : "?", dom, path, xml};
    if (save_look(c, &it, false, &s, &why, e) < 0)
        return e->code == ERR_CANCELLED
                   ? -1
                   : err_hint(e, "node-add lets migsh look at the host's files; %s %s resumes from it unchanged",
                              dom ? "start" : "restore", dom ? it.name : path);
    if (!why)
        return 0;
    save_refuse(why, e);
    return dom ? err_hint(e, "managedsave-remove %s discards it; start %s --force resumes from it unchanged", it.name,
                          it.name)
               : err_hint(e,
                          "start %s boots it from its disks; restore %s --xml FILE --force resumes from it with "
                          "another definition",
                          it.name, path);
}

static int write_xml(struct cmd_call *c, const char *xml, struct err *e)
{
    struct virt_dom *dom = c->vals[SUBJECT].dom;
    unsigned flags = cmd_bits(c);
    if (refuse_old(c, e) < 0)
        return -1;
    return dom ? virt_managed_save_define(dom, xml, flags, e)
               : virt_save_image_define(c->conn, c->vals[SUBJECT].s, xml, flags, e);
}

static void result(struct cmd_call *c)
{
    if (c->vals[SUBJECT].dom) {
        domain_result(c, c->vals[SUBJECT].dom);
        return;
    }
    c->result = json_object();
    json_object_set_new(c->result, "file", json_text(c->vals[SUBJECT].s));
    object_add_node(c);
}

static int run_dumpxml(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    return read_xml(c, cmd_bits(c), &xml, e) < 0 ? -1 : object_xml_result(c, xml, XPATH, WRAP, e);
}

static int run_define(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    if (object_read_file(c->vals[XML].s, &xml, e) < 0)
        return -1;
    if (write_xml(c, xml, e) < 0)
        return err_wrap(e, "failed to update %s", c->vals[SUBJECT].s);
    result(c);
    return 0;
}

static int read_for_edit(void *data, char **ret, struct err *e)
{
    return read_xml(data, VIRT_XML_SECURE, ret, e);
}

static int define_edited(struct cmd_call *c, const char *xml, bool validate, struct err *e)
{
    (void)validate;
    if (write_xml(c, xml, e) < 0)
        return -1;
    result(c);
    return 0;
}

static int run_edit(struct cmd_call *c, struct err *e)
{
    static const struct view of_image = {VIEW_NONE, .message = "Saved image {file} XML configuration not changed."},
                             of_domain = {VIEW_NONE,
                                          .message =
                                              "Managed save image of domain '{name}' XML configuration not changed."};
    bool image = !c->vals[SUBJECT].dom;
    struct object_edit how = {image ? "saved image" : "managed save image of domain",
                              image ? "save-image-dumpxml and save-image-define"
                                    : "managedsave-dumpxml and managedsave-define",
                              image ? &of_image : &of_domain,
                              read_for_edit,
                              c,
                              define_edited,
                              .always = cmd_bits(c) != 0};
    if (refuse_old(c, e) < 0) // before the work, and again before it is written
        return -1;
    result(c);
    return object_edit(c, &how, e);
}

#define ABI_HELP                                                                                                       \
    "Only what the guest does not see may differ, such as the paths of its disks or its bridge; libvirt refuses the\n" \
    "rest. It is also refused if a disk was written to after the save, or if that cannot be told: the file would\n"    \
    "look newer than the disk."

const struct cmd_def cmd_save_image_dumpxml = {.name = "save-image-dumpxml",
                                               .group = "Domains",
                                               .summary = "saved state domain information in XML",
                                               .example = "save-image-dumpxml /var/tmp/share.save --xpath //disk",
                                               .opts = image_dumpxml_opts,
                                               .flags = CMD_CONN | CMD_READS,
                                               .view = {VIEW_TEXT},
                                               .run = run_dumpxml};

const struct cmd_def cmd_save_image_define = {.name = "save-image-define",
                                              .group = "Domains",
                                              .summary = "redefine the XML for a domain's saved state file",
                                              .help = ABI_HELP,
                                              .example = "save-image-define /var/tmp/share.save share.xml",
                                              .opts = image_define_opts,
                                              .flags = CMD_CONN,
                                              .view = {VIEW_NONE, .message = "State file {file} updated."},
                                              .run = run_define};

const struct cmd_def cmd_save_image_edit = {.name = "save-image-edit",
                                            .group = "Domains",
                                            .summary = "edit XML for a domain's saved state file",
                                            .help = EDIT_HELP ABI_HELP,
                                            .example = "save-image-edit /var/tmp/share.save",
                                            .opts = image_edit_opts,
                                            .flags = CMD_CONN,
                                            .view = {VIEW_NONE, .message = "State file {file} edited."},
                                            .run = run_edit};

const struct cmd_def cmd_managedsave_dumpxml = {.name = "managedsave-dumpxml",
                                                .group = "Domains",
                                                .summary = "Domain information of managed save state file in XML",
                                                .example = "managedsave-dumpxml share --security-info",
                                                .opts = managed_dumpxml_opts,
                                                .flags = CMD_CONN | CMD_READS | CMD_EXACT,
                                                .view = {VIEW_TEXT},
                                                .run = run_dumpxml};

const struct cmd_def cmd_managedsave_define = {
    .name = "managedsave-define",
    .group = "Domains",
    .summary = "redefine the XML for a domain's managed save state file",
    .help = ABI_HELP,
    .example = "managedsave-define share share.xml --paused",
    .opts = managed_define_opts,
    .flags = CMD_CONN | CMD_EXACT,
    .view = {VIEW_NONE, .message = "Managed save state file of domain '{name}' updated."},
    .run = run_define};

const struct cmd_def cmd_managedsave_edit = {
    .name = "managedsave-edit",
    .group = "Domains",
    .summary = "edit XML for a domain's managed save state file",
    .help = EDIT_HELP ABI_HELP,
    .example = "managedsave-edit share",
    .opts = managed_edit_opts,
    .flags = CMD_CONN | CMD_EXACT,
    .view = {VIEW_NONE, .message = "Managed save image of Domain '{name}' XML configuration edited."},
    .run = run_edit};
