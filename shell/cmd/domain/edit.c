// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's definition in an editor.
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "core/console/editor.h"
#include "io/virt/xml.h"

enum { DOMAIN, SKIP_VALIDATE };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [SKIP_VALIDATE] = {"skip-validate", OPT_BOOL, 0, "skip validation of the XML against the schema"},
    {NULL},
};

static int read_xml(void *data, char **ret, struct err *e)
{
    struct cmd_call *c = data;
    return virt_dom_xml(c->vals[DOMAIN].dom, VIRT_XML_INACTIVE | VIRT_XML_SECURE, ret, e);
}

static int write_xml(void *data, const char *text, struct err *e)
{
    struct cmd_call *c = data;
    _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
    if (virt_dom_define(virt_dom_conn(c->vals[DOMAIN].dom), text, !c->vals[SKIP_VALIDATE].b, &dom, e) < 0)
        return domain_failed(c->vals[DOMAIN].dom, "define", NULL, e);
    json_decref(c->result);
    domain_result(c, dom);
    return 0;
}

static int run(struct cmd_call *c, struct err *e)
{
    static const struct view unchanged = {VIEW_NONE, .message = "Domain '{name}' XML configuration not changed."};
    _cleanup_free_ char *what = xasprintf("domain '%s'", virt_dom_name(c->vals[DOMAIN].dom));
    struct editor ed = {what, "dumpxml --inactive --security-info and define", read_xml, write_xml, c};
    domain_result(c, c->vals[DOMAIN].dom);
    return object_edit(c, &ed, &unchanged, e);
}

const struct cmd_def cmd_edit = {.name = "edit",
                                 .group = "Domains",
                                 .summary = "edit XML configuration for a domain",
                                 .help = EDIT_HELP "A running guest goes on as it is\nuntil it is started anew.",
                                 .example = "edit share\nedit share@dest --skip-validate",
                                 .opts = opts,
                                 .flags = CMD_CONN | CMD_EXACT,
                                 .view = {VIEW_NONE, .message = "Domain '{name}' XML configuration edited."},
                                 .run = run};
