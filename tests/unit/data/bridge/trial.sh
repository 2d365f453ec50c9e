# SPDX-License-Identifier: GPL-3.0-or-later
# The way back, at moments that no console can be stopped at, in namespaces of its own: unshare -nm sh trial.sh TOOLS,
# which is shell/core/bridge/tools. Says "not ok - …" of what is not as it should be.
# shellcheck shell=sh
tools=$1 bad=0
[ "$#" = 1 ] && mount -t sysfs sysfs /sys && mount -t tmpfs -o size=1m,mode=755 tmpfs /run &&
  mount -t tmpfs -o size=1m tmpfs /mnt || exit 2
t=/run/migsh/bridge file="/mnt/a 'b;\$(c)"
ok() { # WHAT COMMAND…
  what=$1
  shift
  "$@" || { bad=1; echo "not ok - $what"; }
}
no() { ! "$@" >/dev/null 2>&1; }
gives() { # STATUS COMMAND…
  wanted=$1
  shift
  "$@" >/run/said 2>&1
  [ $? = "$wanted" ] || { cat /run/said; return 1; }
}
eventually() { # for what takes the node a moment
  left=300
  until "$@" 2>/dev/null; do
    [ $left -gt 0 ] || return
    left=$((left - 1))
    sleep 0.1
  done
}
# shellcheck disable=SC2086 # names of tools
text() { for f in $1; do cat "$tools/$f.sh"; done; }
tool() { # NAMES WORD…
  names=$1
  shift
  sh -c "$(text "$names")" sh "$@"
}
base='../../node/tools/lock_place' live='../../node/tools/lock_place bridge_live'
arm() { # TOKEN SECONDS HOOK LOOKED
  tool "$live bridge_arm" "$1" "$2" br0 eth0 forward "$want" "$(text "$live bridge_go")" "$(text "$live bridge_undo")" \
    "$3" "$4" "$file" /mnt/new
}
switch() { tool "$base bridge_switch" "$1"; }
keep() { SSH_CONNECTION=$2 tool "$base bridge_keep" "$1"; }
undo() { sh "$t/undo" "$1"; }
links() {
  ip -o addr show scope global | sed 's/^[0-9]*: //; s/ tentative//'
  for table in main 100; do
    ip route show table $table
    ip -6 route show table $table 2>/dev/null | sort
  done
  ls /sys/class/net
}
as_before() {
  [ "$(links)" = "$links" ] && [ "$(cat "$file")" = old ] && [ ! -e /mnt/new ] && return
  links
  cat "$file" $t.undone/log
  return 1
}
change_files() { echo new >"$file" && echo new >/mnt/new; }
fill() { dd if=/dev/zero of=/run/full bs=64k 2>/dev/null; }
ended() { [ ! -e $t ] && flock /run/migsh/bridge.lock true; }

# A card with what is easily lost: a route that the kernel is told not to make, an alias, a table of its own, addresses
# of IPv6, a default route beside another's of the same metric, and two of its own.
{ ip link add eth0 type veth peer name far0 && ip link add eth1 type veth peer name far1; } || exit 2
for n in lo eth0 eth1 far0 far1; do ip link set $n up; done
ip addr add 10.1.1.1/24 dev eth1
ip route add default via 10.1.1.254
ip addr add 192.0.2.10/24 brd + dev eth0 noprefixroute
ip route add 192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.10 metric 100
ip addr add 192.0.2.11/24 brd + dev eth0 label eth0:1
[ ! -e /proc/net/if_inet6 ] || ip -6 addr add 2001:db8::10/64 dev eth0
ip route prepend default via 192.0.2.1 dev eth0
ip route add default via 192.0.2.2 dev eth0 metric 200
ip route add 198.51.100.0/24 via 192.0.2.3 dev eth0 proto static
ip route add default via 192.0.2.9 dev eth0 table 100
echo old >"$file"
mac=$(cat /sys/class/net/eth0/address) links=$(links)
before=$(tool "$live" && sh -c "$(text "$live")
live_save br0 eth0")
want=$(printf '%s\n' "$before" | sed "s/^link br0 absent/link br0 bridge 0 0 1500 $mac up/; s/^master eth0 -/master eth0 br0/
  s/^\(address\|route\) eth0/\1 br0/; s/ label eth0:1//")
hook=$(text bridge_hook_ip)

ok 'made' arm a 60 "$hook" "$before" && change_files && ok 'made: begun' switch a
ok 'made: all of it is on the bridge' eventually [ -s $t/result ]
ok "made: nothing of another link's" [ -n "$(ip route show default dev eth1)" ]
fill
ok 'full: taken back all the same' undo a
ok 'full: as before' as_before
rm -rf $t.undone
fill
ok 'full: nothing can be armed' gives 1 arm b 60 "$hook" "$before"
ok 'full: and nothing is' [ ! -e $t ]
rm /run/full

ok 'stale: what was not looked at is not changed' gives 1 arm c 60 "$hook" "link br0 absent"
ok 'stale: nothing is armed' [ ! -e $t ]
mkdir /run/bin && printf '#!/bin/sh\nexit 1\n' >/run/bin/setsid && chmod 755 /run/bin/setsid
path=$PATH PATH=/run/bin:$PATH
ok 'no process: not armed' gives 1 arm d 60 "$hook" "$before"
PATH=$path
ok 'no process: nothing is armed' [ ! -e $t ]

# What is late goes on in a process group of timeout's.
slow='case $1 in native) exit 0 ;; make) ip link set eth0 nomaster; ip addr flush dev eth0 scope global; sleep 900 & echo $! >/run/late; wait ;; esac'
ok 'late' arm e 20 "$slow" "$before" && change_files && ok 'late: begun' switch e
ok 'late: it is at work' eventually [ -s /run/late ]
ok 'late: another change is refused' gives 1 arm f 60 "$hook" ""
ok 'late: not kept, and not given up' gives 75 keep e 'a login'
ok 'late: taken back by itself' eventually ended
ok 'late: as before' as_before
ok 'late: nobody is at work any more' no grep -q . "/proc/$(cat /run/late)/cmdline"
ok 'late: told' gives 1 keep e 'another login'
change_files
ok 'late: who comes now changes nothing' gives 1 switch e
ok 'late: and his files go' as_before

ok 'killed' arm g 3 "$slow" "$before" && switch g && eventually [ -s $t/pid ] && kill -KILL "$(cat $t/pid)"
ok 'killed: taken back by itself' eventually ended
ok 'killed: as before' as_before

ok 'kept' arm h 60 "$hook" "$before" && ok 'kept: begun' switch h
ok 'kept: the first answer proves nothing' gives 75 keep h 'a login'
ok 'kept: nor does the same login' gives 75 keep h 'a login'
ok 'kept: by another' gives 0 keep h 'another login'
ok 'kept: said again, as the answer was lost' gives 0 keep h 'another login'
ok 'kept: what is late takes nothing back' sh $t.kept/undo h
ok 'kept: it is there' [ -e /sys/class/net/br0 ]
exit $bad
