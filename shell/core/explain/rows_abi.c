// SPDX-License-Identifier: GPL-3.0-or-later
// What must be the same on both ends of a migration. See rows_priv.h.
#include "core/explain/rows_priv.h"

const struct explain_row explain_rows_abi[] = {
    {"abi-uuid", "Target domain uuid|Target domain name", "--xml is of another guest", EXPLAIN_HERE,
     "take dumpxml {G} --migratable, change what has to be, and give --dname for another name"},
    {"abi-cpu", "Target CPU|Target timer|Target TSC", "--xml, or what a hook made of it, has another CPU or clock",
     EXPLAIN_HERE, "take <cpu> and <clock> from dumpxml {G} --migratable as they are"},
    {"abi-memory",
     "Target domain max memory|Target domain current memory|Target domain vCPU|Target memory device|Target device dimm",
     "--xml has another size of memory or number of CPUs", EXPLAIN_HERE,
     "take <memory>, <currentMemory> and <vcpu> from dumpxml {G} --migratable as they are"},
    {"abi-address",
     "Target device PCI address|Target device address type|Target device drive address|Target device *address",
     "--xml puts a device to another place on its bus", EXPLAIN_HERE,
     "keep the <address> elements of dumpxml {G} --migratable"},
    {"abi", "Target *does not match source|Target *doesn't match source",
     "--xml, or what a hook made of it, changes what a running guest sees", EXPLAIN_HERE,
     "change only what is the host's: paths, bridges, graphics; start from dumpxml {G} --migratable"},
    {NULL},
};
