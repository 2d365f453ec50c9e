// SPDX-License-Identifier: GPL-3.0-or-later
// The bottom of the terminal: progress lines, and under them the prompt or a question. Whoever prints above hides it
// first and shows it again afterwards, so that nothing that is being typed is ever overwritten. Main thread.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

// What stands below the progress lines: how to take it off the screen (leaving the cursor at the beginning of its first
// row) and how to put it there again.
struct live_prompt {
    void (*clear)(void);
    void (*draw)(void);
};

// `redraw` false (TERM=dumb): lines are never taken back; a prompt is left behind and drawn again below.
void live_init(FILE *tty, bool redraw);
FILE *live_stream(void); // where the bottom lives; NULL before live_init()
bool live_redraws(void);

void live_hide(void); // nests
void live_show(void);
// The prompt's row is about to become history (Enter, ^C, a list under it): the progress lines above it move below.
// Between the two the owner writes what ends the row; afterwards it draws its prompt anew.
void live_freeze(void);
void live_thaw(void);
// NULL: none. The old one is expected to be off the screen, the new one is drawn by its owner.
void live_set_prompt(const struct live_prompt *prompt);
bool live_has_prompt(void);

// A step of a job: replaces the line with the same key, or adds one; `done` takes it away. Redrawn at most ten times a
// second; the last state always.
void live_progress(const json_t *value, bool done);
// The terminal has another width now.
void live_resized(void);
// Takes everything down for good: at the end of the program.
void live_end(void);
