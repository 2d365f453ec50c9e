// SPDX-License-Identifier: GPL-3.0-or-later
// Output where somebody watches: the same lines as out_plain, printed above the prompt and the progress lines, which
// get out of the way for it. Main thread.
#pragma once

#include "core/console/out.h"
#include "ui/out_plain.h"

// Chooses by what standard output and standard error are. `prompt`: an interactive shell runs on the terminal.
// `color` false: none, whatever the terminal can. After this, live_stream() is set when there is a terminal.
void out_choose(bool json, bool quiet, bool color, bool prompt);
// Questions go to ui/ask from now on.
void out_can_ask(void);
