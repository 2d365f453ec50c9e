#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The layouts of scripts/examples, each by its very files, in which only addresses are replaced by the lab's (and
# /home/image, which the hosts share, by a directory of their own). The guest of each is the lab's, under the layout's
# name. About two minutes.
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" examples 192.168.81
migsh=$plain
up --ready

layout= # the one that is tried
# begin LAYOUT ADDRESS=HOST…: its files with the lab's addresses, and no guest of the one before.
begin() {
    layout=$1
    local node
    for node in source dest; do
        on "$node" sh -c 'for d in $(virsh -q list --all --name); do virsh destroy $d; virsh undefine $d; done' >"$work/up" 2>&1
    done
    cp -r "$here/../../scripts/examples/$layout" "$work/"
    local pair
    for pair in "${@:2}"; do
        sed -i "s|${pair%=*}\\b|${pair#*=}|g" "$work/$layout"/*
    done
}
# ex ARG…: migsh with the layout's inventory.
ex() { lab exec admin -- env XDG_STATE_HOME=/root/state "$migsh" -i "$work/$layout/nodes" "$@" </dev/null; }
file() { ex -f "$work/$layout/$1"; }
# guest NAME DISK LIKE: defined on source as NAME, with its disk there and the address of the lab's LIKE.
guest() {
    on source qemu-img create -q -f qcow2 "$2" 64M
    # shellcheck disable=SC1091,SC2034,SC2317,SC2329 # the lab's own definition, which asks for the disk
    (. "$here/lib/base.sh" && . "$here/lib/guest.sh" && SUBNET=$subnet && eval "guest_disk() { echo '$2'; }" &&
        guest_xml "$3") | sed "s|<name>$3</name>|<name>$1</name>|" >"$work/guest.xml"
    on source virsh -q define "$work/guest.xml"
}
# answers LIKE: the guest's page.
answers() {
    for _ in $(seq 150); do
        [[ $(on admin curl -s --max-time 2 "http://$(lab address "$1")/") == hello ]] && return
        sleep 0.2
    done
    return 1
}
# is NAME SOURCE DEST: its states there; "" where it has no definition.
is() {
    local source dest
    source=$(on source virsh domstate "$1" 2>/dev/null) dest=$(on dest virsh domstate "$1" 2>/dev/null)
    echo "$1: '${source%$'\n'}' on source, '${dest%$'\n'}' on dest"
    [[ ${source%$'\n'} == "$2" && ${dest%$'\n'} == "$3" ]]
}
started() { on source virsh -q start "$1" && answers "$2"; }
both_ways() { on source ssh -o BatchMode=yes "$2" true && on dest ssh -o BatchMode=yes "$1" true; }

# --- nfs-mount: the share in the place of the images
begin nfs-mount 192.168.0.40="$subnet.102" 192.168.0.15="$subnet.100" 192.168.0.12="$subnet.101" /home/image=/srv/image
on dest umount /mnt
on source sh -c 'umount /mnt; mkdir /mnt/kvm'
guest share /mnt/kvm/share.qcow2 share
check "nfs-mount: prepare.migsh" file prepare.migsh
adopted() { on nfs test -f /srv/image/kvm/share.qcow2 && on dest test -f /mnt/kvm/share.qcow2 && on source mountpoint -q /mnt; }
check "… the image is on the share, which both have at /mnt" adopted
# The guest has to answer before it is watched.
check "… a guest on it runs on kvm-2" started share share
check "nfs-mount: migrate.migsh" gives 0 'verdict: ok.*kvm-1 +[0-9]+ +share +running' file migrate.migsh
check "… it runs on kvm-1, is defined there, and was left on kvm-2" is share "shut off" running

# --- netfs-pool: one pool on both
begin netfs-pool 10.0.1.1="$subnet.100" 10.0.1.2="$subnet.102" 10.0.1.99="$subnet.101" 10.0.1.0/24="$subnet.0/24"
check "netfs-pool: prepare.migsh" gives 0 'Pool VM marked as autostarted.*Vol sles15.qcow2 created.*cloned from mercury to jupiter.*jupiter +sles15.qcow2' file prepare.migsh
guest sles15 /var/lib/libvirt/images/VM/sles15.qcow2 test1
check "… a guest on the volume" on source virsh -q start sles15
check "netfs-pool: migrate.migsh" gives 0 'jupiter +[0-9]+ +sles15 +running.*mercury +[0-9]+ +sles15 +running' file migrate.migsh
check "… it runs on mercury, where it began, and is nowhere else" is sles15 running ""

# --- transports: the ways compared
begin transports 16.158.166.197="$subnet.100" 16.158.166.150="$subnet.102"
guest ubuntu-14.04 /srv/nfs/ubuntu-14.04.img test1
check "… a guest on the mount" on source virsh -q start ubuntu-14.04
check "transports: compare.lua" gives 0 'qemu\+tcp.*direct +total [0-9]+ ms.*peer to peer +total [0-9]+ ms.*tunnelled +total [0-9]+ ms' ex "$work/transports/compare.lua"
check "… three times moved, it runs on dest" is ubuntu-14.04 "shut off" running

# --- three-nodes: prepared by one command
begin three-nodes 192.168.1.100="$subnet.100" 192.168.1.101="$subnet.101" 192.168.1.102="$subnet.102" \
    192.168.1.11="$subnet.11"
check "three-nodes: prepare.migsh" gives 0 '\[ok\].*shared.*Vol test01 created.*test2 +test01' file prepare.migsh
check "… logins by name both ways" both_ways test1 test2
check "… each calls itself by its name" prints 'test1
test2' eval 'on source uname -n; on dest uname -n'
guest test1 /mykvm/nfspool/test01 test1
check "… the guest's service" started test1 test1
check "three-nodes: migrate.migsh" gives 0 'verdict: ok.*test2 +[0-9]+ +test1 +running' file migrate.migsh
check "… it runs on test2" is test1 "shut off" running

# --- static: off, with its disks
begin static 192.168.4.1="$subnet.100" 192.168.4.2="$subnet.102" 192.168.4.3="$subnet.101"
check "static: prepare.migsh" file prepare.migsh
check "… logins by name both ways" both_ways host1 host2
on source virsh -q pool-define-as default dir --target /var/lib/libvirt/images
on source virsh -q pool-start default
guest web /var/lib/libvirt/images/web.qcow2 local1
check "static: migrate.migsh" gives 0 '\[ok\] +is defined and off on host2.*host2 +- +web +shut off' file migrate.migsh
check "… it is on host2 with its disk, and was left on host1" is web "shut off" "shut off"
check "… which starts there" on dest virsh -q start web

# --- tls: certificates, and the daemons' settings
begin tls 16.158.166.197="$subnet.100" 16.158.166.150="$subnet.102"
guest ubuntu-14.04 /srv/nfs/ubuntu-14.04.img test1
on source virsh -q start ubuntu-14.04
for host in source dest; do # no systemd restarts it here
    lab exec "$host" -- sh -c 'cat >/etc/init.d/libvirtd && chmod 755 /etc/init.d/libvirtd' <<'SH'
#!/bin/sh
read -r p </run/migsh-lab/libvirtd.pid && kill "$p" 2>/dev/null
while kill -0 "$p" 2>/dev/null; do sleep 0.05; done
setsid /usr/sbin/libvirtd --listen </dev/null >>/var/log/libvirtd.out 2>&1 &
echo $! >/run/migsh-lab/libvirtd.pid
SH
done
check "tls: prepare.migsh" gives 0 'certificate as a client +changed.*libvirtd restarted +changed.*dest +pass +pass' file prepare.migsh
check "… each reaches the other by qemu+tls" \
    gives 0 '' eval 'on source virsh -c qemu+tls://dest/system list && on dest virsh -c qemu+tls://source/system list'
check "… the settings are in the file" \
    gives 0 'listen_tls = 1.*unix_sock_rw_perms = "0770"' on source sh -c 'grep -E "^(listen_tls|unix_sock_rw_perms)" /etc/libvirt/libvirtd.conf'
check "tls: migrate.migsh" gives 0 'dest +[0-9]+ +ubuntu-14.04 +running' file migrate.migsh

# --- bridge: hosts with one card, whose address moves
begin bridge 192.168.1.100="$subnet.100" 192.168.1.101="$subnet.101" 192.168.1.102="$subnet.102" 192.168.1.11="$subnet.11" \
    ens33=eth0
for host in source dest; do
    on "$host" sh -c "virsh -q pool-destroy nfspool; virsh -q pool-undefine nfspool; ip link set eth0 nomaster && ip link del br0 &&
        ip addr add $(lab address "$host")/24 dev eth0" >"$work/up" 2>&1
done
guest test1 /mykvm/nfspool/test1.qcow2 test1 >"$work/up" 2>&1 # its disk comes with the pool
on source virsh -q detach-interface test1 bridge --config
check "bridge: prepare.migsh" gives 0 'virbr1 with eth0, kept by a new login +changed.*virbr1 .*: free.*Interface attached' file prepare.migsh
check "… both have their addresses on the bridge" \
    prints "$subnet.100/24 $subnet.102/24" eval 'echo $(for h in source dest; do on $h ip -4 -o addr show dev virbr1 | sed "s/.*inet \([^ ]*\) .*/\1/"; done)'
check "… the guest answers through it" started test1 test1
check "bridge: migrate.migsh" gives 0 'test2 +[0-9]+ +test1 +running.*verdict: ok' file migrate.migsh
check "… it is on test1 again" is test1 running ""
finish
