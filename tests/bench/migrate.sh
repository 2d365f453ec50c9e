#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `migrate` beside `virsh migrate`: the same guest, the same flags, the same run; each tool goes each way by turns, so
# that neither has the better host, and the medians are compared. Both tools say themselves how long the command took
# (virsh -t, migsh --timing), on a connection to the source that is open already. Three ways: peer to peer, where the
# daemons do the connecting; managed, where both tools first connect to the destination; managed with --verbose.
# Usage: migrate.sh [ROUNDS]; a round is four migrations each way (default 6). Needs the lab.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
rounds=${1:-6}
lab=$PWD/tests/lab/lab
"$lab" check || exit
export MIGSH_LAB_NAME=${MIGSH_MIGRATE_LAB:-bench-$$} MIGSH_LAB_SUBNET=${MIGSH_MIGRATE_SUBNET:-192.168.83}
migsh=$(realpath "${MIGSH_PLAIN:-build/shell/migsh}")
# shellcheck source=tests/lab/lib/migrate_helpers.sh
. tests/lab/lib/migrate_helpers.sh
trap clean_up EXIT

"$lab" up --ready >"$work/up" 2>&1 || { cat "$work/up"; exit 1; }
eval "$("$lab" env)"
# shellcheck disable=SC2034 # read by the helpers
declare -A address=([source]=$LAB_SOURCE [dest]=$LAB_DEST)
"$lab" guest start share >/dev/null && "$lab" wait share >/dev/null || exit 1
boot_id=$(guest_get share boot_id)
begin share source

milliseconds() { sed -n 's/^(Time: \([0-9.]*\) ms)$/\1/p' "$1" | tail -n 1; }

# one TOOL FLAG...: one migration from $from to $to; adds "TOOL FROM TOTAL DOWNTIME" to $work/runs
one() {
    local tool=$1 uri=qemu+ssh://root@$from/system line
    shift
    line="migrate share qemu+ssh://root@$to/system tcp://${address[$to]} --live --unsafe --persistent $*"
    if [[ $tool = virsh ]]; then
        "$lab" exec admin -- virsh -t -c "$uri" "hostname; $line" >"$work/o" 2>"$work/e"
    else
        "$lab" exec admin -- "$migsh" --timing -C "$uri" -c "hostname; $line" >"$work/o" 2>"$work/e"
    fi || { cat "$work/o" "$work/e"; exit 1; }
    swap
    runs_only_on share "$from" && serves share || exit 1
    echo "$tool $to $(milliseconds "$work/o") $(virsh_on "$from" domjobinfo share --completed --keep-completed |
        sed -n 's/^Total downtime: *\([0-9]*\) .*/\1/p')" >>"$work/runs"
}

compare() { # compare WHAT FLAG...
    local what=$1 i
    shift
    : >"$work/runs"
    for ((i = 0; i < rounds; i++)); do # virsh there, migsh back, migsh there, virsh back
        one virsh "$@"; one migsh "$@"; one migsh "$@"; one virsh "$@"
    done
    python3 - "$what" "$work/runs" <<'PY'
import statistics, sys
runs = [l.split() for l in open(sys.argv[2])]
def of(tool, column):
    return [float(r[column]) for r in runs if r[0] == tool]
total = {t: statistics.median(of(t, 2)) for t in ("virsh", "migsh")}
down = {t: statistics.median(of(t, 3)) for t in ("virsh", "migsh")}
spread = {t: statistics.quantiles(of(t, 2), n=4) for t in ("virsh", "migsh")}
print(f"{sys.argv[1]:22} n={len(of('virsh', 2)):<3} "
      f"virsh {total['virsh']:7.0f} ms ({spread['virsh'][0]:.0f}..{spread['virsh'][2]:.0f})  "
      f"migsh {total['migsh']:7.0f} ms ({spread['migsh'][0]:.0f}..{spread['migsh'][2]:.0f})  "
      f"ratio {total['migsh'] / total['virsh']:.3f}  "
      f"downtime virsh {down['virsh']:.0f} ms, migsh {down['migsh']:.0f} ms ({down['migsh'] - down['virsh']:+.0f})")
PY
}

echo "migrate beside virsh migrate: medians (quartiles); wanted: ratio at most 1.02, no downtime added"
compare "peer to peer" --p2p
compare "managed" ""
compare "managed, --verbose" --verbose
