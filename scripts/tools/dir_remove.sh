# SPDX-License-Identifier: GPL-3.0-or-later
# Removes the directory $1, if it is empty.
# shellcheck shell=sh
rmdir -- "$1" 2>/dev/null || :
