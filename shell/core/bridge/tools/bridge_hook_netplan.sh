# SPDX-License-Identifier: GPL-3.0-or-later
# netplan, see bridge_hook_ip.sh. (`netplan try` refuses bridges: it cannot take them back.)
# shellcheck shell=sh
case $1 in
native) exit 1 ;;
arm) netplan generate ;; # what is broken already shall not be found out with the network half changed
activate | restore) netplan apply ;;
esac
