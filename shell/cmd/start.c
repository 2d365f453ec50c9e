// SPDX-License-Identifier: GPL-3.0-or-later
// Start a defined domain, or a transient one from a local file (create).
#include "cmd/commands.h"
#include "cmd/power.h"
#include "io/virt_info.h"
#include "io/virt_lifecycle.h"
#include "io/xml.h"

enum { SUBJECT, PAUSED, AUTODESTROY, PASS_FDS, RESET_NVRAM, BYPASS_CACHE, FORCE_BOOT, VALIDATE = BYPASS_CACHE };

#define COMMON_OPTS                                                                                                    \
    [PAUSED] = {"paused", OPT_BOOL, 0, "leave the guest paused after creation"},                                       \
    [AUTODESTROY] = {"autodestroy", OPT_BOOL, 0, "automatically destroy the guest when migsh ends"},                   \
    [PASS_FDS] = {"pass-fds", OPT_STRING, 0, "pass file descriptors N,M,... to the guest"},                            \
    [RESET_NVRAM] = {"reset-nvram", OPT_BOOL, 0, "re-initialize NVRAM from its pristine template"}

static const struct opt_def start_opts[] = {
    [SUBJECT] = {"domain", OPT_DOMAIN, OPTF_POS | OPTF_REQ, "name of the inactive domain"},
    COMMON_OPTS,
    [BYPASS_CACHE] = {"bypass-cache", OPT_BOOL, 0, "avoid file system cache when loading"},
    [FORCE_BOOT] = {"force-boot", OPT_BOOL, 0, "force fresh boot by discarding any managed save"},
    {NULL},
};

static const struct opt_def create_opts[] = {
    [SUBJECT] = {"file", OPT_PATH, OPTF_POS | OPTF_REQ, "file containing an XML domain description"},
    COMMON_OPTS,
    [VALIDATE] = {"validate", OPT_BOOL, 0, "validate the XML against the schema"},
    {NULL},
};

static unsigned common_flags(const struct cmd_call *c)
{
    return (c->vals[PAUSED].b ? VIRT_START_PAUSED : 0) | (c->vals[AUTODESTROY].b ? VIRT_START_AUTODESTROY : 0) |
           (c->vals[RESET_NVRAM].b ? VIRT_START_RESET_NVRAM : 0);
}

static int run_start(struct cmd_call *c, struct err *e)
{
    struct virt_dom *dom = c->vals[SUBJECT].dom;
    _cleanup_free_ int *fds = NULL;
    size_t n = 0;
    if (c->vals[PASS_FDS].s && parse_fds(c->vals[PASS_FDS].s, &fds, &n, e) < 0)
        return -1;
    // Asked first, as virsh does: drivers word it in different ways.
    if (virt_dom_id(dom) >= 0) {
        err_set(e, ERR_STATE, "domain '%s' is already active", virt_dom_name(dom));
        return err_hint(e, "reboot restarts the guest, resume continues one that is paused");
    }
    if (domain_runs_once(c, virt_dom_name(dom), virt_dom_uuid(dom), false, e) < 0)
        return err_wrap(e, "not started");
    unsigned flags = common_flags(c) | (c->vals[BYPASS_CACHE].b ? VIRT_START_BYPASS_CACHE : 0) |
                     (c->vals[FORCE_BOOT].b ? VIRT_START_FORCE_BOOT : 0);
    if (virt_dom_start(dom, flags, fds, n, e) < 0)
        return domain_failed(dom, "start", "domstate shows what it is doing", e);
    domain_result(c, dom);
    return 0;
}

// A description without a UUID is of a new guest: nobody can have it. One that cannot be read is libvirt's to refuse.
static int created_runs_once(struct cmd_call *c, const char *xml, struct err *e)
{
    _cleanup_err_ struct err ignored = ERR_INIT;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    if (xml_parse(xml, &doc, &ignored) < 0)
        return 0;
    _cleanup_free_ char *uuid = xml_string(doc, NULL, "normalize-space(/domain/uuid)");
    _cleanup_free_ char *name = xml_string(doc, NULL, "string(/domain/name)");
    return uuid ? domain_runs_once(c, name ? name : uuid, uuid, false, e) : 0;
}

static int run_create(struct cmd_call *c, struct err *e)
{
    const char *path = c->vals[SUBJECT].s;
    _cleanup_free_ char *xml = NULL;
    _cleanup_free_ int *fds = NULL;
    size_t n = 0;
    if (c->vals[PASS_FDS].s && parse_fds(c->vals[PASS_FDS].s, &fds, &n, e) < 0)
        return -1;
    if (domain_read_file(path, &xml, e) < 0)
        return -1;
    if (created_runs_once(c, xml, e) < 0)
        return err_wrap(e, "not created from %s", path);
    _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
    unsigned flags = common_flags(c) | (c->vals[VALIDATE].b ? VIRT_START_VALIDATE : 0);
    if (virt_dom_create(c->conn, xml, flags, fds, n, &dom, e) < 0)
        return err_wrap(e, "failed to create domain from %s", path);
    domain_result(c, dom);
    json_object_set_new(c->result, "file", json_string(path));
    return 0;
}

// Not cmd_start: that is the function of the dispatcher.
const struct cmd_def cmd_start_domain = {
    .name = "start",
    .group = "Domains",
    .summary = "start a (previously defined) inactive domain",
    .help = "From its managed save where there is one, else by a fresh boot. Refused while\n"
            "another hypervisor of the inventory has the same guest (by its UUID) active; one that does\n"
            "not answer within 5 s is warned of.",
    .example = "start share\nstart share --paused",
    .opts = start_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Domain '{name}' started"},
    .run = run_start};

const struct cmd_def cmd_create = {
    .name = "create",
    .group = "Domains",
    .summary = "create a domain from an XML file",
    .help = "A transient domain: it is gone when it stops. The file is read here, on the admin's machine. Refused, as\n"
            "start is, while another hypervisor has a guest of the same UUID active.",
    .example = "create share.xml --paused",
    .opts = create_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE, .message = "Domain '{name}' created from {file}"},
    .run = run_create};
