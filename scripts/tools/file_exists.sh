# SPDX-License-Identifier: GPL-3.0-or-later
# Is there anything at $1, at the end of all links? "yes", or "no", which is said only where the system says so.
# shellcheck shell=sh
if [ -e "$1" ]; then echo yes; exit; fi
why=$(stat -L -- "$1" 2>&1)
case $why in *'No such file or directory' | *'Not a directory') echo no; exit ;; esac
echo "$why" >&2
exit 1
