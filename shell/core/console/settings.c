// SPDX-License-Identifier: GPL-3.0-or-later
// The settings. See settings.h.
#include "core/console/settings.h"

struct settings *settings(void)
{
    static struct settings all = {.pager = true, .confirm = true};
    return &all;
}
