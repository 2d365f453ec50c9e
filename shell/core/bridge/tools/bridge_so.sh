# SPDX-License-Identifier: GPL-3.0-or-later
# 0: the links are as the state $2 has it, or the change $1 is on trial; behind lock_place.sh and bridge_live.sh.
# shellcheck shell=sh disable=SC2154 # locks
lock_place || exit 1
[ -z "$1" ] || [ "$(cat "$locks/bridge/token" 2>/dev/null)" != "$1" ] || exit 0
f=$locks/bridge-so.$$
printf '%s\n' "$2" >"$f" || exit 1
live_is "$f"
rc=$?
rm -f -- "$f"
exit $rc
