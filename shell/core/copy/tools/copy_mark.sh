# SPDX-License-Identifier: GPL-3.0-or-later
# A file of ours beside what each of the paths behind the token $1 leads to, one in each directory; rows "marked N M" of
# those that have one, M the number that is in its name. Behind copy_facts.sh.
# shellcheck shell=sh disable=SC2154 # r, nl
t=$1 i=0 dirs=$nl
shift
set -C
for p; do
  followed "$p"
  d=${r%/*} m=$i
  case $d in
  *"$nl"*) ;; # no word of a list
  *) case $dirs in *"$nl$d$nl"*) m=${dirs#*"$nl$d$nl"} m=${m%%"$nl"*} ;; esac ;;
  esac
  if [ -e "$r" ] && { [ "$m" != $i ] || true >"$d/.migsh-mark-$t-$i"; } 2>/dev/null; then
    say marked "$i $m"
    [ "$m" != $i ] || dirs="$dirs$d$nl$i$nl"
  fi
  i=$((i + 1))
done
