#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Today's migsh beside an older one: the same commands by turns in one lab. For each: the median of the seconds of both
# and their ratio, ssh logins (connections to port 22, of all hosts together) and bytes on the wire, which do not depend
# on the machine's load.
#     tests/bench/beside.sh OLD-MIGSH [ROUNDS]      OLD-MIGSH: the binary in the build directory of its own checkout
# Needs root.
set -uo pipefail
[ $# -ge 1 ] || { sed -n '3,8s/^# //p' "$0" >&2; exit 2; }
declare -A binary=([old]=$(realpath "$1"))
rounds=${2:-7}
export MIGSH_BESIDE_SUBNET=${MIGSH_BESIDE_SUBNET:-192.168.94}
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lib/own.sh" beside 192.168.94
binary[new]=$plain
up --ready
three_nodes
chmod 600 "$work/nodes"
images=/var/lib/libvirt/images
for h in admin source dest; do
    on $h nft "table ip beside { chain logins { type filter hook output priority 0; tcp dport 22 tcp flags & (syn|ack) == syn counter; }; chain wire { type filter hook output priority 1; counter; }; }"
done
for h in source dest; do on $h mkdir -p $images; done
counted() { for h in admin source dest; do on $h nft -j list chain ip beside "$1"; done | jq -s "[.[].nftables[].rule.expr[]?.counter.$2 // 0] | add"; }
q() { # old|new ARGS…: by a state directory of each one's own
    "$here/lab" exec admin -- env XDG_STATE_HOME="/root/$1" "${binary[$1]}" -i "$work/nodes" "${@:2}" </dev/null
}
define() { # NAME FILE
    on source qemu-img create -q -f qcow2 "$2" 64M && on source qemu-io -c 'write -P 7 1M 16M' "$2" >/dev/null
    cat >"$work/$1.xml" <<XML
<domain type='qemu'><name>$1</name><memory unit='MiB'>32</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os>
<features><acpi/></features><devices><emulator>${LAB_EMULATOR:-/usr/bin/qemu-system-x86_64}</emulator><disk type='file' device='disk'>
<driver name='qemu' type='qcow2'/><source file='$2'/><target dev='vda' bus='virtio'/></disk></devices></domain>
XML
    on source virsh -q define "$work/$1.xml"
}
define off $images/off.qcow2
define live /srv/nfs/live.qcow2
on source virsh -q start live
on source sh -c "head -c 128M /dev/urandom >/mnt/dense"

# measure CASE WHO ARGS…
measure() {
    local case=$1 who=$2 from to syn bytes
    shift 2
    syn=$(counted logins packets) bytes=$(counted wire bytes) from=$EPOCHREALTIME
    q "$who" "$@" >"$work/out" 2>&1 || { echo "$case, $who: failed: $*"; tail -n 5 "$work/out"; exit 1; }
    to=$EPOCHREALTIME
    echo "$from $to $syn $(counted logins packets) $bytes $(counted wire bytes)" |
        awk '{ print $2 - $1, $4 - $3, $6 - $5 }' >>"$work/r.$case.$who"
}
median() { sort -n -k "$3,$3" "$work/r.$1.$2" | awk -v c="$3" '{ v[NR] = $c } END { print v[int((NR + 1) / 2)] }'; }
where=source there=dest
for ((r = 0; r < rounds; r++)); do
    order="old new"
    ((r % 2)) && order="new old"
    for who in $order; do
        measure list "$who" list --all --node all
        measure cleanup "$who" cleanup off
        measure start "$who" start off@$where
        measure destroy "$who" destroy off@$where
        measure cold "$who" cold-migrate off $there --no-watch --undefine-source --remove-disks
        measure live "$who" live-migrate live $there --no-watch --unsafe --undefine-source
        on dest rm -f /mnt/dense
        measure disk-copy "$who" disk-copy source:/mnt/dense dest:/mnt/dense
        t=$where where=$there there=$t
    done
done
printf '%-12s %8s %8s %7s %9s %9s %12s %12s\n' '' 'old s' 'new s' new/old 'logins' 'new' 'KiB' 'new'
for case in list cleanup start destroy cold live disk-copy; do
    printf '%-12s %8.3f %8.3f %7.2f %9d %9d %12.0f %12.0f\n' "$case" "$(median $case old 1)" "$(median $case new 1)" \
        "$(echo "$(median $case new 1) $(median $case old 1)" | awk '{ print $1 / $2 }')" "$(median $case old 2)" \
        "$(median $case new 2)" "$(($(median $case old 3) / 1024))" "$(($(median $case new 3) / 1024))"
done
