# SPDX-License-Identifier: GPL-3.0-or-later
# What has to be known before a bridge $1 with the port $2 is made, behind node_links.sh and bridge_live.sh. Nothing is
# changed.
#   what node_links.sh tells, state LINE (bridge_live.sh, of both)
#   unfit WORD          why the port cannot be one: wireless, loopback, bridge, tap, no-ethernet
#   manager WORD        what configures the port (or the bridge) here, the first that does: netplan, nm, networkd,
#                       ifcfg, ifupdown
#   file PATH           of it, where the port's own settings are; and dns ADDRESS, those that it has
#   foreign PATH        a file that is not ours describes the bridge already
#   sourced yes         ifupdown reads interfaces.d; bridge_utils yes: and knows bridge_ports
#   profile NAME        NetworkManager's, of the port
# shellcheck shell=sh disable=SC2046,SC2154 # words are words; v, nl
bridge=$1 port=$2
links
ovs
live_save "$bridge" "$port" | sed 's/^/@state /'
d=/sys/class/net/$port
[ ! -d "$d/wireless" ] && [ ! -e "$d/phy80211" ] || say unfit wireless
[ ! -d "$d/bridge" ] || say unfit bridge
[ ! -e "$d/tun_flags" ] || say unfit tap
! get "$d/type" || case $v in 1) ;; 772) say unfit loopback ;; *) say unfit no-ethernet ;; esac
# WORD FILE…: the files in which a line matches it.
holds() {
  w=$1
  shift
  for f; do
    [ ! -f "$f" ] || grep -qE -- "$w" "$f" && [ -f "$f" ] && echo "$f"
  done
}
first() { IFS= read -r v <<END
$1
END
  [ -n "$v" ]
}
# NAME as it is in a regular expression.
plain() { printf %s "$1" | sed 's/[.]/\\./g'; }
b=$(plain "$bridge") p=$(plain "$port")
dns() { for a; do say dns "$a"; done; }
others() { # those that are not ours
  while IFS= read -r f; do
    case ${f##*/} in *migsh-*) ;; *) echo "$f" ;; esac
  done
}

netplan_is() {
  command -v netplan >/dev/null || return
  v=$(holds "^[[:space:]]+\"?($b|$p)\"?:" /etc/netplan/*.yaml)
  [ -n "$v" ] || return
  say manager netplan
  f=$(holds "^[[:space:]]+\"?$p\"?:" /etc/netplan/*.yaml | others)
  ! first "$f" || say file "$v"
  case $f in *"$nl"*) say files several ;; esac
  dns $(for v in "ethernets.$port" "bridges.$bridge"; do netplan get "$v.nameservers.addresses" 2>/dev/null; done |
    sed -n "s/^- *[\"']\{0,1\}\([0-9A-Fa-f.:]*\).*/\1/p")
  f=$(holds "^[[:space:]]+\"?$b\"?:" /etc/netplan/*.yaml | others)
  ! first "$f" || say foreign "$v"
}
nm_is() {
  command -v nmcli >/dev/null || return
  case $(timeout 5 nmcli -g GENERAL.STATE device show "$port" 2>/dev/null) in
  '' | '10 '* | *externally*) return 1 ;; # 10: unmanaged, 100: connected
  esac
  say manager nm
  v=$(nmcli -g GENERAL.CONNECTION device show "$port") && [ -z "$v" ] || say profile "$v"
  v=$(nmcli -g GENERAL.CONNECTION device show "$bridge" 2>/dev/null)
  case $v in '' | migsh-*) ;; *) say foreign "NetworkManager's connection $v" ;; esac
  dns $(for v in "$port" "$bridge"; do nmcli -g IP4.DNS,IP6.DNS device show "$v" 2>/dev/null; done | tr '|' ' ')
}
networkd_is() {
  [ -d /run/systemd/netif ] && command -v networkctl >/dev/null || return
  f=$(timeout 5 networkctl --no-pager status "$port" 2>/dev/null | sed -n 's/^ *Network File: *//p')
  case $f in /*) ;; *) return 1 ;; esac
  say manager networkd
  say file "$f"
  dns $(sed -n 's/^DNS=//p' "$f" "/etc/systemd/network/05-migsh-$bridge.network" 2>/dev/null)
  f=$(holds "^Name=$b\$" /etc/systemd/network/*.netdev | others)
  ! first "$f" || say foreign "$v"
}
ifcfg_is() {
  d=/etc/sysconfig/network-scripts
  [ -f $d/ifcfg-"$port" ] || [ -f $d/ifcfg-"$bridge" ] || return
  command -v ifup >/dev/null || return
  say manager ifcfg
  [ ! -f $d/ifcfg-"$port" ] || {
    say file "$d/ifcfg-$port"
    dns $(sed -n "s/^DNS[0-9]*=[\"']\{0,1\}\([0-9A-Fa-f.:]*\).*/\1/p" "$d/ifcfg-$port" "$d/ifcfg-$bridge" 2>/dev/null)
  }
  [ ! -f $d/ifcfg-"$bridge" ] || grep -q '^# By migsh' "$d/ifcfg-$bridge" || say foreign "$d/ifcfg-$bridge"
}
ifupdown_is() {
  command -v ifup >/dev/null && [ -f /etc/network/interfaces ] || return
  set -- /etc/network/interfaces /etc/network/interfaces.d/*
  v=$(holds "^[[:space:]]*iface[[:space:]]+($b|$p)([[:space:]]|\$)" "$@")
  [ -n "$v" ] || return
  say manager ifupdown
  f=$(holds "^[[:space:]]*iface[[:space:]]+$p([[:space:]]|\$)" "$@" | others)
  ! first "$f" || { say file "$v"; case $f in *"$nl"*) say files several ;; esac; }
  dns $(sed -n 's/^[[:space:]]*dns-nameservers[[:space:]]*//p' "$@")
  f=$(holds "^[[:space:]]*iface[[:space:]]+$b([[:space:]]|\$)" "$@" | others)
  ! first "$f" || say foreign "$v"
}
if [ -f /etc/network/interfaces ]; then
  ! grep -qE '^[[:space:]]*source(-directory)?[[:space:]]+(/etc/network/)?interfaces\.d(/\*)?[[:space:]]*$' \
    /etc/network/interfaces || say sourced yes
  [ ! -x /etc/network/if-pre-up.d/bridge ] || say bridge_utils yes
fi
netplan_is || nm_is || networkd_is || ifcfg_is || ifupdown_is || :
