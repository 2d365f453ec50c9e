# SPDX-License-Identifier: GPL-3.0-or-later
# ifupdown, see bridge_hook_ip.sh. A bridge that is there (it may have guests) is not taken down to be made anew.
# shellcheck shell=sh
forget() { [ ! -f /run/network/ifstate ] || sed -i "/^$1=/d" /run/network/ifstate; }
case $1 in
native) [ ! -d "/sys/class/net/$2" ] ;;
make)
  ip addr flush dev "$3" scope global
  forget "$3"
  ip link set dev "$3" up
  ifup --force "$2"
  ;;
restore)
  forget "$2"
  [ ! -d /run/network ] || ! ifquery "$3" >/dev/null 2>&1 || echo "$3=$3" >>/run/network/ifstate
  ;;
esac
