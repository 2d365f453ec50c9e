# SPDX-License-Identifier: GPL-3.0-or-later
# systemd-networkd, see bridge_hook_ip.sh. It reads its files and takes over what it finds as they have it.
# shellcheck shell=sh
again() { networkctl reload && { networkctl reconfigure "$1" 2>/dev/null || :; } || systemctl restart systemd-networkd; }
case $1 in
native) exit 1 ;;
activate) again "$3" ;;
restore) again "$3" ;;
esac
