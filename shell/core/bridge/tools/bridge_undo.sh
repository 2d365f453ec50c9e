# SPDX-License-Identifier: GPL-3.0-or-later
# Takes the change $1 back, behind lock_place.sh and bridge_live.sh: files byte by byte, then what reads them, then the
# links. Run by the timer that bridge_arm.sh made, or by bridge_go.sh where that failed.
# shellcheck shell=sh disable=SC2154 # locks
LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL PATH
lock_place || exit 1
t=$locks/bridge
[ "$(cat "$t/token" 2>/dev/null)" = "$1" ] || exit 0
exec 9>>"$locks/bridge.lock" && flock 9
rm -rf -- "$t.undone"
mv -- "$t" "$t.undone" 2>/dev/null && cd "$t.undone" || exit 0 # it is kept
exec >>log 2>&1
if [ ! -s result ] && p=$(cat pid 2>/dev/null) && [ "$p" != $$ ]; then kill -- "-$p"; fi # it is late
read -r bridge port <links
read -r way <way
i=0
while IFS= read -r f; do
  i=$((i + 1))
  if [ ! -e "files/$i" ]; then
    rm -f -- "$f"
  elif ! cmp -s "files/$i" "$f"; then
    f=$(readlink -f -- "$f") && cp -a -- "files/$i" "${f%/*}/.migsh.undo" && mv -fT -- "${f%/*}/.migsh.undo" "$f"
  fi
done <names
case $way in back) verb=activate ;; *) verb=restore ;; esac
timeout 60 sh ./hook $verb "$bridge" "$port" 9>&-
live_apply before
: >ended
! command -v logger >/dev/null || logger -t migsh "network of $bridge and $port as before: nobody came to say that the change works"
