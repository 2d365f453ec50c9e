# SPDX-License-Identifier: GPL-3.0-or-later
# What a node's network looks like, for every script that asks. Goes before the script.
#   get FILE   sets $v to its first line; 1: it has none
#   links      tells: address LINK ADDRESS/PREFIX, link NAME OPERSTATE MTU MASTER|-, mac NAME ADDRESS, up NAME,
#              bridge NAME STP FORWARD_DELAY (of 1/100 s), vlan_filtering NAME (of a bridge that has it on),
#              tap NAME (a tap or macvtap: a guest's end, which does not lead out of the host),
#              vlan NAME ID (a link that is a VLAN of another one)
#   ovs        tells: ovs NAME, a bridge of Open vSwitch
# Processes are what takes the time: small files are read by the shell itself.
# shellcheck shell=sh
get() {
  v=''
  [ ! -r "$1" ] || read -r v <"$1"
  [ -n "$v" ]
} 2>/dev/null
links() {
  for d in /sys/class/net/*; do
    [ -d "$d" ] || continue
    n=${d##*/} state=unknown mtu='-' master='-'
    ! get "$d/operstate" || state=$v
    ! get "$d/mtu" || mtu=$v
    [ ! -e "$d/master/uevent" ] || while IFS= read -r v; do
      case $v in INTERFACE=*) master=${v#*=} ;; esac
    done <"$d/master/uevent"
    say link "$n $state $mtu $master"
    ! get "$d/address" || say mac "$n $v"
    case $n in
    macvtap*) say tap "$n" ;;
    *) [ ! -e "$d/tun_flags" ] || say tap "$n" ;;
    esac
    ! get "/proc/net/vlan/$n" || { v=${v#*VID: }; say vlan "$n ${v%%[!0-9]*}"; }
    ! get "$d/flags" || [ $((v & 1)) -eq 0 ] || say up "$n"
    ! get "$d/bridge/stp_state" || { stp=$v; ! get "$d/bridge/forward_delay" || say bridge "$n $stp $v"; }
    ! get "$d/bridge/vlan_filtering" || [ "$v" = 0 ] || say vlan_filtering "$n"
  done
  ip -o addr 2>/dev/null | awk '$3 ~ /^inet6?$/ {
    a = $4 ($5 == "peer" && match($6, /\/.*/) ? substr($6, RSTART) : "")
    for (i = 5; i < NF && $i != "scope"; i++);
    if ($(i + 1) ~ /^(global|link)$/) { sub(/@.*/, "", $2); print "@address " $2 " " a }
  }'
}
ovs() {
  command -v ovs-vsctl >/dev/null || return 0
  timeout 2 ovs-vsctl list-br 2>/dev/null | while IFS= read -r b; do say ovs "$b"; done
}
