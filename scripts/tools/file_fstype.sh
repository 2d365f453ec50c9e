# SPDX-License-Identifier: GPL-3.0-or-later
# The type of the file system of $1; nothing where there is no such file.
# shellcheck shell=sh
stat -f -c %T -- "$1" 2>/dev/null || :
