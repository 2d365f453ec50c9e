#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# How long preflight takes for many guests beside one, from a cold start and on open connections, in one lab; fails
# where many take more than three times one from a cold start. What the lab's hosts share, two cores and an NFS server
# and client in user space, counts among it: "virsh" and "qemu-img" are the floor that they give.
#     tests/bench/preflight.sh [ROUNDS] [GUESTS]
set -uo pipefail
rounds=${1:-5} guests=${2:-50}
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lib/own.sh" many 192.168.141
migsh=$plain
up --ready
three_nodes "$(lab address source)" "$(lab address dest)" "$(lab address nfs)"
for ((i = 1; i <= guests; i++)); do
    cat >"$work/g$i.xml" <<XML
<domain type='qemu'><name>g$i</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
<devices><emulator>${LAB_EMULATOR:-/usr/bin/qemu-system-x86_64}</emulator>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/srv/nfs/g$i.qcow2'/><target dev='vda' bus='virtio'/></disk>
<interface type='bridge'><source bridge='br0'/><model type='virtio'/></interface></devices></domain>
XML
done
# shellcheck disable=SC2016 # the node's shell
on source bash -c 'for ((i = 1; i <= $1; i++)); do qemu-img create -q -f qcow2 "/srv/nfs/g$i.qcow2" 64M && virsh -q define "$2/g$i.xml" || exit; done' \
    bash "$guests" "$work" || exit 1

now() { date +%s%N; }
# took COMMAND…: milliseconds
took() {
    local begun
    begun=$(now)
    "$@" >"$work/out" 2>&1 || { cat "$work/out" >&2; return 1; }
    echo $((($(now) - begun) / 1000000))
}
many="preflight $(seq -s, -f 'g%g' "$guests") dest"
for ((r = 0; r < rounds; r++)); do
    one=$(took m -c 'preflight g1 dest') && all=$(took m -c "$many") && both=$(took m -c 'preflight g1 dest' -c 'preflight g1 dest') &&
        then=$(took m -c 'preflight g1 dest' -c "$many") || exit 1
    echo "$one $all $((both - one)) $((then - one))" >>"$work/figures"
done
# shellcheck disable=SC2016 # the node's shell
floor=$(took on source bash -c 'virsh list --all >/dev/null; ls /srv/nfs/g*.qcow2 | xargs -P 4 -n 1 qemu-img info --output=json')
median() { sort -n -k "$1,$1" "$work/figures" | awk -v c="$1" '{ v[NR] = $c } END { print v[int((NR + 1) / 2)] }'; }
echo "$(median 1) $(median 2) $(median 3) $(median 4) $floor" | awk -v n="$guests" '{
    printf "cold start: one %d ms, %d guests %d ms, %.1f times (at most 3)\n", $1, n, $2, $2 / $1
    printf "open connections: one %d ms, %d guests %d ms, %.1f times; virsh list and qemu-img alone %d ms\n", $3, n, $4, $4 / $3, $5
    exit $2 / $1 > 3 }'
