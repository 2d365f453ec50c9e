# SPDX-License-Identifier: GPL-3.0-or-later
# Every question to a node begins with this (core/node/ask.h). The tool behind it tells facts:
#   say KEY VALUE    "@KEY VALUE", one line whatever is in VALUE
#   missing DIR      prints how many directories of it are not there
# Rows of a list are facts of one key, and programs may print those themselves: sed 's/^/@entry /'. A line "@text" is
# the last one: what comes after it is one text of any bytes. The first fact keeps what a login shell prints apart from
# ours.
# shellcheck shell=sh disable=SC2086 # the lines of $2
LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export LC_ALL PATH
nl='
'
say() {
  case $2 in
  *"$nl"*) set -- "$1" "$(set -f && IFS=$nl && set -- $2 && IFS=' ' && printf %s "$*")" ;; # lines become words
  esac
  printf '@%s %s\n' "$1" "$2"
}
missing() {
  d=$1 n=0
  while [ ! -e "$d" ] && [ ! -L "$d" ]; do
    n=$((n + 1)) d=${d%/*} d=${d:-/}
  done
  echo $n
}
echo
say migsh facts
