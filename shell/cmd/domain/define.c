// SPDX-License-Identifier: GPL-3.0-or-later
// A domain defined, from a local file of XML or in an editor.
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "io/virt/xml.h"

enum { FILE_OPT, VALIDATE };
enum { DOMAIN, SKIP_VALIDATE };

static const struct opt_def file_opts[] = {
    [FILE_OPT] = FILE_ROW("file containing an XML domain description"),
    [VALIDATE] = VALIDATE_ROW(0),
    {NULL},
};

static const struct opt_def edit_opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [SKIP_VALIDATE] = {"skip-validate", OPT_BOOL, 0, "skip validation of the XML against the schema"},
    {NULL},
};

static int define(struct cmd_call *c, const char *xml, bool validate, struct err *e)
{
    _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
    if (virt_dom_define(c->conn, xml, validate, &dom, e) < 0)
        return -1;
    domain_result(c, dom);
    return 0;
}

static int run_define(struct cmd_call *c, struct err *e)
{
    return object_from_file(c, FILE_OPT, "define", "domain", define, e);
}

static int read_xml(void *dom, char **ret, struct err *e)
{
    return virt_dom_xml(dom, VIRT_XML_INACTIVE | VIRT_XML_SECURE, ret, e);
}

static int run_edit(struct cmd_call *c, struct err *e)
{
    static const struct view unchanged = {VIEW_NONE, .message = "Domain '{name}' XML configuration not changed."};
    struct virt_dom *dom = c->vals[DOMAIN].dom;
    struct object_edit how = {"domain",
                              "dumpxml --inactive --security-info and define",
                              &unchanged,
                              read_xml,
                              dom,
                              define,
                              !c->vals[SKIP_VALIDATE].b};
    domain_result(c, dom);
    return object_edit(c, &how, e);
}

const struct cmd_def cmd_define = {.name = "define",
                                   .group = "Domains",
                                   .summary = "define (but don't start) a domain from an XML file",
                                   .help = "The file is read here, on the admin's machine.",
                                   .example = "define share.xml --validate\ndefine share.xml --node dest",
                                   .opts = file_opts,
                                   .flags = CMD_CONN,
                                   .view = {VIEW_NONE, .message = "Domain '{name}' defined from {file}"},
                                   .run = run_define};

const struct cmd_def cmd_edit = {.name = "edit",
                                 .group = "Domains",
                                 .summary = "edit XML configuration for a domain",
                                 .help = EDIT_HELP "A running guest goes on as it is\nuntil it is started anew.",
                                 .example = "edit share\nedit share@dest --skip-validate",
                                 .opts = edit_opts,
                                 .flags = CMD_CONN | CMD_EXACT,
                                 .view = {VIEW_NONE, .message = "Domain '{name}' XML configuration edited."},
                                 .run = run_edit};
