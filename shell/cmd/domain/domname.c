// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's three names: name, id, uuid. Any of them leads to any other.
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "io/virt/dom.h"

enum { DOMAIN };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    {NULL},
};

static int run_name(struct cmd_call *c, struct err *e)
{
    (void)e;
    c->result = json_text(virt_dom_name(c->vals[DOMAIN].dom));
    return 0;
}

static int run_uuid(struct cmd_call *c, struct err *e)
{
    (void)e;
    c->result = json_text(virt_dom_uuid(c->vals[DOMAIN].dom));
    return 0;
}

static int run_id(struct cmd_call *c, struct err *e)
{
    (void)e;
    int id = virt_dom_id(c->vals[DOMAIN].dom);
    c->result = id < 0 ? json_null() : json_integer(id); // null: not running, shown as "-"
    return 0;
}

const struct cmd_def cmd_domid = {.name = "domid",
                                  .group = "Domains",
                                  .summary = "convert a domain name or uuid to its id",
                                  .example = "domid share",
                                  .opts = opts,
                                  .flags = CMD_CONN | CMD_READS,
                                  .view = {VIEW_TEXT},
                                  .run = run_id};

const struct cmd_def cmd_domname = {.name = "domname",
                                    .group = "Domains",
                                    .summary = "convert a domain id or uuid to its name",
                                    .example = "domname 1",
                                    .opts = opts,
                                    .flags = CMD_CONN | CMD_READS,
                                    .view = {VIEW_TEXT},
                                    .run = run_name};

const struct cmd_def cmd_domuuid = {.name = "domuuid",
                                    .group = "Domains",
                                    .summary = "convert a domain name or id to its uuid",
                                    .example = "domuuid share",
                                    .opts = opts,
                                    .flags = CMD_CONN | CMD_READS,
                                    .view = {VIEW_TEXT},
                                    .run = run_uuid};
