# SPDX-License-Identifier: GPL-3.0-or-later
# The part file of $1, made if $2 has no identity yet, in its size, $3. Behind copy_path.sh and copy_ours.sh.
# shellcheck shell=sh disable=SC2154 # part, r
case $2 in
*:*) ;;
*)
  umask 077
  dd if=/dev/null of="$part" conv=excl status=none || exit 1
  i=$(identity "$part")
  pin "$part" "$i"
  ours || exit 0
  say identity "$i"
  ;;
esac
truncate -s "$3" -- "$r"
