# SPDX-License-Identifier: GPL-3.0-or-later
# Removes the copy aside, $2, and the list $3, when all of it is on the share.
# shellcheck shell=sh
[ -e "$3/.migsh-all" ] ||
  { echo 'the copy on the share was not compared to its end yet: nfs-adopt --apply does it' >&2; exit 1; }
rm -rf -- "$2" && rm -rf -- "$3"
