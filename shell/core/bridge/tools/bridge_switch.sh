# SPDX-License-Identifier: GPL-3.0-or-later
# Starts bridge_go.sh, behind lock_place.sh, on a process that needs no connection. $1: token of what is armed.
# shellcheck shell=sh disable=SC2154 # locks
lock_place || exit 1
t=$locks/bridge
[ "$(cat "$t.kept/token" 2>/dev/null)" != "$1" ] || exit 0 # there was nothing to do
if [ "$(cat "$t/token" 2>/dev/null)" != "$1" ]; then
  [ ! -e "$t.undone/undo" ] || sh "$t.undone/undo" "$1" # files may have been written since
  echo 'the way back is not armed any more: nothing is changed' >&2
  exit 1
fi
[ ! -e "$t/log" ] || exit 0 # begun already
setsid sh "$t/go" "$1" </dev/null >"$t/log" 2>&1 &
