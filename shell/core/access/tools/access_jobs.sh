# SPDX-License-Identifier: GPL-3.0-or-later
# at_work prints the guests whom libvirt is doing something for (a migration, a save, a copy of a disk for a client),
# which a restart of the daemon would cut off.
# shellcheck shell=sh
at_work() {
  for g in $(timeout 20 virsh -q -c qemu:///system list --uuid </dev/null 2>/dev/null); do
    case $(timeout 20 virsh -q -c qemu:///system domjobinfo "$g" </dev/null 2>/dev/null) in
    '' | *'Job type:'*None*) ;;
    *) echo "$g" ;;
    esac
  done
}
