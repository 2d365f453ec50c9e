#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# /etc/hosts of 20 nodes: `hosts-sync --apply` beside `xargs -P16 ssh` that writes the same file, by turns, medians.
# Wanted: at most 12 ms a node, and at least 4 times less than ssh. Usage: hosts.sh [ROUNDS] (default 5). Needs root.
set -uo pipefail
# shellcheck source=tests/bench/fleet.sh
. "$(dirname "${BASH_SOURCE[0]}")/fleet.sh"

by_migsh() { "$migsh" -i "$work/nodes" -q hosts-sync "$all" --apply; }
by_ssh() {
    # shellcheck disable=SC2086 # words
    seq 1 "$nodes" | xargs -P16 -I{} $ssh_to -n root@10.66.0.{} 'cp /etc/hosts /etc/hosts.bak
        { cat /etc/hosts.bak; seq -f "10.66.0.%.0f n" 1 20; } >/etc/hosts.new && sync /etc/hosts.new && mv /etc/hosts.new /etc/hosts'
}
for ((r = 0; r < rounds; r++)); do
    timed login "$migsh" -i "$work/nodes" -q exec "$all" -- true
    timed migsh by_migsh
    grep -q 'n20$' "$work/etc7/hosts" || { echo "not written"; exit 1; }
    "$migsh" -i "$work/nodes" -q hosts-sync "$all" --revert >"$work/out" 2>&1 || { cat "$work/out"; exit 1; }
    timed ssh by_ssh
    for ((i = 1; i <= nodes; i++)); do printf '127.0.0.1 localhost\n' >"$work/etc$i/hosts"; done
done
echo "a login with a first command alone: $(($(column login 1) / nodes)) ms a node, $(($(column login 3) / nodes)) ms of CPU"
report hosts-sync migsh ssh 'xargs -P16 ssh'
