# SPDX-License-Identifier: GPL-3.0-or-later
# What $1 is: "SIZE MTIME INODE DEVICE KIND", or "none", which is said only where the system says so. The time of a
# device node tells nothing: for its time a device has "BOOT:N", N the sectors written and discarded since the node was
# booted, and for its inode its numbers.
# shellcheck shell=sh
if [ ! -e "$1" ] && [ ! -L "$1" ]; then
  why=$(stat -- "$1" 2>&1)
  case $why in *'No such file or directory' | *'Not a directory') echo none; exit ;; esac
  echo "$why" >&2
  exit 1
fi
size=$(stat -Lc %s -- "$1") || exit
kind=other
if [ -f "$1" ]; then kind="file"
elif [ -d "$1" ]; then kind=directory
elif [ -b "$1" ]; then
  n=$(stat -Lc '%t %T' -- "$1") && size=$(blockdev --getsize64 "$1") || exit
  n="$((0x${n% *})):$((0x${n#* }))"
  echo "$size $(cat /proc/sys/kernel/random/boot_id):$(awk '{print $7 "+" $14}' "/sys/dev/block/$n/stat") $n 0 block"
  exit
fi
echo "$size $(stat -Lc '%.9Y %i %d' -- "$1") $kind"
