# SPDX-License-Identifier: GPL-3.0-or-later
# NetworkManager, see bridge_hook_ip.sh. Its own checkpoint takes back what it knows, and is given up when all is well;
# where there is none to be had our own undo has to do.
# shellcheck shell=sh
call() { busctl --timeout=10 call org.freedesktop.NetworkManager /org/freedesktop/NetworkManager org.freedesktop.NetworkManager "$@"; }
exec >/dev/null # what goes well; what does not it says on stderr
dir=/etc/NetworkManager/system-connections
case $1 in
arm)
  # "o "/org/…/Checkpoint/1"": all devices; 2: connections that came since are deleted. It lasts longer than the trial,
  # as what is kept at the last moment must not be rolled back. On the way back `restore` needs none.
  [ "$(cat way)" = back ] || { c=$(call CheckpointCreate aouu 0 $(($4 + 60)) 2 2>/dev/null) && c=${c#*\"} && echo "${c%\"*}" >checkpoint; } || :
  ;;
native) exit 0 ;;
make | activate)
  nmcli connection load "$dir/migsh-$2.nmconnection" "$dir/migsh-$2-port.nmconnection" &&
    nmcli --wait 15 connection up "migsh-$2-port" && nmcli --wait 15 connection up "migsh-$2"
  ;;
restore)
  [ ! -s checkpoint ] || call CheckpointRollback o "$(cat checkpoint)" 2>/dev/null || :
  nmcli connection reload && nmcli --wait 15 device connect "$3"
  ;;
keep) [ ! -s checkpoint ] || call CheckpointDestroy o "$(cat checkpoint)" ;;
esac
