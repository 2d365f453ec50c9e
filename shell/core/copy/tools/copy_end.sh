# SPDX-License-Identifier: GPL-3.0-or-later
# Ends what is left here of copies to the files $2 … of the node $1 whose consoles are gone: a writer whose line went
# dead waits until its kernel finds out, which may take hours, and holds the file. Each program of a copy has the token
# of its destination among its words (core/copy/left.c), and all that one login ran is one session; what is not our
# user's, or has no session here, is nobody's that we know. Says the numbers of those that were ended.
# shellcheck shell=sh disable=SC2086 # numbers of processes
exec 3>&2 2>/dev/null # processes end while they are looked at
node=$1
shift
# Sets $s to the session of the process $1; false: it has ended.
session() {
  s=''
  read -r s <"/proc/$1/stat" && set -- ${s##*) } && [ "$1" != Z ] && s=$4
}
session $$ && own=$s && [ $# -gt 0 ] || exit
tokens=$(for path; do printf '%s:%s' "$node" "$path" | sha256sum | sed 's/^\([0-9a-f]*\).*/migsh-copy-\1/'; done)
all=' '
# shellcheck disable=SC2062 # the pattern comes from its input
for f in $(printf '%s\n' "$tokens" | grep -lzFx -f - -- /proc/[0-9]*/cmdline); do
  p=${f#/proc/}
  if [ -O "$f" ] && session "${p%/*}" && [ "$s" != "$own" ] && [ "$s" != 0 ]; then all="$all$s "; fi
done
members() {
  for f in /proc/[0-9]*; do
    if session "${f#/proc/}"; then case $all in *" $s "*) echo "${f#/proc/}" ;; esac; fi
  done
}
n=0
while [ "$all" != ' ' ] && p=$(members) && [ -n "$p" ]; do
  [ $n -lt 50 ] || { echo "process $p cannot be ended" >&3; exit 1; }
  kill -KILL $p
  n=$((n + 1))
  echo $p
  sleep 0.1
done
