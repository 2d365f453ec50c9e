# SPDX-License-Identifier: GPL-3.0-or-later
# The state of links as text, and back. Goes before the script.
#   live_save NAME…    prints it; 1: not all of it could be found out
#   live_apply FILE    brings it about, as far as it can be, and touches no other link: taps of guests stay in their
#                      bridge; 1: not all of it
#   live_is FILE       0: it is so
# Lines of a state:
#   link NAME absent | link NAME bridge STP FORWARD_DELAY MTU MAC up|down | link NAME other MTU up|down
#   master NAME BRIDGE|-
#   address NAME 4|6 WORDS…    of `ip addr add`
#   route NAME 4|6 WORDS…      of `ip route add`, of any table; what the kernel makes by itself is not told
# shellcheck shell=sh disable=SC2046,SC2086 # the words of ip are words
live_save() {
  for n; do
    d=/sys/class/net/$n up=down m=-
    if [ ! -d "$d" ]; then
      echo "link $n absent"
      continue
    fi
    read -r v <"$d/flags"
    [ $((v & 1)) -eq 0 ] || up=up
    read -r mtu <"$d/mtu"
    if [ -d "$d/bridge" ]; then
      read -r stp <"$d/bridge/stp_state"
      read -r delay <"$d/bridge/forward_delay"
      read -r mac <"$d/address"
      echo "link $n bridge $stp $delay $mtu $mac $up"
    else
      echo "link $n other $mtu $up"
    fi
    [ ! -L "$d/master" ] || m=$(readlink "$d/master")
    echo "master $n ${m##*/}"
    all=$(ip -o addr show dev "$n" scope global) || return
    printf '%s\n' "$all" | N=$n awk '!NF || / temporary / { next } {
      n = ENVIRON["N"]
      sub(/\\/, " ") # "eth0:1\       valid_lft", as of several lines one is made
      w = $4
      for (i = 5; i <= NF; i++) {
        if ($i ~ /^(peer|brd|scope|metric)$/) { w = w " " $i " " $(i + 1); i++ }
        else if ($i == "proto") i++
        else if ($i ~ /^(valid|preferred)_lft$/) {
          i++
          if ($i != "forever") { sub(/sec$/, "", $i); w = w " " $(i - 1) " " $i }
        } else if ($i ~ /^(noprefixroute|mngtmpaddr)$/) w = w " " $i
        else if (index($i, n ":") == 1) w = w " label " $i
      }
      print "address " n " " ($3 == "inet" ? 4 : 6) " " w
    }'
    by_kernel=yes # it makes them again with their addresses
    case $all in *' noprefixroute '*) by_kernel= ;; esac
    for f in 4 6; do
      [ $f = 4 ] || [ -e /proc/net/if_inet6 ] || continue
      all=$(ip -o -$f route show table all dev "$n") || return
      printf '%s\n' "$all" | N="$n $f" K=$by_kernel awk '
        !NF || / table local / || $1 == "fe80::/64" || (ENVIRON["K"] && / proto kernel /) { next } {
        w = ""
        for (i = 1; i <= NF; i++) {
          if ($i ~ /^(expires|pref|error)$/) i++
          else if ($i !~ /^(linkdown|dead|\\)$/) w = w " " $i
        }
        print "route " ENVIRON["N"] w
      }'
    done
  done
}

# What of a state's lines is compared. Without STP the forward delay is nothing, and NetworkManager sets none.
live_keys() {
  awk '$1 == "link" && $3 == "bridge" { print "bridge", $2, $4, $4 == 0 ? "-" : $5, $6 } $1 == "link" && $3 == "absent" { print }
    $1 == "master" { print } $1 == "address" { print $1, $2, $3, $4 }
    $1 == "route" && !/ proto kernel/ {
      via = table = "-"
      for (i = 5; i < NF; i++) {
        if ($i == "via") via = $(i + 1)
        if ($i == "table") table = $(i + 1)
      }
      print $1, $2, $3, $4, via, table
    }'
}
live_links() { sed -n 's/^link \([^ ]*\) .*/\1/p' "$1"; }
live_is() {
  { live_keys <"$1"; echo; live_save $(live_links "$1") | live_keys; } | awk '
    !$0 { now = 1; next }
    !now { want[$0] = 1; if ($1 == "master" && $3 != "-") port[$2] = 1; next }
    $0 in want { delete want[$0]; next }
    ($1 == "address" || $1 == "route") && $2 in port { extra = 1 } # a port of a bridge bears none
    END { for (k in want) exit 1; exit extra }'
}

# NAME 4|6 ADDRESS: it is in the state that is read.
live_has() {
  a=$3 awk -v n="$1" -v f="$2" '$1 == "address" && $2 == n && $3 == f && $4 == ENVIRON["a"] { found = 1 }
    END { exit !found }'
}
live_addresses() {
  live_save $(live_links "$1") | while read -r what n f a rest; do
    [ "$what" != address ] || live_has "$n" "$f" "$a" <"$1" || ip -$f addr del "$a" dev "$n" 2>/dev/null || :
  done
  now=$(live_save $(live_links "$1"))
  while read -r what n f a rest; do
    [ "$what" = address ] || continue
    printf '%s\n' "$now" | live_has "$n" "$f" "$a" || ip -$f addr add "$a" $rest dev "$n" || bad=1
  done <"$1"
}
# Those to what is near first: the others need them. None is replaced: it could be another link's.
live_routes() {
  live_save $(live_links "$1") | while read -r what n f rest; do
    case "$what $rest " in 'route '*' proto kernel '*) continue ;; esac
    [ "$what" != route ] || grep -qxF "route $n $f $rest" "$1" || ip -$f route del $rest dev "$n" || :
  done
  now=$(live_save $(live_links "$1"))
  nl='
'
  for near in yes no; do
    while read -r what n f rest; do
      [ "$what" = route ] || continue
      case "$near $rest" in 'yes '*' via '*) continue ;; 'no '*' via '*) ;; 'no '*) continue ;; esac
      case $nl$now$nl in *"${nl}route $n $f $rest$nl"*) continue ;; esac
      ip -$f route prepend $rest dev "$n" || bad=1
    done <"$1"
  done
}
# What does not come about keeps nothing else from it: it may be all that a node has to come back by.
live_apply() {
  bad=0
  while read -r what n kind stp delay mtu mac _; do
    [ "$what $kind" = 'link bridge' ] || continue
    [ -d "/sys/class/net/$n" ] || ip link add name "$n" address "$mac" type bridge || bad=1
    # One by one: with STP the kernel takes no delay below 2 s, and it looks at the delay first.
    ip link set dev "$n" type bridge stp_state "$stp" || bad=1
    ip link set dev "$n" type bridge forward_delay "$delay" || bad=1
  done <"$1"
  while read -r what n m _; do
    [ "$what" = master ] && [ -d "/sys/class/net/$n" ] || continue
    now=$(readlink "/sys/class/net/$n/master") now=${now##*/}
    case $m in
    "${now:--}") ;;
    -) ip link set dev "$n" nomaster || bad=1 ;;
    *) ip link set dev "$n" master "$m" || bad=1 ;;
    esac
  done <"$1"
  while read -r what n kind a b c d up; do
    case "$what $kind" in 'link bridge') ;; 'link other') c=$a up=$b ;; *) continue ;; esac
    [ -d "/sys/class/net/$n" ] || continue
    ip link set dev "$n" mtu "$c" || bad=1
    ip link set dev "$n" "$up" || bad=1
  done <"$1"
  live_addresses "$1"
  live_routes "$1"
  while read -r what n kind _; do
    [ "$what $kind" = 'link absent' ] && [ -d "/sys/class/net/$n/bridge" ] || continue
    # Guests that came meanwhile keep their network among themselves.
    [ -z "$(ls "/sys/class/net/$n/brif")" ] || { echo "$n has other ports and stays"; continue; }
    ip link del dev "$n" || bad=1
  done <"$1"
  return $bad
}
