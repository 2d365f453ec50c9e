# SPDX-License-Identifier: GPL-3.0-or-later
# Beside which of the paths behind the token $1 is what copy_mark.sh has made on the other node? An empty one only has a
# number of its own. Rows "seen N yes". A share may take a moment to show it. Behind copy_facts.sh.
# shellcheck shell=sh disable=SC2154 # r
t=$1 n=0 seen=' '
shift
while :; do
  i=0 wait=
  for p; do
    case $seen in
    *" $i "*) ;;
    *)
      [ -n "$p" ] || { i=$((i + 1)); continue; }
      followed "$p"
      [ $n -eq 0 ] || ls -f -- "${r%/*}/" >/dev/null 2>&1
      if [ -e "${r%/*}/.migsh-mark-$t-$i" ]; then
        say seen "$i yes"
        seen="$seen$i "
      else
        wait=yes
      fi
      ;;
    esac
    i=$((i + 1))
  done
  n=$((n + 1))
  [ -n "$wait" ] && [ $n -lt 15 ] || break
  sleep 0.1
done
:
