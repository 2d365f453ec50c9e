// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's description.
#include "cmd/commands.h"
#include "cmd/objects.h"
#include "cmd/rows.h"
#include "io/virt/xml.h"

enum { DOMAIN, INACTIVE, SECURITY_INFO, UPDATE_CPU, MIGRATABLE, XPATH, WRAP };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    [INACTIVE] = {"inactive", OPT_BOOL, 0, "show inactive defined XML", .bits = VIRT_XML_INACTIVE},
    [SECURITY_INFO] = SECURE_ROW(VIRT_XML_SECURE),
    [UPDATE_CPU] = {"update-cpu", OPT_BOOL, 0, "update guest CPU according to host CPU", .bits = VIRT_XML_UPDATE_CPU},
    [MIGRATABLE] = {"migratable", OPT_BOOL, 0, "provide XML suitable for migrations", .bits = VIRT_XML_MIGRATABLE},
    [XPATH] = XPATH_ROW,
    [WRAP] = WRAP_ROW,
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    _cleanup_free_ char *xml = NULL;
    if (virt_dom_xml(c->vals[DOMAIN].dom, cmd_bits(c), &xml, e) < 0)
        return -1;
    return object_xml_result(c, xml, XPATH, WRAP, e);
}

const struct cmd_def cmd_dumpxml = {.name = "dumpxml",
                                    .group = "Domains",
                                    .summary = "domain information in XML",
                                    .example = "dumpxml share --inactive\ndumpxml share --xpath //disk/source",
                                    .opts = opts,
                                    .flags = CMD_CONN | CMD_READS,
                                    .view = {VIEW_TEXT},
                                    .run = run};
