# SPDX-License-Identifier: GPL-3.0-or-later
# Ends and undefines the network $1, if it is there.
# shellcheck shell=sh
virsh -q -c qemu:///system net-destroy -- "$1" 2>/dev/null
if virsh -c qemu:///system net-info -- "$1" >/dev/null 2>&1; then virsh -q -c qemu:///system net-undefine -- "$1"; fi
