// SPDX-License-Identifier: GPL-3.0-or-later
// The sh of tools/, a file each, which says more.
#pragma once

extern const char address_look[]; // $1 address, $2 interface or ""; facts, behind node_links

extern const char bridge_live[]; // functions: the state of links as text, and back
extern const char bridge_look[]; // $1 bridge, $2 port; facts, behind node_links and bridge_live

// The change on trial; behind lock_place, and bridge_live but for switch and keep.
extern const char bridge_arm[]; // $1 token, $2 seconds, $3 bridge, $4 port, $5 forward|back, $6 state, $7 go, $8 undo,
                                // $9 hook, $10 the state that $6 was made from, or "", $11 … files
extern const char bridge_so[];  // $1 token or "", $2 state; 0: so it is, or it is on trial
extern const char bridge_switch[]; // $1 token
extern const char bridge_go[];     // $1 token; what switch starts
extern const char bridge_keep[];   // $1 token
extern const char bridge_undo[];   // $1 token; what the node runs by itself

// What configures the network of a node: $1 verb, $2 bridge, $3 port.
extern const char bridge_hook_ip[];
extern const char bridge_hook_ifcfg[];
extern const char bridge_hook_ifupdown[];
extern const char bridge_hook_netplan[];
extern const char bridge_hook_networkd[];
extern const char bridge_hook_nm[];
