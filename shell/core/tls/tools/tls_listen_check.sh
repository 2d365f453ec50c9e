# SPDX-License-Identifier: GPL-3.0-or-later
# Is the socket unit $1 enabled, and with $2 = restart at work?
# shellcheck shell=sh
systemctl is-enabled -q "$1" && { [ "$2" != restart ] || systemctl is-active -q "$1"; }
