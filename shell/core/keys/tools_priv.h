// SPDX-License-Identifier: GPL-3.0-or-later
// The sh of tools/, a file each, which says more.
#pragma once

// Facts, for node_ask().
extern const char keys_look[];   // $1 account or "", $2 "admin", "node" or "made"
extern const char keys_as[];     // $1 account or "", $2 script, $3 … its words
extern const char keys_logins[]; // for keys_as: number, host, port and user of each login

// A command of plans, as the account.
extern const char keys_make_check[];
extern const char keys_make[];      // $1 mark, $2 comment
extern const char keys_make_undo[]; // $1 mark, $2 "dir" or ""
