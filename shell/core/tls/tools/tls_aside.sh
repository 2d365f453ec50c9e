# SPDX-License-Identifier: GPL-3.0-or-later
# Sets files aside, as they are, under names that end in $1; tls_aside_undo.sh puts them back.
# shellcheck shell=sh
s=$1
shift
for f; do
  [ ! -e "$f$s" ] && [ ! -L "$f$s" ] || continue
  [ -e "$f" ] || [ -L "$f" ] || continue
  mv -nT -- "$f" "$f$s" && [ ! -e "$f" ] || { echo "$f could not be set aside" >&2; exit 1; }
done
