# SPDX-License-Identifier: GPL-3.0-or-later
# A file of settings and the daemon that reads it. $1: "daemon" or "qemu": its own file, or that of its QEMU driver; $2:
# "restart" where that is meant. Behind access_daemon.sh, access_newer.sh and access_jobs.sh, and what the first says.
#   file PATH, daemon NAME, activated yes (systemd has its sockets), stale yes|no (the file is newer than the daemon,
#   which runs), job GUEST (which a restart would end), unsure yes (it does not tell of all), absent yes; and the file
#   as the text
# shellcheck shell=sh
daemon
d=libvirtd
if ! pidof libvirtd >/dev/null 2>&1; then
  if pidof virtqemud >/dev/null 2>&1 || ! command -v libvirtd >/dev/null; then d=virtqemud; fi
  ! systemctl is-active -q libvirtd.socket 2>/dev/null || d=libvirtd
  ! systemctl is-active -q virtqemud.socket 2>/dev/null || d=virtqemud
fi
f=/etc/libvirt/$d.conf
[ "$1" = daemon ] || f=/etc/libvirt/qemu.conf
say daemon $d
say file "$f"
if systemctl is-active -q $d.socket 2>/dev/null; then say activated yes; fi
newer "$f" $d
case $? in 0) say stale yes ;; 1) say stale no ;; *) set -- "$1" '' ;; esac
if [ "$2" = restart ]; then
  busy=$(at_work) || say unsure yes
  for g in $busy; do say job "$g"; done
fi
if [ -e "$f" ]; then
  echo @text
  cat -- "$f"
else
  say absent yes
fi
