// SPDX-License-Identifier: GPL-3.0-or-later
// The sh of tools/, a file each, which says more.
#pragma once

#include "core/tls/tls.h" // tls_look

// Commands of plans.
extern const char tls_aside[];        // $1 suffix, $2 … files
extern const char tls_aside_check[];  // likewise
extern const char tls_aside_undo[];   // likewise
extern const char tls_keys[];         // $1 mark, $2 directory, $3 mode, $4 group or "", $5 names, $6 … directories
extern const char tls_keys_check[];   // $1 … keys and directories
extern const char tls_keys_undo[];    // $1 mark, $2 directory, $3 … directories, innermost first
extern const char tls_listen[];       // $1 unit, $2 "restart" or ""
extern const char tls_listen_check[]; // $1 unit, $2 "restart" or ""
extern const char tls_listen_undo[];  // $1 unit

extern const char tls_reload[]; // a script; its words say why not
