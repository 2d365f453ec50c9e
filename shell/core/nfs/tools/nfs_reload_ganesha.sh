# SPDX-License-Identifier: GPL-3.0-or-later
# Has nfs-ganesha read its configuration $1 again, behind nfs_keep_sum.sh. SIGHUP is what ganesha's unit does to reload.
# It reads its exports in its own time and says so in its log; a log that cannot be found (syslog, journald) is not
# waited for.
# shellcheck shell=sh
pid=
for p in /proc/[0-9]*; do
  [ "$(cat "$p/comm" 2>/dev/null)" != ganesha.nfsd ] || pid=${p#/proc/}
done
[ -n "$pid" ] || { echo 'ganesha.nfsd is not running' >&2; exit 1; }
log=$(tr '\0' '\n' <"/proc/$pid/cmdline" | sed -n '/^-L$/{n;p;q;}')
log=${log:-/var/log/ganesha/ganesha.log}
at=$(stat -c %s -- "$log" 2>/dev/null || echo none)
kill -HUP "$pid" || exit 1
said='' n=0
while [ "$at" != none ] && [ $n -lt 100 ] && [ -z "$said" ]; do
  sleep 0.1
  n=$((n + 1)) said=$(tail -c +$((at + 1)) -- "$log" | grep reread_exports)
done
if [ "$at" != none ]; then
  case $said in
  *complete*) ;;
  *) echo "nfs-ganesha did not take the exports: ${said:-no word of it in $log}" >&2; exit 1 ;;
  esac
fi
keep_sum "$1"
