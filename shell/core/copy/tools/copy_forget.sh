# SPDX-License-Identifier: GPL-3.0-or-later
# Removes the part file of a copy to $1 that is given up. After copy_path.sh: what a copy would not have reached it has
# not made.
# shellcheck shell=sh disable=SC2154 # part, why
reach "$1" || {
  [ -n "$why" ] || [ ! -d "${1%/*}/" ] || { echo "migsh: ${1%/*} cannot be looked into" >&2; exit 1; }
  exit 0
}
if [ -f "$part" ] || [ -L "$part" ]; then rm -f -- "$part"; fi
