# SPDX-License-Identifier: GPL-3.0-or-later
# The socket unit $1 listens no more; connections that are there stay.
# shellcheck shell=sh
systemctl disable --now "$1"
