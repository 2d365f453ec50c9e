# SPDX-License-Identifier: GPL-3.0-or-later
# Writes the markers of test $2, as the node of number $3, into the directory $1, and measures how long it takes ("s
# SECONDS"). Behind qemu_user.sh.
# shellcheck shell=sh disable=SC2034,SC2154 # i, u
umask 022
f=$1/.migsh-test-$2-$3
[ -d "$1" ] || { say problem 'no such directory'; exit 0; }
say fstype "$(stat -f -c %T -- "$1")"
[ -z "$u" ] || say user "$u"
if m=$( { printf %s "$2-$3-root" >"$f.root"; } 2>&1); then
  say root yes
  say owner "$(stat -c %u -- "$f.root")"
  as=
else
  say root "${m##*: }"
  as=as_qemu
fi
if [ -n "$u" ]; then
  if m=$(as_qemu sh -c 'printf %s "$2" >"$1"' sh "$f.qemu" "$2-$3-qemu" 2>&1); then say qemu yes
  else say qemu "${m##*: }"; fi
fi
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
  $as dd if=/dev/zero of="$f.time" bs=4096 count=1 conv=notrunc,fsync 2>&1 | sed -n 's/.*, \([0-9.e-]*\) s.*/@s \1/p'
done
:
