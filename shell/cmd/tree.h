// SPDX-License-Identifier: GPL-3.0-or-later
// Rows that name their parents, drawn as a tree. Pure.
#pragma once

#include <jansson.h>

struct buf;

// [{"name", "parent": text|null}]: those without a parent begin a tree each.
void tree_render(const json_t *rows, struct buf *out);
