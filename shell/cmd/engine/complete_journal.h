// SPDX-License-Identifier: GPL-3.0-or-later
// Completion of journals' ids, for the commands and recipes that take one. Main thread.
#pragma once

#include "base/strv.h"

struct ctx;

void complete_journal(struct ctx *ctx, const char *prefix, struct strv *out);
// Those of workflows that are neither done nor taken back.
void complete_unfinished(struct ctx *ctx, const char *prefix, struct strv *out);
