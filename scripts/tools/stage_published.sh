# SPDX-License-Identifier: GPL-3.0-or-later
# What stage_publish.sh was given as $1, from the file $2. Of a file that it has not named yet: "- - INODE".
# shellcheck shell=sh
if [ -e "$2" ]; then cat -- "$2"; elif [ -e "$1" ]; then stat -Lc '- - %i' -- "$1"; fi
