# SPDX-License-Identifier: GPL-3.0-or-later
# Is there anything at $1, at the end of all links? "yes" or "no".
# shellcheck shell=sh
if [ -e "$1" ]; then echo yes; else echo no; fi
