# SPDX-License-Identifier: GPL-3.0-or-later
# listening: does anything listen on the NFS port, 2049?
# shellcheck shell=sh
listening() { grep -qi '^ *[0-9]*: [0-9A-F]*:0801 [0-9A-F]*:0000 0A' /proc/net/tcp /proc/net/tcp6 2>/dev/null; }
