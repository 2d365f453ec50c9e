// SPDX-License-Identifier: GPL-3.0-or-later
// The manual pages and the README's table of commands, made from the rows. Pure but for looking recipes up; main
// thread.
#pragma once

#include "base/buf.h"

void man_page(struct buf *out);  // migsh.1, in man(7) macros
void man_lua(struct buf *out);   // migsh-lua.7, of what help_lua() tells
void man_table(struct buf *out); // | command | what it does |, as Markdown
