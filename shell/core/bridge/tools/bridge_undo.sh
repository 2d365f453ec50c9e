# SPDX-License-Identifier: GPL-3.0-or-later
# Takes the change $1 back, behind lock_place.sh and bridge_live.sh: files byte by byte, then what reads them, then the
# links. Run by the timer that bridge_arm.sh made, or by bridge_go.sh where that failed; and by bridge_switch.sh, which
# came too late, for the files alone.
# shellcheck shell=sh disable=SC2154 # locks
LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL PATH
trap '' HUP INT PIPE # whoever runs it by hand may lose his login by it
lock_place || exit 1
t=$locks/bridge again=
exec 9>>"$locks/bridge.lock" && flock 9
if [ "$(cat "$t/token" 2>/dev/null)" = "$1" ]; then
  rm -rf -- "$t.undone"
  mv -- "$t" "$t.undone" || exit
elif [ "$(cat "$t.undone/token" 2>/dev/null)" = "$1" ]; then
  again=yes
else
  exit 0 # it is kept
fi
cd "$t.undone" || exit
{ true >>log; } 2>/dev/null && exec >>log 2>&1 # a full /run keeps nothing back
# Who is late with the change is ended with all of his session: what timeout runs is in a process group of its own.
if [ -z "$again" ] && [ ! -s result ] && p=$(cat pid 2>/dev/null) && [ "$p" != $$ ]; then
  for s in /proc/[0-9]*/stat; do
    { read -r l <"$s"; } 2>/dev/null || continue
    l=${l##*) } l=${l#* * * } # "1 (name) S PARENT GROUP SESSION …"
    s=${s#/proc/}
    [ "${l%% *}" != "$p" ] || kill -KILL "${s%/stat}" || :
  done
fi
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
[ -z "$again" ] || exit 0
case $way in back) verb=activate ;; *) verb=restore ;; esac
timeout 60 sh ./hook $verb "$bridge" "$port" 9>&-
i=0 end='as before'
until live_apply before && live_is before; do # what the hook has begun may still be at work
  i=$((i + 1))
  [ $i -lt 5 ] || { end='NOT all as before'; break; }
  sleep 1
done
[ "$end" = 'as before' ] || { live_save "$bridge" "$port"; echo "so the links are, $end"; }
! command -v logger >/dev/null || logger -t migsh "network of $bridge and $port $end: nobody came to say that the change works"
