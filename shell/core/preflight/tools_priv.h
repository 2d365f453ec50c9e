// SPDX-License-Identifier: GPL-3.0-or-later
// The sh of tools/, which says more. Facts, for node_ask().
#pragma once

extern const char preflight_look[]; // pairs: "path" or "name", and the word; behind qemu_user
