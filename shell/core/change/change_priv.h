// SPDX-License-Identifier: GPL-3.0-or-later
// What judges each kind of change, for change.c.
#pragma once

#include "core/change/change.h"
#include "core/change/text.h"

int block_judge(const struct change *c, const struct change_file *old, struct buf *out, json_t *hunks, struct err *e);
int edit_judge(const struct change *c, const struct change_file *old, struct buf *out, json_t *hunks, struct err *e);
int lines_judge(const struct change *c, const struct change_file *old, struct buf *out, json_t *hunks, struct err *e);
