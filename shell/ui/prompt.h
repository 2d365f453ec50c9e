// SPDX-License-Identifier: GPL-3.0-or-later
// The prompt's text: where a command goes that names no host. Main thread; asks no host.
#pragma once

struct ctx;

// In the Lua mode "lua> "; else by $MIGSH_PROMPT, else "migsh%w%r%s%u> ". The caller frees it.
//   %w  " NODE", " URI", or " [N nodes]" where none was chosen; nothing where there is only libvirt's default
//   %r  " (ro)" for a read-only console
//   %s  " (NODE silent)", or " (N nodes silent)": what is not seen then may be there
//   %%  a percent sign
char *prompt_text(struct ctx *ctx);
