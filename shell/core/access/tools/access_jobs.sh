# SPDX-License-Identifier: GPL-3.0-or-later
# at_work prints the guests whom libvirt is doing something for (a migration, a save, a copy of a disk for a client),
# which a restart of the daemon would cut off. Status 1: it does not tell; there may be others.
# shellcheck shell=sh
at_work() {
  all=$(timeout 20 virsh -q -c qemu:///system list --uuid </dev/null 2>/dev/null) || return 1
  for g in $all; do
    case $(timeout 20 virsh -q -c qemu:///system domjobinfo "$g" </dev/null 2>&1) in
    *'Job type:'*None* | *'Domain not found'* | *'domain is not running'*) ;;
    *'Job type:'*) echo "$g" ;;
    *) return 1 ;;
    esac
  done
}
