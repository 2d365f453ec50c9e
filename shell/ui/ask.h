// SPDX-License-Identifier: GPL-3.0-or-later
// Questions to the operator at the terminal, one after the other. It reads its answers itself, byte by byte, so that
// none of them can get into readline's history or its memory. Main thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/console/out.h"

// What a question needs from whoever runs the terminal: keys while one is open, and the prompt again afterwards.
struct ask_host {
    void (*begin)(void);
    void (*end)(void);
};
void ask_init(const struct ask_host *host);

// For struct out_ops.
void ask_put(enum out_ask_kind kind, const char *question, void *token);
void ask_withdraw(void *token);

bool ask_active(void);
// A secret has been asked for: what was typed ahead may be one.
bool ask_was_secret(void);
// Bytes typed while a question is open; returns how many were used (fewer than n when the last answer ended before).
size_t ask_feed(const char *bytes, size_t n);
// Every open question is refused: the terminal is gone, or we are leaving.
void ask_refuse_all(void);
