# SPDX-License-Identifier: GPL-3.0-or-later
# Removes the markers of test $2 from the directory $1. Behind qemu_user.sh. Root may be nobody there, and QEMU's
# user may not be allowed to: both try.
# shellcheck shell=sh disable=SC2154 # u
rm -f -- "$1/.migsh-test-$2-"* 2>/dev/null
[ -z "$u" ] || as_qemu sh -c 'rm -f -- "$1/.migsh-test-$2-"*' sh "$1" "$2" 2>/dev/null
for f in "$1/.migsh-test-$2-"*; do
  [ ! -e "$f" ] || say left "$f"
done
:
