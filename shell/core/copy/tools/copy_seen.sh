# SPDX-License-Identifier: GPL-3.0-or-later
# Is the file that copy_mark.sh has made on the other node beside $1, too? Behind copy_facts.sh.
# shellcheck shell=sh disable=SC2154 # r
real "$1"
n=0
while [ ! -e "${r%/*}/.migsh-mark-$2" ]; do
  n=$((n + 1))
  [ $n -lt 15 ] || exit 0
  sleep 0.1
  ls -f -- "${r%/*}/" >/dev/null 2>&1
done
say seen yes
