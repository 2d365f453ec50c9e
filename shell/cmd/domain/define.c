// SPDX-License-Identifier: GPL-3.0-or-later
// Define a domain from a local file of XML.
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/domain/power.h"
#include "cmd/rows.h"
#include "io/virt/xml.h"

enum { FILE_OPT, VALIDATE };

static const struct opt_def opts[] = {
    [FILE_OPT] = {"file", OPT_PATH, OPTF_POS | OPTF_REQ, "file containing an XML domain description"},
    [VALIDATE] = VALIDATE_ROW(0),
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    const char *path = c->vals[FILE_OPT].s;
    _cleanup_free_ char *xml = NULL;
    _cleanup_(virt_dom_free_p) struct virt_dom *dom = NULL;
    if (domain_read_file(path, &xml, e) < 0)
        return -1;
    if (virt_dom_define(c->conn, xml, c->vals[VALIDATE].b, &dom, e) < 0)
        return err_wrap(e, "failed to define domain from %s", path);
    domain_result(c, dom);
    json_object_set_new(c->result, "file", json_text(path));
    return 0;
}

const struct cmd_def cmd_define = {.name = "define",
                                   .group = "Domains",
                                   .summary = "define (but don't start) a domain from an XML file",
                                   .help = "The file is read here, on the admin's machine.",
                                   .example = "define share.xml --validate\ndefine share.xml --node dest",
                                   .opts = opts,
                                   .flags = CMD_CONN,
                                   .view = {VIEW_NONE, .message = "Domain '{name}' defined from {file}"},
                                   .run = run};
