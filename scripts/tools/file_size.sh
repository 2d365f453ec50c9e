# SPDX-License-Identifier: GPL-3.0-or-later
# The size of the regular file $1, or "none"; a link is none.
# shellcheck shell=sh
if [ -f "$1" ] && [ ! -L "$1" ]; then stat -c %s -- "$1"; else echo none; fi
