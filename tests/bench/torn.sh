#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Torn reads: four consoles make 250 updates each to one node's /etc/hosts while it is read over and over, at least
# 10,000 times. A read is torn if the first line, the end of a block or the last newline is missing. Usage: torn.sh.
# Needs root.
set -uo pipefail
nodes=1 here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
# shellcheck source=tests/bench/fleet.sh
. "$here/fleet.sh"

"$here/../lab/hosts_helper.py" read "$work/etc1/hosts" "$work/stop" >"$work/reads" &
reader=$!
consoles=()
from=$EPOCHREALTIME
for k in 1 2 3 4; do
    commands=
    for ((i = 0; i < 250; i++)); do commands+="node-add c$k-$i root@10.$k.0.$i; hosts-sync n1 --apply --cluster console$k; "; done
    cp "$work/nodes" "$work/nodes$k"
    "$migsh" -q -i "$work/nodes$k" -c "$commands" >"$work/console$k" 2>&1 &
    consoles+=($!)
done
rc=0
for p in "${consoles[@]}"; do wait "$p" || rc=1; done
to=$EPOCHREALTIME
updates=$(cat "$work"/console? | grep -c '^journal ')
touch "$work/stop"
wait "$reader"
read -r reads torn <"$work/reads"
lines=$(grep -cE '^10\.[1-4]\.0\.[0-9]+ c[1-4]-[0-9]+$' "$work/etc1/hosts")
awk -v u="$updates" -v r="$reads" -v t="$torn" -v l="$lines" -v a="$from" -v b="$to" \
    'BEGIN { printf "%d updates by 4 consoles in %.1f s, %d reads: %d torn (wanted 0); %d of 1000 lines there\n", u, b - a, r, t, l }'
[ "$rc" = 0 ] && [ "$torn" = 0 ] && [ "$reads" -ge 10000 ] && [ "$lines" = 1000 ]
