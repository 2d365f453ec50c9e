# SPDX-License-Identifier: GPL-3.0-or-later
# A file of ours, of token $2, beside what $1 leads to. Behind copy_facts.sh.
# shellcheck shell=sh disable=SC2154 # r
real "$1" -e
[ -z "$r" ] || { (set -C; : >"${r%/*}/.migsh-mark-$2") 2>/dev/null && say marked yes; }
:
