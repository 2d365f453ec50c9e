// SPDX-License-Identifier: GPL-3.0-or-later
// tools/lock_place.sh, for every script that locks on a node.
#pragma once

// Defines the shell function lock_place, which sets $locks to a directory whose files nobody else can lock. It goes
// before the script.
extern const char lock_place[];
