#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Bridges: what there is and what guests lack; made while ssh runs through the port, by ip alone and by ifupdown, kept,
# taken back to the byte; and the node that comes back by itself when the console is killed, the link cut, the address
# wrong, or taking it back goes wrong. A lab of its own (MIGSH_BRIDGE_SUBNET). Prints "ok N - …".
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" bridge 192.168.94
# shellcheck disable=SC2016 # for the shell over there
state() { on "$1" sh -c 'ip -o addr show scope global | sed "s/^[0-9]*: //; s/\\\\.*//"; ip route | sed "s/ linkdown//"; ls /sys/class/net | grep -v "^vnet"'; }
# Files with their contents, modes and owners; what migsh keeps beside the file of others is not meant.
files() { on "$1" sh -c 'cd /etc/network && find . -type f ! -name "*~" -exec stat -c "%n %a %u" {} + -exec sha256sum {} + | sort'; }
# eventually SECONDS COMMAND…
eventually() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.2; done
}
# From when the way back is armed there nobody logs in anew at that node; who is in stays.
# shellcheck disable=SC2016
deaf() {
    on "$1" sh -c 'i=0; while [ ! -e /run/migsh/bridge/token ] && [ $i -lt 1200 ]; do sleep 0.05; i=$((i + 1)); done
        echo "table inet deaf { chain i { type filter hook input priority 0; tcp dport 22 tcp flags & (syn|ack) == syn drop; }; }" | nft -f -'
}
hearing() { on "$1" nft delete table inet deaf; }
has_bridge() { on "$1" test -d /sys/class/net/br1; }
no_bridge() { ! on "$1" test -d /sys/class/net/br1; }
# start NODE ARGS…: in the background, its output and status in $work/NODE.*
start() {
    local node=$1
    shift
    rm -f "$work/$node.status"
    { m "$@" >"$work/$node.out" 2>&1; echo $? >"$work/$node.status"; } &
}
ended() { [ -s "$work/$1.status" ]; }
# The file is read here, so that what a console said is judged as any other.
said() { cat "$work/$1.out"; return "$(cat "$work/$1.status")"; }

three_nodes
up --ready
lab guest define share >/dev/null 2>&1

# --- check
expect "check: both bridges, and the guest's on each node" 0 \
    "source +br0 +linux +up +eth0 .* no +0 s +1500 .*dest +br0 .*br0 +share@source +yes +yes" bridge-check
on dest sh -c 'ip link set br0 type bridge stp_state 1 && ip link set br0 type bridge forward_delay 1500 && ip link set br0 mtu 1400'
expect "check: a forward delay and an MTU are found, with the line that mends them" 0 \
    "MTU of 1400.*exec dest -- ip link set br0 mtu 1500.*waits 15 s.*bridge-ensure dest br0 --port eth0" bridge-check
expect "ensure: STP goes, the address stays" 0 "br0 with eth0, kept by a new login +changed" \
    bridge-ensure dest br0 --port eth0 --apply
check "ensure: without STP and delay, with the port's MTU" prints "0 0 1500" \
    on dest sh -c 'cd /sys/class/net/br0 && echo $(cat bridge/stp_state bridge/forward_delay mtu)'
# Two hosts without a bridge, as an installer leaves them.
for host in source dest; do
    on $host sh -c "ip link set eth0 nomaster && ip link del br0 && ip addr add $(lab address $host)/24 dev eth0"
done
expect "check: a guest's bridge is missing on its own node" 12 \
    "br0 +share@source +no +no.*fail +source +it has no bridge br0 .*bridge-ensure source br0 --port eth0 --move-address.*warn +dest" \
    bridge-check
check "check: JSON has the same" sh -c 'lab_json=$("$@" 2>/dev/null | head -n 1); jq -e ".matrix[0].nodes.dest == \"no\" and (.findings | length) == 2" <<END
$lab_json
END' sh lab exec admin -- "$migsh" -i "$work/nodes" --json bridge-check

# --- refused
before=$(state nfs)
expect "refused: a bridge whose name is sh" 2 'is no name of a bridge' bridge-ensure nfs 'a;touch /pwned' --port eth0 --apply
expect "refused: a bridge whose name is an option" 2 'is no name of a bridge|option' bridge-ensure nfs --port eth0 --apply -- -rf
expect "refused: a port whose name is sh" 2 'is no name of a network interface' bridge-ensure nfs br1 --port '$(reboot)' --apply
expect "refused: a name with a newline" 2 'is no name of a bridge' bridge-ensure nfs $'br1\nx' --port eth0 --apply
expect "refused: no such port" 3 "there is no network interface eth7" bridge-ensure nfs br1 --port eth7 --apply
expect "refused: loopback" 11 "cannot be the port of a bridge" bridge-ensure nfs br1 --port lo --apply
expect "refused: a bridge of that name that is none" 10 "lo is there, but no bridge" \
    bridge-ensure nfs lo --port eth0 --move-address --apply
expect "refused: the port's address would be lost" 9 "eth0 has an address.*--move-address" bridge-ensure nfs br1 --port eth0 --apply
expect "refused: a gateway elsewhere" 2 "10.0.0.1 is not in the network" \
    bridge-ensure nfs br1 --port eth0 --address "$subnet.101/24" --gateway 10.0.0.1 --apply
expect "refused: an address that is none" 2 "no address with the length" bridge-ensure nfs br1 --port eth0 --address 1.2.3.4 --apply
expect "refused: a trial that is too short" 2 "20 s at least" bridge-ensure nfs br1 --port eth0 --move-address --within 5 --apply
expect "plan: what would be written and run" 0 "br1 with eth0, kept by a new login +planned" \
    bridge-ensure nfs br1 --port eth0 --move-address --plan
check "refused and planned: nothing was touched" prints "$before" state nfs

# --- address
expect "address: taken, by which node" 12 "source +eth0 +taken +02:4d:53:00:00:66 +node +dest.*: taken" address-check "$subnet.102" --node source
expect "address: its own node has it" 12 "dest +eth0 +own" address-check "$subnet.102" --node dest
expect "address: free" 0 "source +eth0 +free.*nfs +eth0 +free.*: free" address-check "$subnet.77"
expect "address: of IPv6" 0 "2001:db8::7: free" address-check 2001:db8::7 --node source --interface eth0
on nfs sh -c 'echo 0 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6; ip -6 addr add 2001:db8::5/64 dev eth0 nodad'
expect "address: of IPv6, taken" 12 "taken +02:4d:53:00:00:65 +node +nfs" address-check 2001:db8::5 --node source --interface eth0
on nfs ip -6 addr del 2001:db8::5/64 dev eth0
expect "address: elsewhere, so nobody can say" 7 "source +- +unknown .*no route.*: unknown" address-check 10.1.2.3 --node source
expect "address: that is none" 2 "is no address" address-check 'x; reboot'

# --- sabotage of source and dest, while nfs is at work: the link is cut, the address is wrong
cut_off() {
    deaf source &
    start source bridge-ensure source br1 --port eth0 --move-address --within 20 --apply
    eventually 60 has_bridge source
    lab exec switch -- ip link set source down
    eventually 60 no_bridge source && sleep 1
    state source >"$work/cut.new"
    hearing source
    lab exec switch -- ip link set source up
    mv "$work/cut.new" "$work/cut"
}
for host in source dest; do state $host >"$work/$host.before"; done
cut_off >/dev/null 2>&1 &
start dest bridge-ensure dest br1 --port eth0 --address 10.99.0.1/24 --within 20 --apply

# --- ip
before=$(state nfs)
expect "ip: the address moves while ssh runs through it" 0 "armed on the node, for 30 s +changed.*kept by a new login +changed" \
    bridge-ensure nfs br1 --port eth0 --move-address --within 30 --apply
expect "ip: said that it does not outlast a boot" 0 "warning: nfs: .*gone after a boot.*0 changed|unchanged" \
    bridge-ensure nfs br1 --port eth0 --move-address --within 30 --apply
expect "ip: a second time, 0 changes" 0 '"changed": ?0' --json bridge-ensure nfs br1 --port eth0 --move-address --apply
expect "ip: verified" 0 "verified" bridge-ensure nfs br1 --port eth0 --move-address --verify
expect "ip: check shows the address on the bridge" 0 "nfs +br1 +linux +up +eth0 .*$subnet.101/24" bridge-check nfs
expect "ip: check in Lua" 0 "^br1\\s+eth0\$" -c "lua local b = mig.bridge_check{nodes = 'nfs'}.bridges[1]; print(b.bridge, b.uplinks[1])"
on nfs ip tuntap add vnet7 mode tap
on nfs ip link set vnet7 master br1
expect "ip: a guest's tap in the bridge keeps it from being taken back" 1 "vnet7 is in br1, too" bridge-ensure nfs br1 --port eth0 --revert
on nfs ip link del vnet7
expect "ip: and back" 0 "reverted.*reverted" bridge-ensure nfs br1 --port eth0 --revert
check "ip: as it was" prints "$before" state nfs

# --- ifupdown
on nfs sh -c "printf 'auto lo\niface lo inet loopback\n\n# the card\nauto eth0\niface eth0 inet static\n    address $subnet.101/24\n    gateway $subnet.1\n\nsource /etc/network/interfaces.d/*\n' >/etc/network/interfaces; chmod 640 /etc/network/interfaces; ip route add default via $subnet.1"
before=$(state nfs) sums=$(files nfs)
expect "ifupdown: files and all" 0 "made comments +changed.*for ifupdown +changed.*kept by a new login +changed" \
    bridge-ensure nfs br1 --port eth0 --move-address --within 30 --apply
check "ifupdown: it reads them so" says "bridge_ports: eth0" on nfs ifquery br1
check "ifupdown: the default route went too" says "via $subnet.1 dev br1" on nfs ip route show default
expect "ifupdown: a second time, 0 changes" 0 '"changed": ?0' --json bridge-ensure nfs br1 --port eth0 --move-address --apply
id=$(m --json journal-list 2>/dev/null | jq -r '[.[] | select(.command == "bridge-ensure")] | last | .id' 2>/dev/null)
expect "ifupdown: journal-revert takes it back" 0 "reverted.*reverted" journal-revert "$id"
check "ifupdown: links as before" prints "$before" state nfs
check "ifupdown: files as before, to the byte" prints "$sums" files nfs

# --- sabotage of nfs: the console is killed
deaf nfs &
start nfs bridge-ensure nfs br1 --port eth0 --move-address --within 20 --apply
eventually 60 has_bridge nfs
on admin pkill -KILL -f 'bridge-ensure nfs'
check "killed: the console was, with the bridge there" on nfs grep -q "iface br1" /etc/network/interfaces.d/migsh-br1
check "killed: the node comes back by itself" eventually 60 no_bridge nfs
sleep 1
hearing nfs
check "killed: links as before" prints "$before" state nfs
check "killed: files as before, to the byte" prints "$sums" files nfs
expect "killed: nothing is left to take back" 0 "" bridge-ensure nfs br1 --port eth0 --revert

# --- how the two others ended
eventually 90 test -e "$work/cut"
check "cut: the node came back by itself, links as before" same "$work/source.before" cat "$work/cut"
eventually 90 ended source
check "cut: the console says so" gives 1 "has taken the change back by itself" said source
eventually 90 ended dest
check "wrong address: the node came back by itself, links as before" same "$work/dest.before" state dest
check "wrong address: warned of, and told how it ended" gives 1 "taken the change back by itself" said dest

# --- taking it back goes wrong
expect "back: the bridge is made" 0 "kept by a new login +changed" bridge-ensure nfs br1 --port eth0 --move-address --within 20 --apply
with=$(state nfs) ours=$(files nfs)
deaf nfs &
start nfs bridge-ensure nfs br1 --port eth0 --revert
check "back: it is taken back" eventually 60 no_bridge nfs
check "back: and comes again, as nobody could log in" eventually 60 has_bridge nfs
sleep 1
hearing nfs
check "back: links as with the bridge" prints "$with" state nfs
check "back: files as with the bridge" prints "$ours" files nfs
eventually 90 ended nfs
check "back: the console says so" gives 1 "has taken the change back by itself" said nfs
expect "back: a second time it succeeds" 0 "reverted.*reverted" bridge-ensure nfs br1 --port eth0 --revert
check "back: links as before" prints "$before" state nfs
check "back: files as before, to the byte" prints "$sums" files nfs
finish
