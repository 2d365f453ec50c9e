# SPDX-License-Identifier: GPL-3.0-or-later
# Ends and undefines the network $1, if it is there: by libvirt's list, as one that cannot be asked has not said no.
# shellcheck shell=sh
all=$(virsh -q -c qemu:///system net-list --all --name) || exit
printf '%s\n' "$all" | grep -Fx -e "$1" >/dev/null || exit 0
virsh -q -c qemu:///system net-destroy -- "$1" 2>/dev/null
virsh -q -c qemu:///system net-undefine -- "$1"
