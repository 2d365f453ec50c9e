# SPDX-License-Identifier: GPL-3.0-or-later
# Gives $1 the name $2, unless something has been set aside there already.
# shellcheck shell=sh
if [ ! -e "$2" ]; then mv -nT -- "$1" "$2"; fi
