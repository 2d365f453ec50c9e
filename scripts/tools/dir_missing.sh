# SPDX-License-Identifier: GPL-3.0-or-later
# How many of the last parts of the path $1 are not there.
# shellcheck shell=sh
missing "$1"
