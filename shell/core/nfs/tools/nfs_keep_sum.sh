# SPDX-License-Identifier: GPL-3.0-or-later
# keep_sum FILE: what the server has read. The sum is lost with a reboot, when the server has read its files anyway.
# shellcheck shell=sh
keep_sum() { mkdir -p /run/migsh-nfs && { cksum 2>/dev/null <"$1" || echo none; } >/run/migsh-nfs/exports.sum; }
