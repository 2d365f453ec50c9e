# SPDX-License-Identifier: GPL-3.0-or-later
# How many names $1 has; 0: it is not there.
# shellcheck shell=sh
if [ -e "$1" ]; then stat -Lc %h -- "$1"; else echo 0; fi
