# SPDX-License-Identifier: GPL-3.0-or-later
# What there is to export the directory $1 with, behind nfs_packages.sh and nfs_listening.sh; at last the text of the
# file that the server reads. A real exportfs is a program; a script of that name is the site's own front for another
# server.
# shellcheck shell=sh
if [ -d "$1" ]; then say dir yes; elif [ -e "$1" ]; then say dir other; else say dir no; fi
say missing "$(missing "$1")"
[ ! -d /run/systemd/system ] || say systemd yes
server=none conf=/etc/ganesha/ganesha.conf ganesha=
for p in /proc/[0-9]*; do
  [ "$(cat "$p/comm" 2>/dev/null)" = ganesha.nfsd ] || continue
  ganesha=running f=$(tr '\0' '\n' <"$p/cmdline" | sed -n '/^-f$/{n;p;q;}')
  conf=${f:-$conf}
done
[ -n "$ganesha" ] || ! command -v ganesha.nfsd >/dev/null || ganesha=installed
threads=$(cat /proc/fs/nfsd/threads 2>/dev/null || echo 0)
if x=$(command -v exportfs); then
  server=exportfs
  if [ "$ganesha" = running ] && [ "$threads" -eq 0 ]; then
    case $(head -c 4 "$x") in *ELF) server=ganesha ;; esac
  fi
elif [ -n "$ganesha" ]; then server=ganesha; fi
say server $server
! listening || say listening yes
for u in rpcbind nfs-server nfs-ganesha; do
  systemctl cat $u.service >/dev/null 2>&1 || continue
  state=disabled
  ! systemctl is-enabled -q $u.service 2>/dev/null || state=enabled
  ! systemctl is-active -q $u.service || state="$state active"
  say unit-$u "$state"
done
file=/etc/exports
if [ $server = ganesha ]; then
  file=$conf
  cat "$conf" /etc/ganesha/*.conf /etc/ganesha/*/*.conf 2>/dev/null | tr -d ' \t' | tr '[:upper:]' '[:lower:]' |
    sed -n 's/^.*export_id=\([0-9]*\).*/@id \1/p'
fi
say file "$file"
say sum "$(cksum 2>/dev/null <"$file" || echo none)"
echo @text
cat "$file" 2>/dev/null
:
