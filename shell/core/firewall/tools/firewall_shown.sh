# SPDX-License-Identifier: GPL-3.0-or-later
# Do all of these back ends show what was opened as $1? $2 the back ends, with blanks between. Behind firewall_ours.sh.
# shellcheck shell=sh
there=$(ours)
for by in $2; do
  printf '%s\n' "$there" | grep "^$by $1 " || exit
done
