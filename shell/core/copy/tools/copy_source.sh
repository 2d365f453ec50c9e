# SPDX-License-Identifier: GPL-3.0-or-later
# What the source $1 is. $3: as used() has it. Behind copy_facts.sh and copy_means.sh.
# shellcheck shell=sh disable=SC2154 # k, r and what facts() sets
real "$1" -e
kind "$r"
say kind "$k"
facts "$r"
say inode "$inode"
case $k in file | block) ;; *) exit 0 ;; esac
say size "$length"
say identity "$identity"
say owner "$owner"
say ids "$ids"
say mode "$mode"
[ "$k" = block ] || say fstype "$(stat -f -c %T -- "$r")"
used "$r" "$3"
tools
show_map "$r"
:
