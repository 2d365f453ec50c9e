# SPDX-License-Identifier: GPL-3.0-or-later
# Has the socket unit $1 listen for TLS, from the daemon's next start, or with $2 = restart from now on: a socket unit
# cannot begin while its service runs. Guests are not the daemon's children, and go on.
# shellcheck shell=sh
s=${1%-tls.socket}.service
systemctl enable "$1" || exit 1
[ "$2" = restart ] || exit 0
systemctl stop "$s" && systemctl start "$1"
r=$?
systemctl start "$s" || exit 1
exit $r
