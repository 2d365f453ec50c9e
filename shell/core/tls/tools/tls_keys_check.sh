# SPDX-License-Identifier: GPL-3.0-or-later
# Are these there, directories and keys?
# shellcheck shell=sh
for f; do
  [ -d "$f" ] || [ -s "$f" ] || exit 1
done
