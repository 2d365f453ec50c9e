// SPDX-License-Identifier: GPL-3.0-or-later
// The rows, a table for each subject; explain.c has their order. In each, the more telling pattern stands first, and a
// NULL ends it. Texts are those of libvirt 9 to 12 and QEMU 7.2 to 10, whose wordings differ: hence the alternatives.
// Each row has a text in tests/unit/data/explain.tsv.
#pragma once

#include "core/explain/explain.h"

extern const struct explain_row explain_rows_abi[], explain_rows_connect[], explain_rows_cpu_memory[],
    explain_rows_general[], explain_rows_host[], explain_rows_migration[], explain_rows_network[], explain_rows_nfs[],
    explain_rows_qemu[], explain_rows_ssh[], explain_rows_state[], explain_rows_storage[], explain_rows_tls[];
