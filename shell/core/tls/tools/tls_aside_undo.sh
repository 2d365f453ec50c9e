# SPDX-License-Identifier: GPL-3.0-or-later
# Puts back what tls_aside.sh set aside; never over another file.
# shellcheck shell=sh
s=$1
shift
for f; do
  [ -e "$f$s" ] || [ -L "$f$s" ] || continue
  if [ -e "$f" ] || [ -L "$f" ]; then
    echo "$f is there: what was in its place stays in $f$s" >&2
    exit 1
  fi
  mv -nT -- "$f$s" "$f" && [ ! -e "$f$s" ] || exit 1
done
