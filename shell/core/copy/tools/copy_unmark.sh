# SPDX-License-Identifier: GPL-3.0-or-later
# Removes what copy_mark.sh has made. Behind copy_facts.sh.
# shellcheck shell=sh disable=SC2154 # r
t=$1 i=0
shift
for p; do
  followed "$p"
  shift
  set -- "$@" "${r%/*}/.migsh-mark-$t-$i"
  i=$((i + 1))
done
rm -f -- "$@"
