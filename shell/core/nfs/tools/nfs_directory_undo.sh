# SPDX-License-Identifier: GPL-3.0-or-later
# Removes the directory $1 and those above it, $2 in all, as far as they are empty: what has come into one stays, and
# with it the directory.
# shellcheck shell=sh
d=$1 n=$2
while [ "$n" -gt 0 ] && [ -d "$d" ] && rmdir -- "$d" 2>/dev/null; do
  n=$((n - 1)) d=${d%/*}
done
:
