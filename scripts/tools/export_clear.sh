# SPDX-License-Identifier: GPL-3.0-or-later
# Removes all that an export has put into the directory $1, which was empty before.
# shellcheck shell=sh
cd -- "$1" && rm -f -- [0-9]*-* *.xml manifest.json
