# SPDX-License-Identifier: GPL-3.0-or-later
# Arms the way back, behind lock_place.sh and bridge_live.sh: from now on this node takes back what is changed of its
# network, unless bridge_keep.sh says within the time that it works.
#   $1 token    $2 seconds    $3 bridge    $4 port    $5 forward|back    $6 the state wanted    $7 bridge_go, a script
#   $8 bridge_undo, a script    $9 the hook of what configures the network here, a script
#   $10 the state that the wanted one was made from, or ""    $11 … files to be kept
# What is decided is decided by a rename of $locks/bridge, which only one of undo and keep can do.
# shellcheck shell=sh disable=SC2154 # locks
die() { echo "$*" >&2; exit 1; }
lock_place || exit 1
t=$locks/bridge
exec 9>>"$locks/bridge.lock" || exit 1
flock -w 30 9 || die 'a change of the network is just being taken back here'
token=$1 seconds=$2 bridge=$3 port=$4 way=$5 want=$6 go=$7 undo=$8 hook=$9
looked=${10}
shift 10
[ "$(cat "$t/token" 2>/dev/null)" != "$token" ] || exit 0
[ ! -d "$t" ] || die "another change of the network is on trial here (for $(cat "$t/seconds" 2>/dev/null) s at most); sh $t/undo $(cat "$t/token" 2>/dev/null) takes it back at once"
rm -rf -- "$t.new" "$t.kept" "$t.undone"
mkdir -m 700 -- "$t.new" "$t.new/files" || exit 1
printf '%s\n' "$want" >"$t.new/want" && echo "$token" >"$t.new/token" && echo "$seconds" >"$t.new/seconds" || exit 1
if live_is "$t.new/want"; then # nothing is to be done
  mv -- "$t.new" "$t.kept"
  exit
fi
for n in $(sed -n 's/^link \([^ ]*\) absent/\1/p' "$t.new/want"); do
  for p in "/sys/class/net/$n/brif"/*; do
    p=${p##*/}
    [ ! -d "/sys/class/net/$p" ] || [ "$p" = "$port" ] || die "$p is in $n, too: it would lose its network"
  done
done
# In memory first: half a state would take the other half away.
before=$(live_save "$bridge" "$port") && printf '%s\n' "$before" >"$t.new/before" || die 'the links cannot be read or noted'
[ -z "$looked" ] || [ "$(live_keys <"$t.new/before")" = "$(printf '%s\n' "$looked" | live_keys)" ] ||
  die "the links of $bridge and $port are not as they were when the plan was made: nothing is changed, make it anew"
i=0
: >"$t.new/names" || exit 1
for f; do
  i=$((i + 1))
  printf '%s\n' "$f" >>"$t.new/names" || exit 1
  [ ! -e "$f" ] || cp -aL -- "$f" "$t.new/files/$i" || exit 1
done
printf '%s\n' "$way" >"$t.new/way" && printf '%s\n' "$go" >"$t.new/go" && printf '%s\n' "$undo" >"$t.new/undo" &&
  printf '%s\n' "$hook" >"$t.new/hook" && printf '%s %s\n' "$bridge" "$port" >"$t.new/links" || exit 1
(cd "$t.new" && exec sh ./hook arm "$bridge" "$port" "$seconds") || die 'the way back cannot be armed'
# The timer comes first: a kill between the two must not leave a trial without an end. One of systemd's outlives the
# login that made it; elsewhere a process of its own session does.
if [ ! -d /run/systemd/system ] || ! systemd-run --quiet --collect --unit="migsh-bridge-$token" --on-active="$seconds" \
  --timer-property=AccuracySec=100ms /bin/sh "$t/undo" "$token" 2>/dev/null; then
  # shellcheck disable=SC2016 # for the shell that is started
  setsid sh -c 'echo $$ >"$2.new/timer"; sleep "$1"; exec sh "$2/undo" "$3"' sh "$seconds" "$t" "$token" \
    </dev/null >/dev/null 2>&1 9>&- &
  i=0
  until [ -s "$t.new/timer" ]; do
    kill -0 $! 2>/dev/null && [ $i -lt 100 ] || [ -s "$t.new/timer" ] || die 'the way back cannot be armed: no process that outlives the login can be started'
    sleep 0.1 2>/dev/null || sleep 1
    i=$((i + 1))
  done
fi
mv -- "$t.new" "$t"
