# SPDX-License-Identifier: GPL-3.0-or-later
# Gives the complete file $1 its name $2, unless something has it. What it was like then, by stat's format $4, is kept
# in the file $3, by which it is known again; where the file system can, the first name stays, too.
# shellcheck shell=sh
if [ -e "$2" ] || [ -L "$2" ]; then echo "$2 already exists" >&2; exit 1; fi
rm -f -- "$3" && set -C && stat -Lc "$4" -- "$1" >"$3" && sync -- "$3" || exit
if ! ln -T -- "$1" "$2" 2>/dev/null; then
  mv -nT -- "$1" "$2" && [ ! -e "$1" ] || { echo "$2 cannot be made, or already exists" >&2; exit 1; }
fi
sync "$(dirname -- "$2")"
