# SPDX-License-Identifier: GPL-3.0-or-later
# network-scripts, see bridge_hook_ip.sh: ifup finds the addresses there, and notes that the bridge is up.
# shellcheck shell=sh
case $1 in
native) exit 1 ;;
activate) ifup "$2" ;;
esac
