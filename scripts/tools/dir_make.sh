# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the directory $1 and those above it: others may pass through them, and look into none.
# shellcheck shell=sh
umask 066 && mkdir -p -- "$1"
