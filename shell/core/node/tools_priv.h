// SPDX-License-Identifier: GPL-3.0-or-later
// The sh of tools/, a file each, which says more: what core/node itself runs on nodes.
#pragma once

#include "core/node/links.h"
#include "core/node/lock_place.h"
#include "core/node/qemu_user.h"

extern const char ask_prelude[];
extern const char place_root[]; // $1 script, $2 … its words

// Behind lock_place.
extern const char lock_holder[]; // $1 name, $2 who, $3 seconds, $4 journal
extern const char lock_list[];   // facts "lock JSON"
extern const char lock_break[];  // $1 name, $2 who, $3 who breaks it, $4 seconds
