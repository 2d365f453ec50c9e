# SPDX-License-Identifier: GPL-3.0-or-later
# The SHA-256 of $1: of a file, of the first $2 bytes of it, or of all that is in a directory.
# shellcheck shell=sh
if [ -d "$1" ]; then
  cd -- "$1" && find . -type f -exec sha256sum {} + | LC_ALL=C sort -k 2 | sha256sum
elif [ -n "${2-}" ]; then head -c "$2" -- "$1" | sha256sum
else sha256sum <"$1"; fi
