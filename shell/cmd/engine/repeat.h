// SPDX-License-Identifier: GPL-3.0-or-later
// A line that is run again and again, as watch(1) does it: on a terminal each time on a screen of its own, elsewhere
// one below the other until one fails. Main thread only.
#pragma once

#include "cmd/engine/batch.h"

void repeat_init(void); // batch_set_again(): once, before the first line runs
// For whoever reads the keys: "q" means the end.
bool repeat_has_screen(void);
