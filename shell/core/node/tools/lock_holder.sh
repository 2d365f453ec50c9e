# SPDX-License-Identifier: GPL-3.0-or-later
# Holds the lock $1 for a console, behind lock_place.sh, as long as that console gives a sign of life: once in $3
# seconds a line on stdin. Its end ends us at once, and the lock with us. $2: who it is, a line of JSON, which stands in
# the lock's file; whoever writes another line there (lock_break.sh) has taken the lock away. $4: its journal, or empty.
# Says, behind MIGSH-LOCK:
#   ready                    then the line "take" is waited for
#   held | busy JSON         it is ours, or that one's
#   former JSON              it is that one's, of the same journal; "take" is waited for again
#   beat N                   still ours; the answer to the line "N"
#   lost JSON                not any more; what stands in the file instead
# shellcheck shell=sh disable=SC2154 # locks
say() { printf 'MIGSH-LOCK %s\n' "$*"; }
# The child must not have the lock: it may outlive us.
hear() { word=$(exec 9>&-; exec timeout "$patience" dd bs=4096 count=1 2>/dev/null); [ -n "$word" ]; }
name=$1 who=$2 patience=$3 journal=$4
lock_place || exit 1
file=$locks/$name
say ready
got=
while [ -z "$got" ]; do
  hear || exit 0
  case $word in *take*) ;; *) continue ;; esac
  exec 9>>"$file" || exit 1
  # Not at once: lock_list.sh holds it for a moment when it looks whether somebody does.
  if flock -w 2 9; then
    got=1
    continue
  fi
  exec 9>&-
  now=
  IFS= read -r now <"$file"
  # A console whose line was cut has left a holder here that waits for its next sign of life. Whoever goes on with that
  # console's journal is alone with it.
  case $now in
    "$who" | "") ;;
    *"\"${journal:-/}\""*)
      say "former $now"
      continue
      ;;
  esac
  say "busy $now"
  exit 0
done
printf '%s\n' "$who" >"$file" || exit 1
say held
while hear; do
  now=
  IFS= read -r now <"$file"
  # shellcheck disable=SC3013 # dash and busybox know -ef
  if [ "$now" != "$who" ] || ! [ "$file" -ef /dev/fd/9 ]; then
    say "lost $now"
    exit 0
  fi
  say "beat ${word##*[!0-9]}"
done
: >"$file"
