# SPDX-License-Identifier: GPL-3.0-or-later
# Has exportfs read the exports $1 again, behind nfs_keep_sum.sh. The file may be gone again: what it said must not stay
# exported.
# shellcheck shell=sh
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
exportfs -ra || [ ! -e "$1" ] || exit 1
keep_sum "$1"
