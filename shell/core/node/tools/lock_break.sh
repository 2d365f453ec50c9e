# SPDX-License-Identifier: GPL-3.0-or-later
# Takes the lock $1 away from its holder, behind lock_place.sh. $2: the line that stands in its file, so that nobody
# else is hit; $3: the line that is to stand there, of who breaks it and why. The holder reads that at its console's
# next sign of life, tells it, and ends; one that does not within $4 seconds is killed.
# shellcheck shell=sh disable=SC2154 # locks
lock_place || exit 1
file=$locks/$1 now=
[ ! -f "$file" ] || IFS= read -r now <"$file"
[ -n "$now" ] || exit 0 # let go meanwhile
[ "$now" = "$2" ] || { echo 'it is not held by that console any more' >&2; exit 3; }
printf '%s\n' "$3" >"$file" || exit 1
! command -v logger >/dev/null || logger -t migsh "lock $1 broken: $3 (held by: $2)" 2>/dev/null || :
exec 8<"$file" || exit 1
if ! flock -w "$4" 8; then
  for fd in /proc/[0-9]*/fd/9; do
    pid=${fd#/proc/}
    pid=${pid%%/*}
    # shellcheck disable=SC3013 # dash and busybox know -ef
    [ "$pid" = $$ ] || ! [ "$fd" -ef "$file" ] || kill -KILL "$pid" 2>/dev/null
  done
  flock -w 5 8 || { echo 'its holder cannot be ended' >&2; exit 1; }
fi
: >"$file"
