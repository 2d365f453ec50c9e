# SPDX-License-Identifier: GPL-3.0-or-later
# Are the files set aside under names that end in $1?
# shellcheck shell=sh
s=$1
shift
for f; do
  [ -e "$f$s" ] || [ -L "$f$s" ] || exit 1
done
