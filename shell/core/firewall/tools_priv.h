// SPDX-License-Identifier: GPL-3.0-or-later
// The sh of tools/, a file each, which says more.
#pragma once

extern const char firewall_ours[];  // defines ours; goes before the others
extern const char firewall_close[]; // defines close_all
extern const char firewall_facts[]; // facts, for node_ask(); behind qemu_user
extern const char firewall_open[];  // $1 ID, $2 seconds, $3 ports, $4 addresses, $5 where, $6 what closes it
extern const char firewall_peer[];  // facts; $@ the other node's names
extern const char firewall_shown[]; // $1 ID, $2 back ends; its status
