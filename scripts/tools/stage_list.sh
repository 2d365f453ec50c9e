# SPDX-License-Identifier: GPL-3.0-or-later
# The names in the directory $1 that begin with $2 and have $3 behind that. None has a line's end in it.
# shellcheck shell=sh
[ -d "$1" ] || exit 0
cd -- "$1" || exit
nl=$(printf '\nx')
nl=${nl%x}
for f in "$2"*"$3"*; do
  case $f in *"$nl"*) continue ;; esac
  if [ -e "$f" ]; then printf '%s\n' "$f"; fi
done
