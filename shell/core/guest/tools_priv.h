// SPDX-License-Identifier: GPL-3.0-or-later
// The sh of tools/, which says more. Facts, for node_ask().
#pragma once

extern const char guest_files_look[]; // pairs: how, and a path
