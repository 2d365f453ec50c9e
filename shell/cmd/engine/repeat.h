// SPDX-License-Identifier: GPL-3.0-or-later
// A line that is run again and again, as watch(1) does it: on a terminal each time on a screen of its own, elsewhere one
// below the other until one fails. Main thread only.
#pragma once

#include "cmd/engine/batch.h"

struct repeat;

struct repeat_what {
    const char *text;  // the line
    const char *every; // as it was typed, for the head of the screen
    double pause_ms;   // between the end of one and the beginning of the next
    long long count;   // 0: until it is cancelled, which is no failure
};
// `opts` are those of the line that it is a part of.
struct repeat *repeat_start(struct ctx *ctx, const struct repeat_what *what, const struct batch_opts *opts,
                            batch_done_fn *done, void *data);
void repeat_cancel(struct repeat *r);
// For the line: something of it is about to be shown. False: it is not wanted any more.
bool repeat_shows(struct repeat *r);
// For whoever reads the keys: "q" means the end.
bool repeat_has_screen(void);
