# SPDX-License-Identifier: GPL-3.0-or-later
# Gives what was set aside as $1 its name $2 again, unless something has that.
# shellcheck shell=sh
if [ -e "$1" ]; then mv -nT -- "$1" "$2"; fi
