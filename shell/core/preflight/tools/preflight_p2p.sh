# SPDX-License-Identifier: GPL-3.0-or-later
# Opens the libvirt of another node from here, as the daemon here would for a migration from peer to peer: $1 the URI,
# $2 seconds. Says "reached yes" or "error"; "problem" where it cannot try. Changes nothing there.
# shellcheck shell=sh
command -v virsh >/dev/null || { say problem 'it has no virsh'; exit 0; }
why=$(timeout "$2" virsh -q -c "$1" hostname 2>&1 >/dev/null </dev/null)
case $? in
0) say reached yes ;;
124) say error "no answer within $2 s" ;;
*) say error "${why:-virsh failed without a word}" ;;
esac
