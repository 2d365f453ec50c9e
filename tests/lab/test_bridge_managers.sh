#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bridge-ensure on a node whose network a real systemd-networkd or NetworkManager configures: made, kept and taken back,
# and the node that takes a wrong address back by itself. (ip and ifupdown: test_bridge.sh.) A lab of its own
# (MIGSH_BRIDGEMANAGERS_SUBNET). About a minute and a half.
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" bridgemanagers 192.168.145
# shellcheck source=tests/lab/lib/unpacked.sh
. "$here/lib/unpacked.sh"
# shellcheck disable=SC2016 # for the shell over there
state() { on nfs sh -c 'ip -o addr show scope global | sed "s/^[0-9]*: //; s/\\\\.*//"; ip route | sed "s/ linkdown//"; ls /sys/class/net'; }
configured() { on nfs sh -c "i=0; until [ -n \"\$(ip route show default)\" ]; do i=\$((i + 1)); [ \$i -lt 300 ] && sleep 0.1 || exit 1; done"; }

# manages NAME DIRECTORY WHAT-IS-WRITTEN: the same of each.
manages() {
    local files
    check "$1: it has given the card its address" configured
    state >"$work/before"
    files=$(on nfs sh -c "cd $2 && sha256sum *")
    expect "$1: the address moves while ssh runs through it" 0 "$3 +changed.*kept by a new login +changed" \
        bridge-ensure nfs br1 --port eth0 --move-address --within 40 --apply
    check "$1: the default route went too" prints "default via $subnet.1 dev br1" on nfs sh -c 'ip route show default | cut -d " " -f 1-5'
    expect "$1: a second time, 0 changes" 0 '"changed": ?0' --json bridge-ensure nfs br1 --port eth0 --move-address --apply
    expect "$1: and back" 0 "reverted.*reverted" bridge-ensure nfs br1 --port eth0 --revert
    check "$1: links as before" same "$work/before" state
    expect "$1: a wrong address" 1 "has taken the change back by itself" \
        bridge-ensure nfs br1 --port eth0 --address 10.99.0.1/24 --within 20 --apply
    check "$1: the node came back by itself, links as before" same "$work/before" state
    check "$1: files as before, to the byte" prints "$files" on nfs sh -c "cd $2 && sha256sum *"
}

three_nodes
up --ready
# A daemon takes a read-only /sys for a sign that there is no udev to wait for.
on nfs mount -o remount,bind,ro /sys
bus nfs

# --- networkd
lab exec nfs -- sh -c 'cat >/etc/systemd/network/10-eth0.network && ip addr flush dev eth0 && mkdir -p /run/systemd &&
    { setsid /lib/systemd/systemd-networkd >/var/log/networkd.log 2>&1 & }; echo $! >/run/daemon' <<END
[Match]
Name=eth0

[Network]
Address=$subnet.101/24
Gateway=$subnet.1
END
manages networkd /etc/systemd/network 'for systemd-networkd'
on nfs sh -c 'kill $(cat /run/daemon) && rm -r /run/systemd/netif'

# --- nm
# NetworkManager without what it would have of polkit, which root does not need.
if unpack nm nfs; then
    lab exec nfs -- sh -c 'cat >/usr/local/sbin/nmcli && chmod 755 /usr/local/sbin/nmcli' <<END
#!/bin/sh
export LD_LIBRARY_PATH=$(unpacked nm)/usr/lib/x86_64-linux-gnu
[ "\${1:-}" != --daemon ] || exec $(unpacked nm)/usr/sbin/NetworkManager --no-daemon
exec $(unpacked nm)/usr/bin/nmcli "\$@"
END
    lab exec nfs -- sh -c 'mkdir -p /etc/NetworkManager/system-connections /run/NetworkManager /var/lib/NetworkManager &&
        mount -t tmpfs nm /var/lib/NetworkManager && cd /etc/NetworkManager && printf "[main]\nplugins=keyfile\nno-auto-default=*\n" >NetworkManager.conf &&
        umask 077 && cat >system-connections/eth0.nmconnection && ip addr flush dev eth0 &&
        { setsid nmcli --daemon >/var/log/nm.log 2>&1 & }' <<END
[connection]
id=eth0
type=ethernet
interface-name=eth0
[ipv4]
method=manual
address1=$subnet.101/24,$subnet.1
[ipv6]
method=disabled
END
    manages nm /etc/NetworkManager/system-connections 'for NetworkManager'
else
    skip_one nm "its packages cannot be had"
fi
finish
