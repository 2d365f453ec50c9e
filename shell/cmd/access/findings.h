// SPDX-License-Identifier: GPL-3.0-or-later
// Findings of core/access/access.h as text: a table, and what to do.
#pragma once

#include <jansson.h>

struct buf;

void findings_render(const json_t *value, struct buf *out);
