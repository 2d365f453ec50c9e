# SPDX-License-Identifier: GPL-3.0-or-later
# Gives $1 the name $2, unless something has that.
# shellcheck shell=sh
if [ -e "$2" ] || [ -L "$2" ]; then echo "$2 already exists" >&2; exit 1; fi
mv -nT -- "$1" "$2" && test ! -e "$1"
