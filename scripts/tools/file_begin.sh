# SPDX-License-Identifier: GPL-3.0-or-later
# What $1 begins with: its first 128 KiB, a line of hexadecimal words for each sector.
# shellcheck shell=sh
head -c 131072 -- "$1" | od -v -An -tx8 -w512
