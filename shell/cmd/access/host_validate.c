// SPDX-License-Identifier: GPL-3.0-or-later
// virt-host-validate of nodes.
#include "cmd/access/findings.h"
#include "cmd/commands.h"
#include "core/access/access.h"

enum { NODES, DRIVER };

static const char *const drivers[] = {"qemu", "lxc", "bhyve", "ch", "all", NULL};

static const struct opt_def opts[] = {
    [NODES] = {"nodes", OPT_NODES, OPTF_POS | OPTF_REQ | OPTF_HYPERVISORS, "which: NODE[,NODE…] or all"},
    [DRIVER] = {"driver", OPT_ENUM, OPTF_POS, "for which hypervisor", .choices = drivers, .def = "qemu"},
    {NULL},
};

static int run(struct cmd_call *c, struct err *e)
{
    const struct opt_val *v = &c->vals[NODES];
    const char *driver = c->vals[DRIVER].s;
    return access_validate(c->ctx, c->job, v->nodes, v->n_nodes, driver[0] == 'a' ? "" : driver, &c->result, e);
}

const struct cmd_def cmd_host_validate = {
    .name = "host-validate",
    .group = "Nodes",
    .summary = "what virt-host-validate finds on nodes",
    .help =
        "Runs libvirt's own virt-host-validate there: virtualization by the CPU, /dev/kvm, cgroups, IOMMU. Its hints\n"
        "are the remedies. It knows nothing of migrations: preflight does. Fails with status 12 where it fails.",
    .example = "host-validate source,dest\nhost-validate all all",
    .opts = opts,
    .flags = CMD_READS,
    .view = {VIEW_CUSTOM, .render = findings_render},
    .run = run};
