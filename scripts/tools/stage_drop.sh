# SPDX-License-Identifier: GPL-3.0-or-later
# Removes what was set aside as $1, if $2, which replaced it, is there. It is the last one if somebody has taken that
# away.
# shellcheck shell=sh
if [ -e "$2" ]; then rm -rf -- "$1"; fi
