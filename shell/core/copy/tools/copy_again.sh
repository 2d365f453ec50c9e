# SPDX-License-Identifier: GPL-3.0-or-later
# The source $1 once more, after it was copied. $2: as used() has it. Behind copy_facts.sh.
# shellcheck shell=sh disable=SC2154 # r, identity
real "$1" -e
facts "$r"
say identity "$identity"
used "$r" "$2"
:
