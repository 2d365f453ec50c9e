# SPDX-License-Identifier: GPL-3.0-or-later
# Reads the markers that the nodes of numbers $3 … have written for test $2 into the directory $1. Behind
# qemu_user.sh. A name that was never asked for cannot be cached as absent, but attributes can be old: some
# patience.
# shellcheck shell=sh disable=SC2154 # u
d=$1 t=$2
shift 2
for k in "$@"; do
  for who in root qemu; do
    f=$d/.migsh-test-$t-$k.$who as=
    [ $who = root ] || as=as_qemu
    [ $who = root ] || [ -n "$u" ] || continue
    n=0
    while :; do
      c=$($as cat -- "$f" 2>&1) && [ "$c" = "$t-$k-$who" ] && { say "read-$who-$k" yes; break; }
      n=$((n + 1))
      [ $n -lt 15 ] || { say "read-$who-$k" "${c##*: }"; break; }
      sleep 0.1
    done
  done
done
:
