# SPDX-License-Identifier: GPL-3.0-or-later
# The locks that are held here, as facts "lock JSON" (core/node/ask.h), behind lock_place.sh.
# shellcheck shell=sh disable=SC2154 # locks
lock_place || exit 1
for file in "$locks"/work-*; do
  [ -s "$file" ] || continue
  exec 8<"$file" || continue
  flock -n -s 8 || { IFS= read -r now <&8 && say lock "$now"; }
  exec 8<&-
done
