// SPDX-License-Identifier: GPL-3.0-or-later
// Basic facts about a domain.
#include "cmd/commands.h"
#include "cmd/rows.h"
#include "io/virt/info.h"

enum { DOMAIN };

static const struct opt_def opts[] = {
    [DOMAIN] = DOMAIN_ROW,
    {NULL},
};

static const struct view_col cols[] = {
    {"id", "Id"},
    {"name", "Name"},
    {"uuid", "UUID"},
    {"os_type", "OS Type"},
    {"state", "State", .state = true},
    {"cpus", "CPU(s)"},
    {"cpu_time_s", "CPU time", "s"},
    {"max_memory_kib", "Max memory", " KiB"},
    {"memory_kib", "Used memory", " KiB"},
    {"persistent", "Persistent"},
    {"autostart", "Autostart", .yes = "enable", .no = "disable"},
    {"managed_save", "Managed save"},
    {"security_model", "Security model"},
    {"security_doi", "Security DOI"},
    {"security_label", "Security label"},
    {"messages", "Messages", .lines = true},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    return virt_dom_info(c->vals[DOMAIN].dom, &c->result, e);
}

const struct cmd_def cmd_dominfo = {.name = "dominfo",
                                    .group = "Domains",
                                    .summary = "domain information",
                                    .example = "dominfo share\ndominfo share@dest",
                                    .opts = opts,
                                    .flags = CMD_CONN | CMD_READS,
                                    .view = {VIEW_FIELDS, cols},
                                    .run = run};
