#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# forecast and domdirtyrate-calc on real hosts: what is foretold of a guest that writes to its memory, beside what its
# migration then takes; what is refused; and that no port stays open. About a minute.
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" forecast 192.168.142
up --ready
three_nodes "$(lab address source)" "$(lab address dest)" "$(lab address nfs)"
lab guest define share >/dev/null
on source virsh dumpxml --inactive share | dirties 10 >"$work/share.xml"
on source virsh -q define "$work/share.xml" && on source virsh -q start share && lab wait share >/dev/null || exit 1
# A link that is slower than this machine.
for h in source dest; do lab exec switch -- tc qdisc add dev "$h" root tbf rate 400mbit burst 128k latency 50ms; done

# tells NAME ARGS… -- JQ…: the last line of what forecast says is kept as NAME.json, and each jq condition holds.
tells() {
    local name=$1 args=() condition rc=0
    shift
    while [ "$1" != -- ]; do args+=("$1"); shift; done
    shift
    m --json forecast "${args[@]}" >"$work/said" 2>"$work/errors" || rc=$?
    tail -n 1 "$work/said" >"$work/$name.json"
    cat "$work/$name.json" "$work/errors"
    [ $rc = 0 ] || { echo "status $rc"; return 1; }
    for condition; do jq -e "$condition" "$work/$name.json" >/dev/null || { echo "not so: $condition"; return 1; }; done
}
listening() { on dest ss -Hltn | awk '{ n = split($4, a, ":"); if (a[n] >= 49000 && a[n] < 50000) print }'; }
nobody_listens() {
    local i
    for ((i = 0; i < 300; i++)); do
        [ -n "$(listening)" ] || return 0
        sleep 0.1
    done
    listening
    return 1
}
job_runs() {
    local i
    for ((i = 0; i < 100; i++)); do
        [[ $(on "$1" virsh domjobinfo share) != *None* ]] && return
        sleep 0.1
    done
    return 1
}

# --- domdirtyrate-calc
dirty_rate() {
    local i
    for ((i = 0; i < 300; i++)); do
        m --json domstats share@source --dirtyrate | tail -n 1 >"$work/rate"
        jq -e '.[0].stats | .["dirtyrate.calc_status"] == 2 and .["dirtyrate.calc_period"] == 10 and
            .["dirtyrate.calc_mode"] == "page-sampling" and has("dirtyrate.megabytes_per_second")' "$work/rate" && return
        sleep 0.1
    done
    cat "$work/rate"
    return 1
}
expect "a measurement begins" 0 '^Start to calculate domain.s memory dirty rate successfully\.$' domdirtyrate-calc share --seconds 10
expect "a second one is refused, and why" 10 'already being measured.*hint: .*domstats share@source --dirtyrate' domdirtyrate-calc share@source
check "domstats has the result" dirty_rate
expect "a guest without a dirty ring" 11 'requires dirty-ring.*hint: ' domdirtyrate-calc share@source --mode dirty-ring

# --- What is foretold
check "a forecast, with all figures" tells forecast share dest -- '.domain == "share" and .source == "source" and .dest == "dest"' \
    '.memory == 268435456 and .used > 60e6 and .used <= .memory' '[.windows[].seconds] == [1, 2, 4]' 'all(.windows[]; .bytes >= 0)' \
    '.bandwidth_from == "measured" and .bandwidth > 30e6 and .bandwidth < 52e6' '[.policies[].policy] == ["low", "virsh", "deadline"]' \
    'all(.policies[]; .converges and .total_ms > 1000 and .outage_ms > 0 and .bytes > 60e6 and .passes >= 3 and .verdict != "")' \
    '.policies[0].outage_ms < .policies[1].outage_ms' '.off == null and has("off")'
check "nobody listens any more" nobody_listens
expect "--plan tells it" 0 '^expected\n  [\d.]+ s in all, outage [\d.]+ m?s, [\d.]+ MiB sent \(from the forecast of .*, error not known yet\)$' \
    live-migrate share dest --no-watch --plan
moves() { m --json live-migrate share dest --no-watch --unsafe 2>"$work/errors" | tail -n 1 >"$work/moved.json"; cat "$work/errors"; jq -e .ok "$work/moved.json"; }
within_two() {
    jq -n --slurpfile f "$work/forecast.json" --slurpfile r "$work/moved.json" '
        ($r[0].policy.name // "virsh") as $p | ($f[0].policies[] | select(.policy == $p).total_ms / $r[0].total_ms) as $share
        | $share, ($share > 0.5 and $share < 2)' >"$work/share"
    cat "$work/share" "$work/forecast.json" "$work/moved.json"
    grep -q true "$work/share"
}
check "the guest moves" moves
check "within a factor of two of what was foretold" within_two

# --- What became of it
cat >"$work/score.lua" <<'LUA'
local file <close> = assert(io.open(arg[1]))
local moved = mig.json_decode(file:read "a")
local score = require "forecast.score"
moved.source, moved.bandwidth = "source", 40e6
return score.score(moved.uuid, "dest", moved), score.score(moved.uuid, "dest", moved) == nil
LUA
chmod 644 "$work/score.lua" "$work/moved.json"
check "it is scored" m "$work/score.lua" "$work/moved.json"
on source virsh -q undefine share >/dev/null 2>&1
m migrate share source --live --persistent --unsafe >"$work/back" 2>&1 || cat "$work/back"
expect "--plan tells the last run, and how good forecasts are" 0 'MiB sent \(from the run of .*, error \d+ %\)$' live-migrate share dest --no-watch --plan
expect "preflight, too" 0 '^ expected: .*\(from the run of .*, error \d+ %\)$' preflight share dest
expect "and measures it where that is wanted" 0 '^ expected: .*\(from the forecast of .*, error \d+ %\)$' preflight share dest --forecast
expect "--plan does, too" 0 '\(from the forecast of .*, error \d+ %\)$' live-migrate share dest --no-watch --plan --forecast
expect "the next one tells how good it was" 0 'off by \d+ %, of the outage by \d+ % \(1 run\)$' forecast share dest --windows 1 --policy virsh
check "only that policy, as JSON" tells one share dest --windows 1 --policy low --bandwidth 20 -- '.policies | length == 1' \
    '.bandwidth == 20971520 and .bandwidth_from == "given" and .probe == null' '.off.runs == 1 and .off.total > 0'
check "a slower limit of the guest's own holds" m migrate-setspeed share@source 5
check "and is told" tells slow share dest --windows 1 --policy virsh -- '.bandwidth == 5242880 and .bandwidth_from == "limit"' '.notes[0] | test("5 MiB/s")' \
    '.policies[0].total_ms > 10000 or .policies[0].converges == false'
on source virsh migrate-setspeed share 1000 >/dev/null

# --- What is refused
expect "windows that are none" 2 "'1,61' is not a list" forecast share dest --windows 1,61
expect "twice the same" 2 "'2,2' is not a list" forecast share dest --windows 2,2
expect "where it is already" 2 'share is on source already' forecast share source
on dest nft "add table ip closed; add chain ip closed input { type filter hook input priority 0; }; add rule ip closed input tcp dport 49152-49215 reject"
expect "a way that cannot be measured: as the last run had it" 0 '\(last run\).*note: .*refused' forecast share@source dest --windows 1
on admin rm -rf /root/state/migsh/memo
expect "and without one" 7 'cannot be measured: .*refused.*hint: --bandwidth' forecast share@source dest --windows 1
on dest nft delete table ip closed
interruptible forecast share dest --bandwidth 50 --windows 30 >"$work/cancelled" 2>&1 &
pid=$!
for ((i = 0; i < 300; i++)); do
    grep -q 'within 30 s' "$work/cancelled" && break
    sleep 0.1
done
sleep 0.5
hears lab
kill -INT $pid
rc=0
wait $pid || rc=$?
verdict "Ctrl-C ends it" "$((rc != 130))" "status $rc: $(cat "$work/cancelled")"
expect "while that is still measured by QEMU: refused" 10 'already being measured' forecast share dest --bandwidth 50 --windows 1
m migrate share dest --live --persistent --unsafe --bandwidth 2 >"$work/job" 2>&1 &
job_runs source
expect "while it is being migrated: refused" 10 'share@source: migration-out is running.*hint: domjobinfo share@source' forecast share@source dest --bandwidth 50
m domjobabort share@source
wait
check "nobody listens after all that" nobody_listens

# --- Guests of which page sampling sees nothing, or that do not run
lab guest start busy >/dev/null
check "of a small one nothing is known" tells small busy@source dest --bandwidth 50 -- '.windows == null' \
    'all(.policies[]; .verdict == "unknown" and .converges == null and .total_ms > 0)' '[.notes[] | test("128 MiB")] | any'
on source virsh -q suspend busy
expect "one that is paused" 10 'busy@source is paused' forecast busy@source dest --bandwidth 50
finish
