# SPDX-License-Identifier: GPL-3.0-or-later
# The part files in the directory $1 of copies to names that begin with $2: the name and the part file's, a line each.
# None has a line's end in it. After copy_path.sh.
# shellcheck shell=sh disable=SC2154 # suffix
[ -d "$1" ] || exit 0
cd -- "$1" || exit
nl=$(printf '\nx')
for f in ".$2"*"$suffix"; do
  case $f in *"${nl%x}"*) continue ;; esac
  name=${f#.}
  [ ! -f "$f" ] || printf '%s\n' "${name%"$suffix"}" "$f"
done
