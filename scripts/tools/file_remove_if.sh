# SPDX-License-Identifier: GPL-3.0-or-later
# Removes $1 if it is as it was: what stat says of it by the format $3 is still $2. In one go with the look. "removed"
# or "differs".
# shellcheck shell=sh
if [ -L "$1" ] || [ "$(stat -c "$3" -- "$1")" != "$2" ]; then echo differs
elif [ -d "$1" ]; then rm -rf -- "$1" && echo removed
else rm -f -- "$1" && echo removed; fi
