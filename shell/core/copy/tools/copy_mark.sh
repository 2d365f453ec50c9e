# SPDX-License-Identifier: GPL-3.0-or-later
# A file of ours beside what each of the paths behind the token $1 leads to: rows "marked N yes" of those that have one.
# Behind copy_facts.sh.
# shellcheck shell=sh disable=SC2154 # r
t=$1 i=0
shift
set -C
for p; do
  followed "$p"
  if [ -e "$r" ] && { true >"${r%/*}/.migsh-mark-$t-$i"; } 2>/dev/null; then say marked "$i yes"; fi
  i=$((i + 1))
done
