# SPDX-License-Identifier: GPL-3.0-or-later
# Makes private keys (RSA, PKCS#8, by ssh-keygen, which every node has that can be logged in to) with the mode $3 and
# the group $4 ("": as it comes) in $2; $5: their names, with blanks between. Before that the directories behind them,
# outermost first. A key gets its name when it is whole and its digest is noted in .migsh-tls-$1, by which
# tls_keys_undo.sh knows it; none is put over another. So it can be cut off anywhere and begun again.
# shellcheck shell=sh
umask 077
m=$1 d=$2 mode=$3 group=$4 names=$5
shift 5
die() { echo "$*" >&2; exit 1; }
command -v ssh-keygen >/dev/null || die "there is no ssh-keygen here"
for p; do
  [ ! -d "$p" ] || continue
  case $p in */private) mkdir -m 0700 -- "$p" ;; *) mkdir -m 0755 -- "$p" ;; esac || exit 1
  ! command -v restorecon >/dev/null || restorecon -- "$p" || :
done
for n in $names; do
  f=$d/$n w=$d/.migsh-tls-$m.$n
  [ ! -e "$f" ] && [ ! -L "$f" ] || continue
  rm -f -- "$w" "$w.pub"
  ssh-keygen -q -t rsa -b 3072 -m PKCS8 -N '' -C '' -f "$w" </dev/null || die "ssh-keygen could not make $f"
  rm -f -- "$w.pub"
  s=$(sha256sum <"$w") || exit 1
  echo "${s%% *} $n" >>"$d/.migsh-tls-$m" || exit 1
  [ -z "$group" ] || chgrp -- "$group" "$w" || exit 1
  chmod "$mode" "$w" || exit 1
  { sync -- "$w" "$d/.migsh-tls-$m" || sync; } && mv -nT -- "$w" "$f" && [ ! -e "$w" ] || { rm -f -- "$w"; exit 1; }
  ! command -v restorecon >/dev/null || restorecon -- "$f" || :
done
