# SPDX-License-Identifier: GPL-3.0-or-later
# Takes the name $2 away from what has the first name $1, or gives it that one back; $3 as of stage_publish.sh.
# shellcheck shell=sh
if [ -e "$1" ]; then rm -rf -- "$2"; else mv -nT -- "$2" "$1"; fi
rm -f -- "$3"
