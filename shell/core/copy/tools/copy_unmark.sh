# SPDX-License-Identifier: GPL-3.0-or-later
# Removes what copy_mark.sh has made. Behind copy_facts.sh.
# shellcheck shell=sh disable=SC2154 # r
real "$1" -e
[ -z "$r" ] || rm -f -- "${r%/*}/.migsh-mark-$2"
