#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# migrate and live-migrate with --copy-storage-* of a guest that has one disk on the share and others of its own. What
# was copied is counted on the wire and compared in the images, not taken from what migsh says. A lab of its own
# (MIGSH_SHAREDDISKS_SUBNET). Prints "ok N - …". About two minutes.
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" shareddisks 192.168.93

images=/var/lib/libvirt/images
from=source to=dest
# What the shared image holds, and what the guest's memory and its own disks come to at most.
shared_mib=320 most_mib=250

up --ready
three_nodes source dest nfs
on nfs sh -c "cd /srv/nfs && qemu-img create -q -f qcow2 share.qcow2 512M &&
    qemu-io -f qcow2 -c 'write -q -P 0x5a 64M ${shared_mib}M' share.qcow2" || exit 1
on source sh -c "head -c 48M /dev/urandom >$images/own.img" || exit 1
own_sum=$(on source sha256sum "$images/own.img" | cut -d' ' -f1)
for host in source dest; do
    on $host sh -c "virsh -q pool-define-as default dir --target $images && virsh -q pool-start default" >/dev/null
done

# disk TARGET TYPE FORMAT SOURCE-ELEMENT
disk() { echo "<disk type='$2' device='disk'><driver name='qemu' type='$3' cache='none'/>$4<target dev='$1' bus='virtio'/></disk>"; }
# guest DISK…: `share` with these besides its own one on the share, running on source only.
guest() {
    lab guest stop share >/dev/null 2>&1
    for host in source dest; do on "$host" virsh -q undefine share >/dev/null 2>&1; done
    lab guest define share >/dev/null || return 1
    on source virsh dumpxml share >"$work/share.xml"
    { sed '/<interface/,$d' "$work/share.xml"; printf '%s\n' "$@"; sed -n '/<interface/,$p' "$work/share.xml"; } >"$work/more.xml"
    on source virsh -q define "$work/more.xml" && on source virsh -q start share && lab wait share && from=source to=dest
}
swap() { local h=$from; from=$to to=$h; }
sent() { on "$from" cat /sys/class/net/eth0/statistics/tx_bytes; }
# It runs there and nowhere else, has written to its disk ever since, and read back what it wrote.
lives() {
    local count errors first
    [ "$(on "$from" virsh domstate share)" = running ] && ! on "$to" virsh list --name | grep -x share >/dev/null || return 1
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        read -r first errors <<<"$(on admin curl -s --max-time 5 "http://$(lab address share)/disk")"
        sleep 1.5
        read -r count errors <<<"$(on admin curl -s --max-time 5 "http://$(lab address share)/disk")"
        [ "${errors:-1}" = 0 ] && [ "${count:-0}" -gt "${first:-0}" ] && return
        [ "${errors:-0}" = 0 ] || break
    done
    echo "records: '$first', then '$count', errors '$errors'"
    return 1
}
# moves PATTERN COMMAND…: it has moved, said that, and no more went over the wire than memory and the guest's own disks.
moves() {
    local pattern=$1 before after
    shift
    before=$(sent)
    m "$@" >"$work/said" 2>&1 || { cat "$work/said"; return 1; }
    after=$(sent)
    cat "$work/said"
    echo "sent $(((after - before) >> 20)) MiB, of which the shared image would be $shared_mib"
    swap
    grep -qzP -- "(?ms)$pattern" "$work/said" && lives && [ $(((after - before) >> 20)) -lt $most_mib ]
}
# What the guest did not write is as it was, and the image is a sound one.
shared_is_intact() {
    on nfs sh -c "qemu-img check -U /srv/nfs/share.qcow2 && qemu-io -U -f qcow2 -r -c 'read -P 0x5a 64M ${shared_mib}M' /srv/nfs/share.qcow2" |
        tee "$work/sound"
    ! grep -q 'verification failed' "$work/sound" && grep -q 'No errors were found' "$work/sound"
}
own_is_there() { [ "$(on "$from" sha256sum "$images/own.img" | cut -d' ' -f1)" = "$own_sum" ]; }
# refuses STATUS PATTERN ARG…: and the guest is where it was.
refuses() { gives "$@" && lives; }

check "a guest with a disk on the share and one of its own" guest "$(disk vdb file raw "<source file='$images/own.img'/>")"
check "--copy-storage-all copies its own one only" moves "^vda of 'share' \(.*share.qcow2\) is the same on source and dest: it is not copied$" \
    migrate share@source dest --live --persistent --unsafe --copy-storage-all
check "the shared image is as it was" shared_is_intact
check "its own disk has arrived" own_is_there
check "one that --migrate-disks names is refused: 9" refuses 9 "vda of 'share' .* is the same on dest and source: it would be copied onto itself.*hint: leave it out" \
    m migrate share@dest source --live --unsafe --copy-storage-all --migrate-disks vdb,vda
check "back, onto the image that was left there, which has another inode" moves "vda .* not copied" \
    live-migrate share source --unsafe --no-watch --copy-storage-all
check "its own disk is as it was" own_is_there
check "--copy-storage-inc, and what was copied is told" moves '"disks": *\{"copied": *\["vdb"\], *"shared": *\["vda"\]\}' \
    --json migrate share@source dest --live --persistent --unsafe --copy-storage-inc
check "the shared image is as it was" shared_is_intact
finish
