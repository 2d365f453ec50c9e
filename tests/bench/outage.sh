#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The outage of live-migrate beside that of `virsh migrate --live --persistent`, by turns and both ways in one lab, the
# link at 1 Gbit/s: from the source's Suspended to the destination's Resumed, on the wire, and in all. The wire is a
# ping each 5 ms: one each ms piles up so many in an emulated guest's queue that it is the meter that is measured.
# Tells medians and ratios; fails where they are above what is promised: gap 0.4, wire 0.5, total 1.05.
#     tests/bench/outage.sh [ROUNDS] [MIB]      MIB a second that the guest writes over 64 MiB (default 40; 0: idle)
# Needs root, and a QEMU of 9.0 or newer (the lab has one).
set -uo pipefail
rounds=${1:-12} dirty=${2:-40}
export MIGSH_OUTAGE_SUBNET=${MIGSH_OUTAGE_SUBNET:-192.168.132}
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lib/own.sh" outage 192.168.132
up --ready
three_nodes "$(lab address source)" "$(lab address dest)" "$(lab address nfs)"
ip=$(lab address share)
lab guest define share >/dev/null
on source virsh dumpxml share | dirties "$dirty" >"$work/share.xml"
on source virsh -q define "$work/share.xml"
on source virsh -q start share
lab wait share || exit 1
for h in source dest; do lab exec switch -- tc qdisc add dev "$h" root tbf rate 1gbit burst 256k latency 50ms; done

far() { lab exec admin -- env XDG_STATE_HOME="/root/$1" timeout -s INT 120 "$plain" -i "$work/nodes" --json "${@:2}" </dev/null 2>/dev/null; }
# once WHO FROM TO: "SECONDS GAP_MS WIRE_MS" of one migration, as two consoles beside it saw it.
once() {
    local who=$1 from=$2 to=$3 took beside
    far e event --event lifecycle --loop --node source,dest >"$work/events" &
    far w watch "$ip" --interval 5ms --timeout 10ms >"$work/watch" &
    sleep 2
    if [ "$who" = virsh ]; then
        on admin virsh -q -c "qemu+ssh://root@$(lab address "$from")/system" migrate --live --persistent --unsafe share \
            "qemu+ssh://root@$(lab address "$to")/system" "tcp://$(lab address "$to")"
    else
        far s live-migrate "share@$from" "$to" --target "$ip"
    fi >"$work/out" 2>&1 || { echo "$who failed:" >&2; cat "$work/out" >&2; exit 1; }
    took=$(on "$to" virsh domjobinfo share --completed | awk '/^Time elapsed:/ { print $3 }') # libvirt's own, of either
    sleep 1.5
    beside=$(pgrep -f "$work/nodes --json (event|watch) ")
    # shellcheck disable=SC2086 # numbers
    kill -INT $beside
    wait
    jq -rs --slurpfile watch "$work/watch" --arg took "$took" '
        [.[] | select(.event? == "lifecycle" or .type? != null)] as $ev
        | ([$ev[] | select(.type == "Suspended")] | first.time) as $s | ([$ev[] | select(.type == "Resumed")] | last.time) as $r
        | [$watch | .. | objects | select(has("min_ms") and has("start")) | select(.start + .max_ms / 1000 > $s - 0.02 and .start < $r + 0.02)] as $o
        | (if $o == [] then 0 else (($o | last | .start + (.min_ms + .max_ms) / 2000) - ($o | first.start)) * 1000 end) as $wire
        | [($took | tonumber) / 1000, ($r - $s) * 1000, $wire] | map(tostring) | join(" ")' "$work/events"
}
median() { sort -n -k "$2,$2" "$work/r.$1" | awk -v c="$2" '{ v[NR] = $c } END { print v[int((NR + 1) / 2)] }'; }

from=source to=dest
for ((r = 0; r < rounds; r++)); do
    order="virsh migsh"
    ((r % 2)) && order="migsh virsh"
    for who in $order; do
        line=$(once "$who" "$from" "$to") || exit 1
        echo "$line" >>"$work/r.$who"
        echo "# round $r, $who, $from to $to: $line"
        read -r from to <<<"$to $from"
        lab wait share >/dev/null || { echo "the guest does not answer any more"; exit 1; }
    done
done
rc=0
for c in "1 total s 1.05" "2 gap ms 0.4" "3 wire ms 0.5"; do
    read -r column name unit most <<<"$c"
    a=$(median virsh "$column") b=$(median migsh "$column")
    echo "$a $b $most" | awk -v n="$name" -v u="$unit" -v k="$rounds" '{ r = $2 / $1
        printf "%-6s virsh %.3f, live-migrate %.3f %s, ratio %.2f (at most %s), %d rounds\n", n, $1, $2, u, r, $3, k
        exit r > $3 }' || rc=1
done
exit $rc
