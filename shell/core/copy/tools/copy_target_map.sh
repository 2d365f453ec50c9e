# SPDX-License-Identifier: GPL-3.0-or-later
# The length and the map of the target as they are now. Behind copy_path.sh, copy_facts.sh and copy_means.sh.
# shellcheck shell=sh disable=SC2154 # r, length
facts "$r"
say size "$length"
show_map "$r"
:
