// SPDX-License-Identifier: GPL-3.0-or-later
// The sh of tools/, a file each, which says more.
#pragma once

// Facts, for node_ask().
extern const char access_daemon[];     // defines daemon, for the two below
extern const char access_look[];       // $1 user or ""; behind qemu_user, access_daemon, access_opens
extern const char access_conf_look[];  // $1 "daemon" or "qemu", $2 "restart" or ""; behind access_daemon, _newer, _jobs
extern const char access_conf_check[]; // $1 daemon; the input is the file
extern const char access_host[];       // $1 hypervisor or ""

// Commands of plans.
extern const char access_opens[];   // defines opens, opens_soon
extern const char access_newer[];   // defines newer
extern const char access_member[];  // defines member, join, leave
extern const char access_jobs[];    // defines at_work
extern const char access_restart[]; // $1 daemon, $2 "start" or nothing; behind access_jobs
