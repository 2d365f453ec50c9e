# SPDX-License-Identifier: GPL-3.0-or-later
# The file $1, of which at most $2 bytes are wanted: what it is, and at last its content. A process takes longer than
# all the rest, so there is one: readlink is left to paths that do go through a link. 20: it is no file that could be
# edited.
# shellcheck shell=sh disable=SC2088,SC2154 # ~ is ours to resolve; nl
set -f
p=$1 n='' l=''
die() { c=$1; shift; echo "$*" >&2; exit "$c"; }
home() { h=$(getent passwd "$1" | cut -d: -f6); [ -n "$h" ] || die 22 "no user $1"; }
case $p in
'~/'*)
  if [ -n "${SUDO_USER:-}" ]; then home "$SUDO_USER"; else h=$HOME; fi
  p=$h/${p#'~/'}
  ;;
'~'*)
  u=${p#'~'}
  home "${u%%/*}"
  p=$h/${u#*/}
  ;;
esac
r='' IFS=/
for c in ${p#/}; do
  r=$r/$c
  case $c in '' | . | ..) l=1 ;; *) [ ! -L "$r" ] || l=1 ;; esac
done
unset IFS
if [ -n "$l" ]; then
  r=$(readlink -m -- "$p" && echo x) || exit 22
  r=${r%?x}
fi
[ ! -L "$r" ] || die 20 "$p: its links lead in a circle"
case $r in *"$nl"*) die 20 "$p: it leads to a name with a newline in it" ;; esac
read -r n </proc/sys/kernel/hostname || n=$(uname -n)
say host "$n"
say real "$r"
if [ ! -e "$r" ]; then
  [ ! -d "${r%/*}/" ] || say dir yes
  say file no
  exit 0
fi
[ -f "$r" ] || die 20 "$r is not a regular file"
say dir yes
say file yes
echo @text
exec head -c "$2" <"$r"
