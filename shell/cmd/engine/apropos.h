// SPDX-License-Identifier: GPL-3.0-or-later
// Where a word stands in the help. Main thread.
#pragma once

#include <stdbool.h>

#include "base/buf.h"

// Commands, options and topics in which `word` stands (any letter case), a line each. False: none.
bool help_search(const char *word, struct buf *out);
