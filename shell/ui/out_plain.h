// SPDX-License-Identifier: GPL-3.0-or-later
// Output as plain lines, for pipes, files and --json: nothing is ever redrawn. Main thread.
#pragma once

#include <stdbool.h>

#include "core/console/out.h"

struct out_style {
    bool json, quiet;
    bool color_out, color_err; // standard output and standard error each know for themselves
};

// Nobody can be asked through it. The result is static; the last style counts.
const struct out_ops *out_plain(const struct out_style *style);
