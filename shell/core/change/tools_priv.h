// SPDX-License-Identifier: GPL-3.0-or-later
// The sh of tools/, a file each, which says more. Facts, for node_ask().
#pragma once

extern const char edit_gather[]; // $1 path, $2 most bytes
extern const char edit_write[];  // $1 … $9; behind lock_place
