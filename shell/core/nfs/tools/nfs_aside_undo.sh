# SPDX-License-Identifier: GPL-3.0-or-later
# The directory $2 back in its place, $1, where there is nothing now.
# shellcheck shell=sh
[ -d "$2" ] || exit 0
if [ -d "$1" ]; then rmdir -- "$1" || exit 1; fi
mv -T -- "$2" "$1"
