# SPDX-License-Identifier: GPL-3.0-or-later
# Defines the network $1 by its description, starts it, and has it started with the node.
# shellcheck shell=sh
set -e
f=$(mktemp)
trap 'rm -f "$f"' EXIT
input >"$f"
virsh -q -c qemu:///system net-define -- "$f"
virsh -q -c qemu:///system net-start -- "$1"
virsh -q -c qemu:///system net-autostart -- "$1"
