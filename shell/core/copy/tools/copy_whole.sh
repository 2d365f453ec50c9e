# SPDX-License-Identifier: GPL-3.0-or-later
# "@DIGEST" of all of $r. After copy_path.sh and copy_tool.sh.
# shellcheck shell=sh disable=SC2154 # r, tool
$tool <"$r" | sed -n 's/^\\*\([0-9a-f]\{16,\}\).*/@\1/p'
