#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# How good is `forecast`? Guests that write 0, 10, 20, 40 and 80 MiB a second over 64 MiB, the link free and at
# 1 Gbit/s: each forecast beside the live-migrate that follows it, to and fro, and scores it, so that the next one has
# what the last one learnt. Tells for each kind and for all the median
# error of total time and outage, and how many verdicts (it converges; it does not; nobody knows) were right.
#     tests/bench/forecast.sh [ROUNDS] [KIND…]      KIND: MIB/free or MIB/1gbit (default: all ten)
# Needs root, and a QEMU of 9.0 or newer (the lab has one). A migration that takes longer than PATIENCE seconds (60) did
# not converge.
set -uo pipefail
rounds=${1:-4}
shift
kinds=("$@")
[ ${#kinds[@]} -gt 0 ] || kinds=({0,10,20,40,80}/{free,1gbit})
patience=${PATIENCE:-60}
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lib/own.sh" bforecast 192.168.143
up --ready
three_nodes "$(lab address source)" "$(lab address dest)" "$(lab address nfs)"
lab guest define share >/dev/null
on source virsh dumpxml --inactive share >"$work/share.xml"
m() { lab exec admin -- env XDG_STATE_HOME=/root/state timeout -s INT "$patience" "$plain" -i "$work/nodes" "$@" </dev/null; }
last() { tail -n 1 | jq -c "$1"; }

# The guest anew on source.
guest() { # MIB
    lab guest stop share >/dev/null 2>&1
    on dest virsh -q undefine share >/dev/null 2>&1
    dirties "$1" <"$work/share.xml" >"$work/kind.xml"
    on source virsh -q define "$work/kind.xml" && on source virsh -q start share && lab wait share >/dev/null && sleep 8
}
link() { # free|RATE
    local h
    for h in source dest; do
        lab exec switch -- tc qdisc del dev "$h" root 2>/dev/null
        [ "$1" = free ] || lab exec switch -- tc qdisc add dev "$h" root tbf rate "$1" burst 256k latency 50ms
    done
}
# One forecast and its migration: "KIND FORETOLD_MS TOOK_MS FORETOLD_OUTAGE OUTAGE RIGHT", "-" where there is none.
once() { # KIND FROM TO
    local ended=true
    m --json forecast "share@$2" "$3" | last . >"$work/f.json"
    m --json live-migrate "share@$2" "$3" --no-watch --unsafe 2>"$work/errors" | last . >"$work/r.json"
    jq -e .ok "$work/r.json" >/dev/null || ended=false
    jq -nr --arg kind "$1" --argjson ended $ended --slurpfile f "$work/f.json" --slurpfile r "$work/r.json" '
        ($r[0].policy.name? // "virsh") as $p | ($f[0].policies[] | select(.policy == $p)) as $row
        | [$kind, $row.total_ms, (if $ended then $r[0].total_ms else null end), $row.outage_ms,
           (if $ended then ($r[0].budget.gap_ms? // $r[0].downtime_ms) else null end), (if $row.converges == null then "unknown" else $row.converges == $ended end)]
        | map(if . == null then "-" else tostring end) | join(" ")'
    [ $ended = true ]
}

# What is in $work/runs of kinds that match.
table() { # REGEX NAME
    jq -Rnr --arg kind "$1" --arg name "$2" '
        def median: sort | if length == 0 then "-" else "\((.[(length - 1) / 2 | floor] + .[length / 2 | floor]) * 50 | round) %" end;
        def error(a; b): [.[] | select(.[a] != "-" and .[b] != "-") | (.[a] | tonumber) / (.[b] | tonumber) - 1 | fabs];
        [inputs | split(" ") | select(.[0] | test($kind))]
        | "\($name): \(length) runs, median error of the total \(error(1; 2) | median), of the outage \(error(3; 4) | median), verdict right in \(map(select(.[5] == "true")) | length), unknown in \(map(select(.[5] == "unknown")) | length)"' \
        "$work/runs"
}

for kind in "${kinds[@]}"; do
    link "${kind#*/}"
    guest "${kind%/*}" || exit 1
    from=source to=dest
    for ((r = 0; r < rounds; r++)); do
        if line=$(once "$kind" "$from" "$to"); then
            read -r from to <<<"$to $from"
        fi
        echo "# $line"
        echo "$line" >>"$work/runs"
        lab wait share >/dev/null || guest "${kind%/*}" || exit 1
    done
done
for kind in "${kinds[@]}"; do table "^$kind\$" "$kind"; done
table . all
