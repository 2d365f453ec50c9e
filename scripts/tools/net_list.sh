# SPDX-License-Identifier: GPL-3.0-or-later
# The names of libvirt's networks here, a line each.
# shellcheck shell=sh
if ! command -v virsh >/dev/null; then echo "no virsh is installed, by which its networks are asked" >&2; exit 1; fi
exec virsh -q -c qemu:///system net-list --all --name
