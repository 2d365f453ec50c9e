// SPDX-License-Identifier: GPL-3.0-or-later
// What the operator wants of the prompt, and can change there. Main thread.
#pragma once

#include <stdbool.h>

struct settings {
    bool timing, json; // as the options of the program; of the prompt's lines alone
    bool pager;        // for what is taller than the screen
    bool traceback;    // tell where an error of Lua that nobody caught was raised
    bool confirm;      // ask before something is destroyed on a host that nobody has named
};
struct settings *settings(void);
