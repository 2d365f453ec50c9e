# SPDX-License-Identifier: GPL-3.0-or-later
# What changes of the file $1, by stat's format $2, when anybody writes to it; of a directory that of all there is in
# it.
# shellcheck shell=sh
if [ -d "$1" ]; then cd -- "$1" && find . -printf '%p %s %i %T@ %C@\n' | LC_ALL=C sort
else stat -Lc "$2" -- "$1"; fi
