# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the directory $1, for our eyes only; one that is there has to be empty and ours. "made" or "there".
# shellcheck shell=sh
if [ -d "$1" ]; then
  [ -z "$(ls -A -- "$1")" ] || { printf '%s is not empty\n' "$1"; exit 1; }
  [ -O "$1" ] || { printf '%s is not yours\n' "$1"; exit 1; }
  chmod 700 -- "$1" && echo there
else mkdir -m 700 -- "$1" && echo made; fi
