// SPDX-License-Identifier: GPL-3.0-or-later
// The sh of tools/, which says more. Facts, for node_ask().
#pragma once

extern const char preflight_connect[]; // $1 seconds for each address, then hosts, ports and tokens, three by three
extern const char preflight_listen[];  // $1 seconds, $2 token, $3 qemu.conf, $4 connections, ranges; behind qemu_user
extern const char preflight_look[];    // pairs: "path" or "name", and the word; behind qemu_user, qemu_ids, node_links
extern const char preflight_p2p[];     // $1 URI, $2 seconds
