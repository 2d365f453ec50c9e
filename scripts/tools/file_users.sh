# SPDX-License-Identifier: GPL-3.0-or-later
# Who needs the file that is known as $1 and by the inode $2, here or on another node ($3 "here" or "there"), be it by
# another mount; a device has other numbers on each node. An inode's number alone says little across file systems, so
# the last part of the name has to agree where the device does not. Two hosts that were made alike have equal numbers,
# too: $4 is the type of its file system, and what lies on a local one on both nodes is two files. So is $5, where it is
# not empty, by whatever name. What the guest of the uuid $6 has open does not count, nor does any lock then. Says
#   disk N         the Nth of the paths behind $6 is that file
#   open PID NAME  a process has it open
#   locked         QEMU has locked it
# shellcheck shell=sh
what() { if [ -b "$1" ]; then stat -Lc 'device %t:%T' -- "$1"; else stat -Lc '%d:%i' -- "$1"; fi 2>/dev/null; }
is_local() { case $1 in ext2/ext3 | xfs | btrfs | tmpfs | zfs | overlayfs | f2fs | jfs | ramfs) ;; *) false ;; esac; }
apart() { [ "$far" ] && is_local "$(stat -f -c %T -- "$1" 2>/dev/null)"; }
is_own() { [ "$own" ] && tr '\0' '\n' 2>/dev/null <"$1/cmdline" | grep -Fx -- "$own" >/dev/null; }
p=$1 i=$2 own=$6 it=$(what "$1") n=0 far=
if [ "$3" != here ]; then
  ! is_local "$4" || far=1
  case $it in "device "*) it=none ;; *":$i") ! apart "$p" || it=none ;; *) it=none ;; esac # another one of that name
fi
other=$(what "$5") && [ "$other" != "$it" ] || other=none
shift 6
for f; do
  n=$((n + 1)); w=$(what "$f") && [ "$w" != "$other" ] && ! apart "$f" || continue
  if [ "$w" = "$it" ] || { [ "${w#*:}" = "$i" ] && [ "${f##*/}" = "${p##*/}" ]; }; then echo "disk $n"; fi
done
case $i in *[!0-9]*) exit 0 ;; esac
open=$(timeout 60 find -L /proc/[0-9]*/fd -maxdepth 1 -inum "$i" 2>/dev/null)
if [ $? -ge 124 ]; then echo "who has $p open could not be found out within 60 s" >&2; exit 1; fi
printf '%s\n' "$open" | while IFS= read -r l; do
  t=$(readlink -- "$l") || continue
  t=${t% (deleted)} w=$(what "$l")
  [ "$w" != "$other" ] && ! apart "$l" || continue
  if [ "$w" = "$it" ] || [ "${t##*/}" = "${p##*/}" ]; then
    d=${l%/fd/*}
    ! is_own "$d" || continue
    read -r c <"$d/comm" || c=
    echo "open ${d#/proc/} $c"
  fi
done
if [ -z "$own" ] && [ "$it" != none ] && [ -f "$p" ] && command -v qemu-img >/dev/null &&
    qemu-img info -f raw -- "$p" 2>&1 | grep 'Failed to get.*lock' >/dev/null; then
  echo locked
fi
