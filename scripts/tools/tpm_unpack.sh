# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the directory $1 of what tpm_pack.sh has told on another node, with owners and modes.
# shellcheck shell=sh
rm -rf -- "$1" && mkdir -m 700 -- "$1" && input | base64 -d | tar --numeric-owner -p -C "$1" -xf -
