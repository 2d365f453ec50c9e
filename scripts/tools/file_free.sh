# SPDX-License-Identifier: GPL-3.0-or-later
# What df says of the directory $1, or "none": it is not there.
# shellcheck shell=sh
if [ ! -d "$1" ]; then echo none; exit; fi
df -P -B1 -- "$1" | tail -n 1
