// SPDX-License-Identifier: GPL-3.0-or-later
// The result value of a migration. Pure.
#pragma once

#include <jansson.h>

#include "base/buf.h"

// Adds to `v`, which holds "domain", "uuid", "source", "destination", "transport" and "total_ms" (real), all that
// libvirt's completed statistics tell, and the summary. `stats` (lent) NULL: there are none. See migrate.h for the
// keys.
void migrate_report(json_t *v, json_t *stats);

// Bytes as virsh writes them: "90.664 MiB".
void migrate_add_capacity(struct buf *out, double bytes);
