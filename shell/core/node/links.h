// SPDX-License-Identifier: GPL-3.0-or-later
// tools/node_links.sh, for every script that asks for a node's links, bridges and addresses.
#pragma once

// Defines the shell functions get, links and ovs. It goes before the script.
extern const char node_links[];
