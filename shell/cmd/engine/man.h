// SPDX-License-Identifier: GPL-3.0-or-later
// The manual pages and the README's table of commands, made from the rows. Pure but for looking recipes up; main
// thread.
#pragma once

#include "base/buf.h"

extern const char *const man_pages[]; // "migsh" is migsh(1), another name NAME is that of migsh-NAME

void man_page(const char *name, struct buf *out); // one of them, in man(7) macros
void man_table(struct buf *out);                  // | command | what it does |, as Markdown
