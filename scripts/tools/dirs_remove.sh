# SPDX-License-Identifier: GPL-3.0-or-later
# Removes the directories $1 …, the deepest first, up to one that is not empty: then it says so.
# shellcheck shell=sh
for d; do
  [ ! -d "$d" ] || rmdir -- "$d" 2>&1 || exit 0
done
