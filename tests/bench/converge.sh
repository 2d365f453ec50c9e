#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Policies side by side: a guest that writes half as fast again as the link takes it moves by each of them. For each
# run a line: how it ended, the total time, the guest's stop, what went over the wire, the slowest that auto-converge
# made it, and how much it got to write meanwhile, in percent of what it writes at rest. Fails where `low` does not end,
# or where the guest stopped for longer than the promised 500 ms.
#     tests/bench/converge.sh [ROUNDS] [MIB] [POLICY…]      MIB a second that the guest writes (default 120)
# Needs root, and a QEMU of 9.0 or newer (the lab has one).
set -uo pipefail
rounds=${1:-1} dirty=${2:-120}
shift $(($# < 2 ? $# : 2))
[ $# -gt 0 ] || set -- low deadline gentle nova proxmox vdsm kubevirt virsh
export MIGSH_CONVERGE_SUBNET=${MIGSH_CONVERGE_SUBNET:-192.168.133}
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lib/own.sh" converge 192.168.133
up --ready
three_nodes "$(lab address source)" "$(lab address dest)" "$(lab address nfs)"
ip=$(lab address share)
lab guest define share >/dev/null
on source virsh dumpxml share | dirties "$dirty" >"$work/share.xml"
on source virsh -q define "$work/share.xml"
on source virsh -q start share
lab wait share || exit 1
written() { on admin curl -sf --max-time 10 "http://$ip/dirty"; }
until written >/dev/null; do sleep 1; done
rest() {
    local a b
    a=$(written)
    sleep 5
    b=$(written)
    echo $(((b - a) / 5))
}
usual=$(rest)
mbit=$((usual * 8 * 2 / 3))
for h in source dest; do lab exec switch -- tc qdisc add dev "$h" root tbf rate ${mbit}mbit burst 256k latency 50ms; done
echo "# the guest writes $usual MiB/s at rest; the link takes $mbit Mbit/s, two thirds of that"
limit=120 # seconds that a policy without an end of its own gets
from=source to=dest rc=0
printf '%-9s %-8s %8s %8s %9s %9s %9s\n' policy end total stop sent throttle wrote
for ((r = 0; r < rounds; r++)); do
    for policy; do
        args=(--policy "$policy" --max-outage 500ms)
        [ "$policy" != deadline ] || args+=(--deadline 60s --postcopy)
        [ "$policy" != kubevirt ] || args+=(--postcopy)
        a=$(written) begun=$EPOCHREALTIME
        lab exec admin -- env XDG_STATE_HOME=/root/s timeout -s INT $limit "$plain" -i "$work/nodes" --json \
            live-migrate "share@$from" "$to" --no-watch "${args[@]}" >"$work/out" 2>"$work/err" </dev/null
        status=$?
        took=$(echo "$begun $EPOCHREALTIME" | awk '{ printf "%.1f", $2 - $1 }')
        lab wait share >/dev/null || { echo "the guest does not answer any more"; exit 1; }
        b=$(written)
        case $status in 0) end=moved ;; 124 | 130) end=never ;; *) end=gave-up ;; esac
        tail -n 1 "$work/out" | jq -r --arg p "$policy" --arg e "$end" --arg took "$took" --arg wrote "$(((b - a) * 100 / (${took%.*} + 1) / (usual + 1)))" '
            (.value // .) as $v | "\($p) \($e) \($took) \($v.budget.gap_ms // "-" | if type == "number" then floor else . end) \(($v.bytes // 0) / 1048576 | floor) \([$v.passes[]?.throttle // 0] | max // 0) \($wrote)"' 2>/dev/null |
            { read -r p e t g s th w || { p=$policy e=$end t=$took g=- s=- th=- w=-; }
              printf '%-9s %-8s %7ss %6sms %6sMiB %8s%% %8s%%\n' "$p" "$e" "$t" "$g" "$s" "$th" "$w"; } | tee -a "$work/table"
        [ "$end" != moved ] || read -r from to <<<"$to $from"
    done
done
grep -q '^low  *moved' "$work/table" || { echo "low did not end"; rc=1; }
awk '$2 == "moved" && $4 + 0 > 500 { print "a promise was broken: " $0; bad = 1 } END { exit bad }' "$work/table" || rc=1
exit $rc
