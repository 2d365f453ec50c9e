#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `disk-copy` beside scp, ssh cat, tar, rsync and virsh, in a lab of its own: every round runs all of a case's commands
# in turn, the figures are medians: seconds, how many times longer than the case's first line, bytes on all wires
# together (interface counters; through the console a byte crosses two), CPU seconds of the machines, what the copy
# occupies.
#     tests/bench/copy.sh [--size 256M] [--rounds 3] [--keep] [CASE…]
# Cases: dense (P1, P2, relay), sparse (P3), qcow2 (P3), rtt (P4), gbit (P4), again (P5), resume (P6), memory; default:
# all. --size is a dense image's; the sparse one has 8 times as much, a fortieth of it data in 782 pieces. Needs root.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
migsh=$(realpath "${MIGSH_PLAIN:-$here/../../build/shell/migsh}")
delay=$(realpath "${DELAY:-$here/../../build/tests/bench/delay}")
subnet=${MIGSH_BENCH_SUBNET:-192.168.93}
size=1024 rounds=3 keep='' cases=()
while [ $# -gt 0 ]; do
    case $1 in
    --size) size=$(numfmt --from=iec "$2"); size=$((size >> 20)); shift 2 ;;
    --rounds) rounds=$2; shift 2 ;;
    --keep) keep=yes; shift ;;
    *) cases+=("$1"); shift ;;
    esac
done
[ ${#cases[@]} -gt 0 ] || cases=(dense sparse qcow2 rtt gbit again resume memory)
lab() { "$here/../lab/lab" --name "copybench-$$" --subnet "$subnet" "$@"; }
lab check || exit
groups=$(findmnt -n -o TARGET -t cgroup2 | head -n 1)
[ -n "$groups" ] || { echo "no cgroup2 here, so no CPU seconds"; exit 77; }
groups=$groups/migsh-bench-$$
work=$(mktemp -d)
hosts=(admin source dest)
# shellcheck disable=SC2317 # the trap's
end() {
    lab down >/dev/null 2>&1
    sleep 0.2 # until the kernel has seen them end
    for h in "${hosts[@]}" .; do rmdir "$groups/$h" 2>/dev/null; done
    rmdir "$groups" 2>/dev/null
    rm -rf "$work"
}
trap end EXIT
chmod 755 "$work"
lab up --ready >/dev/null 2>&1 || { echo "the lab does not come up"; exit 1; }
on() { local host=$1; shift; lab exec "$host" -- "$@"; }

# --- the machines: each in a group of its own for its CPU time
declare -A pid
for h in "${hosts[@]}"; do
    read -r "pid[$h]" _ <"/var/tmp/migsh-lab-copybench-$$/$h.pid"
    mkdir -p "$groups/$h"
    for p in /proc/[0-9]*; do
        [ "$(readlink "$p/ns/pid" 2>/dev/null)" != "$(readlink "/proc/${pid[$h]}/ns/pid")" ] || echo "${p#/proc/}" >"$groups/$h/cgroup.procs"
    done 2>/dev/null
done
in_group() { local host=$1; shift; (echo "$BASHPID" >"$groups/$host/cgroup.procs"; lab exec "$host" -- "$@"); }
wire() { local h; for h in "${hosts[@]}"; do awk '/eth0:/ { sub(/.*:/, ""); print $1 }' "/proc/${pid[$h]}/net/dev"; done | awk '{ n += $1 } END { print n }'; }
cpu() { awk '/^usage_usec/ { print $2 }' "$groups/$1/cpu.stat"; }

for h in source dest; do
    on "$h" sh -c 'mount -t tmpfs -o size=12g tmpfs /mnt && mkdir -p /mnt/pool &&
        virsh -q pool-define-as bench dir --target /mnt/pool && virsh -q pool-start bench' >/dev/null 2>&1
done
nodes() { printf 'node-add source root@%s.100\nnode-add dest root@%s.102%s\n' "$subnet" "$subnet" "${1:+ --port $1}" >"$work/nodes$1"; chmod 644 "$work/nodes$1"; }
nodes '' && nodes 2222
printf 'Host *\n' >"$work/config"
migsh() { echo env XDG_STATE_HOME="$work/state" "$migsh" -i "$work/nodes${port:-}" -q --json; }
mkdir -m 700 "$work/state"
port=
# --- measuring
# run LABEL HOST SCRIPT: a round's line "s wire cpu_admin cpu_source cpu_dest allocated"; $copy is what is made on dest
run() {
    local label=$1 host=$2 script=$3 w c=() h from to
    on dest sh -c "${before:-rm -rf /mnt/copy*}; mkdir -p /mnt/copy"
    w=$(wire)
    for h in "${hosts[@]}"; do c+=("$(cpu "$h")"); done
    from=$EPOCHREALTIME
    in_group "$host" sh -c "$script" >"$work/out" 2>&1 || { echo "$label failed:"; tail -n 5 "$work/out"; return 1; }
    to=$EPOCHREALTIME
    sleep 0.1 # the servers' last breath
    cp "$work/out" "$work/out.$label"
    echo "$from $to $w $(wire) ${c[*]} $(cpu admin) $(cpu source) $(cpu dest) $(on dest sh -c "stat -c '%b %B' /mnt/copy/* /mnt/copy 2>/dev/null" | awk '{ n += $1 * $2 } END { print n }')" |
        awk '{ print $2 - $1, $4 - $3, ($8 - $5) / 1e6, ($9 - $6) / 1e6, ($10 - $7) / 1e6, $11 }' >>"$work/r.$case.$label"
}
column() { sort -n -k "$2,$2" "$work/r.$case.$1" | awk -v c="$2" '{ v[NR] = $c } END { print v[int((NR + 1) / 2)] }'; }
table() { # TITLE LABEL…: the first is what the others are compared with
    local l first=$2
    printf '\n%s (%d rounds)\n%-24s %9s %7s %11s %9s %9s %9s %11s\n' "$1" "$rounds" '' seconds times 'wire MiB' 'CPU cons.' 'source' 'dest' 'MiB there'
    shift
    for l in "$@"; do
        [ -s "$work/r.$case.$l" ] || continue
        printf '%-24s %9.2f %7.2f %11.1f %9.2f %9.2f %9.2f %11.1f\n' "$l" "$(column "$l" 1)" \
            "$(awk -v a="$(column "$l" 1)" -v b="$(column "$first" 1)" 'BEGIN { print a / b }')" \
            "$(awk -v a="$(column "$l" 2)" 'BEGIN { print a / 1048576 }')" "$(column "$l" 3)" "$(column "$l" 4)" "$(column "$l" 5)" \
            "$(awk -v a="$(column "$l" 6)" 'BEGIN { print a / 1048576 }')"
    done
}
bar() { # WHAT PEER OURS WANTED: the peer's time against ours
    awk -v w="$1" -v p="$(column "$2" 1)" -v o="$(column "$3" 1)" -v b="$4" 'BEGIN { printf "  %-52s %6.2f  (wanted %s)%s\n", w, p / o, b, (p / o < b ? "  MISSED" : "") }'
}
figure() { awk -v w="$1" -v v="$2" -v b="$3" 'BEGIN { printf "  %-52s %6.2f  (at most %s)%s\n", w, v, b, (v > b ? "  MISSED" : "") }'; }

gcm='ssh -c aes128-gcm@openssh.com -o BatchMode=yes'
ours() { echo "$(migsh) disk-copy source:/mnt/$1 dest:/mnt/copy/$1 --streams ${2:-1} --route ${3:-direct} ${4:-}"; }
dense() { on source sh -c "[ -e /mnt/dense ] || head -c ${1}M /dev/urandom >/mnt/dense"; }
same() { [ "$(on source sh -c "sha256sum </mnt/$1")" = "$(on dest sh -c "sha256sum </mnt/copy/$1")" ] || echo "  THE COPY DIFFERS: $1"; }

case_dense() {
    local r
    dense "$size"
    on source sh -c 'ln -f /mnt/dense /mnt/pool/dense; virsh -q pool-refresh bench' >/dev/null
    for ((r = 0; r < rounds; r++)); do
        run migsh-unverified admin "$(ours dense 1 direct --no-verify)"
        run ssh-cat source "$gcm dest 'cat >/mnt/copy/dense' </mnt/dense"
        run scp source "scp -q -o BatchMode=yes /mnt/dense dest:/mnt/copy/dense"
        run migsh admin "$(ours dense)" && same dense
        run rsync-W source "rsync -W /mnt/dense dest:/mnt/copy/dense"
        run scp+sha256sum source "scp -q -o BatchMode=yes /mnt/dense dest:/mnt/copy/dense && a=\$(sha256sum </mnt/dense) &&
            b=\$(ssh -o BatchMode=yes dest 'sha256sum </mnt/copy/dense') && [ \"\$a\" = \"\$b\" ]"
        run migsh-relay admin "$(ours dense 1 relay)"
        run virsh-vol admin "virsh -q -c qemu+ssh://dest/system vol-create-as bench copied ${size}M --allocation 0 >/dev/null
            virsh -q -c qemu+ssh://source/system vol-download --pool bench dense /dev/stdout |
            virsh -q -c qemu+ssh://dest/system vol-upload --pool bench copied /dev/stdin"
        on dest virsh -q vol-delete --pool bench copied >/dev/null 2>&1
    done
    table "dense, $size MiB" migsh-unverified ssh-cat scp migsh rsync-W scp+sha256sum migsh-relay virsh-vol
    bar "P1 scp / unverified" scp migsh-unverified 1.20
    bar "P1 ssh cat / unverified" ssh-cat migsh-unverified 0.97
    bar "P2 rsync -W / verified" rsync-W migsh 1.10
    bar "P2 (scp, sha256sum at both ends) / verified" scp+sha256sum migsh 3.5
    figure "relay / direct" "$(awk -v a="$(column migsh-relay 1)" -v b="$(column migsh 1)" 'BEGIN { print a / b }')" 1.6
}

case_sparse() {
    local r
    on source python3 -c "
import os
size, n = $size << 23, 782
part = (size // 41 // n) & ~4095
with open('/mnt/sparse', 'wb') as f:
    f.truncate(size)
    for i in range(n):
        f.seek((size // n * i) & ~4095)
        f.write(os.urandom(part))"
    data=$(on source stat -c '%b' /mnt/sparse | awk '{ print $1 * 512 }')
    for ((r = 0; r < rounds; r++)); do
        run migsh admin "$(ours sparse)"
        [ "$r" -gt 0 ] || same sparse
        run migsh-unverified admin "$(ours sparse 1 direct --no-verify)"
        run tar-S source "cd /mnt && tar -cSf - sparse | ssh -o BatchMode=yes dest 'tar -C /mnt/copy -xSf -'"
        # These take very long: once.
        [ "$r" = 0 ] || continue
        run rsync-WS source "rsync -WS /mnt/sparse dest:/mnt/copy/sparse"
        run scp source "scp -q -o BatchMode=yes /mnt/sparse dest:/mnt/copy/sparse"
    done
    table "sparse, $((size * 8)) MiB, $((data >> 20)) MiB of data in 782 pieces (scp and rsync once)" migsh migsh-unverified tar-S rsync-WS scp
    bar "P3 scp / migsh" scp migsh 25
    bar "P3 rsync -WS / migsh" rsync-WS migsh 18
    bar "P3 tar -S | ssh tar / migsh" tar-S migsh 1.4
    figure "P3 occupied at the destination / data" "$(awk -v a="$(column migsh 6)" -v b="$data" 'BEGIN { print a / b }')" 1.02
    figure "P3 bytes on the wire / data" "$(awk -v a="$(column migsh 2)" -v b="$data" 'BEGIN { print a / b }')" 1.05
    on source rm -f /mnt/sparse
}

case_qcow2() {
    local had
    on source sh -c 'qemu-img create -q -f qcow2 /mnt/empty 8G'
    had=$(on source stat -c '%b' /mnt/empty | awk '{ print $1 * 512 }')
    run migsh admin "$(ours empty)" && same empty
    printf '\nqcow2 of 8 GiB, mostly empty: %d KiB at the source\n' $((had >> 10))
    figure "P3 occupied at the destination / at the source" "$(awk -v a="$(column migsh 6)" -v b="$had" 'BEGIN { print a / b }')" 1
}

case_rtt() {
    local r
    dense "$size"
    on dest "$delay" 2222 22 5 >/dev/null 2>&1 &
    local proxy=$!
    for h in admin source; do
        on "$h" sh -c "ssh-keyscan $subnet.102 2>/dev/null | sed 's/^[^ ]*/[$subnet.102]:2222/' >>/root/.ssh/known_hosts"
    done
    for ((r = 0; r < rounds; r++)); do
        port=2222
        run migsh-1 admin "$(ours dense 1 direct --no-verify)"
        run migsh-4 admin "$(ours dense 4 direct --no-verify)"
        run scp source "scp -q -P 2222 -o BatchMode=yes /mnt/dense $subnet.102:/mnt/copy/dense"
        run rsync-W source "rsync -W -e 'ssh -p 2222' /mnt/dense $subnet.102:/mnt/copy/dense"
        run ssh-cat source "$gcm -p 2222 $subnet.102 'cat >/mnt/copy/dense' </mnt/dense"
        port=
    done
    kill "$proxy"
    wait "$proxy" 2>/dev/null
    table "10 ms round trip, $size MiB, unverified" migsh-1 migsh-4 scp rsync-W ssh-cat
    bar "P4 scp / one stream" scp migsh-1 1.05
    bar "P4 scp / four stripes" scp migsh-4 2.5
}

case_gbit() {
    local r
    dense "$size"
    lab exec switch -- tc qdisc add dev dest root tbf rate 1gbit burst 256k latency 100ms
    for ((r = 0; r < rounds; r++)); do
        run migsh admin "$(ours dense 1 direct --no-verify)"
        :
        run scp source "scp -q -o BatchMode=yes /mnt/dense dest:/mnt/copy/dense"
        run ssh-cat source "$gcm dest 'cat >/mnt/copy/dense' </mnt/dense"
    done
    lab exec switch -- tc qdisc del dev dest root
    table "1 Gbit/s, $size MiB, unverified" migsh scp ssh-cat
    awk -v b="$(column migsh 2)" -v s="$(column migsh 1)" 'BEGIN { u = b * 8 / s / 1e9; printf "  P4 share of the link in use, start to end             %6.2f  (wanted 0.95)%s\n", u, (u < 0.95 ? "  MISSED" : "") }'
}

case_again() {
    local r gib
    dense "$size"
    gib=$(awk -v s="$size" 'BEGIN { print s / 1024 }')
    on dest sh -c 'rm -rf /mnt/copy; mkdir /mnt/copy'
    in_group admin sh -c "$(ours dense)" >"$work/out" 2>&1 || cat "$work/out"
    before=:
    for ((r = 0; r < rounds; r++)); do
        run migsh-same admin "$(ours dense 1 direct --update)"
        run rsync-same source "rsync -c --inplace /mnt/dense dest:/mnt/copy/dense"
        on source python3 -c "
import os, random
with open('/mnt/dense', 'r+b') as f:
    for i in range(100):
        f.seek(random.randrange(($size << 20) // 4096) * 4096)
        f.write(os.urandom(4096))"
        on dest cp /mnt/copy/dense /mnt/copy-before
        run migsh-100 admin "$(ours dense 1 direct --update)" && same dense
        on dest sh -c 'cat /mnt/copy-before >/mnt/copy/dense'
        run rsync-100 source "rsync --inplace -I /mnt/dense dest:/mnt/copy/dense"
    done
    before=
    table "once more, $size MiB: nothing changed, a hundred scattered 4 KiB" migsh-same rsync-same migsh-100 rsync-100
    figure "P5 nothing changed: seconds a GiB" "$(awk -v a="$(column migsh-same 1)" -v g="$gib" 'BEGIN { print a / g }')" 0.7
    figure "P5 a hundred changes: seconds a GiB" "$(awk -v a="$(column migsh-100 1)" -v g="$gib" 'BEGIN { print a / g }')" 1.0
}

case_resume() {
    local console first second w
    dense "$size"
    on dest sh -c 'rm -rf /mnt/copy*; mkdir /mnt/copy'
    w=$(wire)
    on admin sh -c "$(ours dense) >/dev/null 2>&1 & echo \$!; wait" >"$work/pid" &
    local cut=$!
    while first=$(($(wire) - w)); [ "$first" -lt $((size << 19)) ] && kill -0 "$cut"; do sleep 0.02; done
    console=$(cat "$work/pid")
    on admin kill -9 "$console"
    wait "$cut"
    for ((i = 0; i < 100; i++)); do on dest sh -c 'fuser -s /mnt/copy/.dense.migsh-part' || break; sleep 0.1; done
    first=$(($(wire) - w))
    before=:
    run migsh admin "$(ours dense)"
    before=
    second=$(jq "select(.sent).sent" "$work/out.migsh")
    same dense
    printf '\nresume, %d MiB: cut by kill -9 of the console after %d MiB, then %d MiB sent\n' "$size" $((first >> 20)) $((second >> 20))
    figure "P6 share of what had arrived that is sent again" "$(awk -v f="$first" -v s="$second" -v all="$((size << 20))" 'BEGIN { n = (f + s - all) / f; print n < 0 ? 0 : n }')" 0.05
}

case_memory() {
    local route
    dense "$size"
    printf '\nmost memory of any process of the three machines\n'
    for route in direct relay; do
        python3 - "$groups" "${hosts[@]}" >"$work/peak" <<'PY' &
import glob, os, signal, sys, time
peak, stop = {}, []
signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
old = {p for h in sys.argv[2:] for p in open(f"{sys.argv[1]}/{h}/cgroup.procs").read().split()}
while not stop:
    for h in sys.argv[2:]:
        for p in open(f"{sys.argv[1]}/{h}/cgroup.procs").read().split():
            try:
                s = dict(l.split(":", 1) for l in open(f"/proc/{p}/status").read().splitlines() if ":" in l)
                if p not in old and "VmHWM" in s:
                    k = (h, s["Name"].strip())
                    peak[k] = max(peak.get(k, 0), int(s["VmHWM"].split()[0]))
            except OSError:
                pass
    time.sleep(0.02)
for (h, name), kib in sorted(peak.items(), key=lambda x: -x[1])[:5]:
    print(kib / 1024, name, "on", h)
PY
        local sampler=$!
        run "migsh-$route" admin "$(ours dense 1 "$route")"
        kill "$sampler"
        wait "$sampler"
        sed "s/^/  $route: /" "$work/peak"
        figure "  $route: MiB of the largest" "$(head -n 1 "$work/peak" | cut -d' ' -f1)" 64
    done
}

for case in "${cases[@]}"; do
    "case_$case"
done
[ -z "$keep" ] || cp "$work"/r.* .
