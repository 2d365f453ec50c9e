# SPDX-License-Identifier: GPL-3.0-or-later
# The directory $1 aside, as $2, and an empty one like it in its place.
# shellcheck shell=sh
[ -e "$2" ] || mv -T -- "$1" "$2" || exit 1
[ -d "$1" ] || { mkdir -m 700 -- "$1" && chown --reference="$2" -- "$1" && chmod --reference="$2" -- "$1"; } || exit 1
! command -v restorecon >/dev/null || restorecon -- "$1" || :
