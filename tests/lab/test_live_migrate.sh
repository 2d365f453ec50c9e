#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The recipe live-migrate on real hosts and a real guest. After each run virsh is asked where the guest is, and the
# guest whether it was ever rebooted. Prints "ok N - name" and "not ok N - name" lines and a last line with the counts.
# About a minute.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
lab=$PWD/tests/lab/lab
"$lab" check || exit
export MIGSH_LAB_NAME=${MIGSH_RECIPE_LAB:-recipe-$$} MIGSH_LAB_SUBNET=${MIGSH_RECIPE_SUBNET:-192.168.86}
migsh=$(realpath "${MIGSH:-build/shell/migsh}")
work=$(mktemp -d "${TMPDIR:-/tmp}/migsh-recipe.XXXXXX")
trap '"$lab" down >/dev/null 2>&1; rm -rf "$work"' EXIT
unset MIGSH_RECIPES

"$lab" up --ready >"$work/up" 2>&1 || { cat "$work/up"; exit 1; }
eval "$("$lab" env)"
guest=$("$lab" address share)
cat >"$work/nodes" <<NODES
node-add source root@$LAB_SOURCE --role compute
node-add dest root@$LAB_DEST --role compute
node-add nfs root@$LAB_NFS --role storage
NODES
chmod 600 "$work/nodes"
"$lab" guest start share >/dev/null && "$lab" wait share >/dev/null || exit 1

# shellcheck source=tests/lab/lib/tap.sh
. tests/lab/lib/tap.sh

migsh() { "$lab" exec admin -- "$migsh" -i "$work/nodes" "$@"; }
on() { "$lab" exec "$1" -- virsh "${@:2}"; }
boot_id() { "$lab" exec admin -- curl -s --max-time 5 "http://$guest/boot_id"; }
first_boot=$(boot_id)

# runs_on HOST: there, nowhere else, and the same boot.
runs_on() {
    local other=source boot
    [ "$1" = source ] && other=dest
    [ "$(on "$1" domstate share)" = running ] || return 1
    [[ $(on "$other" list --name) != *share* ]] || return 1
    boot=$(boot_id)
    [ "$boot" = "$first_boot" ] && return
    echo "its boot was $first_boot, and is '$boot'; the end of its console, and of QEMU's words:"
    "$lab" exec "$1" -- sh -c 'tail -n 15 /var/log/libvirt/qemu/share*console* /run/migsh-lab/*console* 2>/dev/null; tail -n 5 /var/log/libvirt/qemu/share.log; cat /proc/loadavg'
    "$lab" exec admin -- ping -c 2 -W 2 "$guest"
    return 1
}
# moves STATUS PATTERN ARG…: live-migrate ARG… ends with that status, and its output matches.
moves() {
    local want=$1 pattern=$2 rc
    shift 2
    migsh live-migrate "$@" >"$work/moved" 2>&1
    rc=$?
    echo "status $rc, wanted $want; pattern $pattern"
    cat "$work/moved"
    [ "$rc" = "$want" ] && tr '\n' '~' <"$work/moved" | grep -E -- "$pattern" >/dev/null
}
in_json() { migsh --json "${@:2}" 2>"$work/moved" | tail -n 1 | jq -e "$1" || { cat "$work/moved"; return 1; }; }
cancelled_half_way() {
    : >"$work/moved"
    "$lab" exec admin -- "$migsh" -i "$work/nodes" live-migrate share dest --unsafe --target "$guest" --bandwidth 4 \
        >"$work/moved" 2>&1 &
    local pid=$! rc
    for _ in $(seq 100); do
        grep -q 'MiB left at' "$work/moved" && break
        sleep 0.2
    done
    kill -INT $pid
    wait $pid
    rc=$?
    [ $rc = 130 ] && [[ $(on dest list --all --name) != *share* ]]
}
autostarts() { [[ $(on "$1" dominfo share) =~ Autostart:\ +enable ]]; }
does_not_autostart() { [[ $(on "$1" dominfo share) =~ Autostart:\ +disable ]]; }
not_defined() { ! on "$1" dominfo share; }

queue() { "$lab" exec "$1" -- sysctl -n net.ipv4.tcp_notsent_lowat; }
unsent=$(queue source)
queue_is() { [ "$(queue "$1")" = "$2" ]; }
limit_is() { [ "$(on "$1" migrate-getmaxdowntime share)" = "$2" ]; }
check "cancelled half-way: 130, and nothing is left on the destination" cancelled_half_way
check "the downtime limit is what it was" limit_is source 300
check "the source's send queue too" queue_is source "$unsent"
check "the guest runs on the source" runs_on source
check "a target that does not answer: nothing is begun" moves 7 'no answer.*hint: name another' share dest --unsafe --target "${guest%.*}.250"
mounted=$("$lab" exec dest -- findmnt -n -o SOURCE /srv/nfs)
"$lab" exec dest -- umount /srv/nfs
check "a disk that is not there: nothing is begun, said why" \
    moves 12 'disk-reach +it has no /srv/nfs/share.qcow2.*share is not moved to dest: disk-reach: .*hint: mend it' share dest --unsafe --target "$guest"
"$lab" exec dest -- mount -t nfs "$mounted" /srv/nfs
check "nothing is left on the destination" not_defined dest
cat >"$work/gives-up.lua" <<'LUA'
return { title = "gives up", rows = { { pass = 1, action = { limit = 200, speed = 3, why = "slowly" } },
  { after = 2, action = { abort = "it had its time" } } } }
LUA
chmod 644 "$work/gives-up.lua"
speed=$(on source migrate-getspeed share)
check "a policy that gives up: why, and what would have helped" \
    moves 8 'share was given up and stays on source: it had its time.*hint: what would have ended it: --postcopy' share dest --no-watch --bandwidth 4 --policy "$work/gives-up.lua"
check "the limit that it set is put back" limit_is source 300
check "and the speed" test "$(on source migrate-getspeed share)" = "$speed"
check "and nothing is left on the destination" not_defined dest
check "a shadow that is no good: nothing is begun" moves 2 'a deadline is expected' share dest --no-watch --shadow deadline
check "a node that is not there" moves 3 "nosuch" share nosuch
check "a domain that is not there" moves 3 "no node runs a domain 'nosuch'" nosuch dest
check "where it is already" moves 2 'is on source already' share@source source
check "the guest is where it was" runs_on source

# Where journald would be, here and on the nodes.
listeners=()
for h in admin source dest; do
    timeout 300 "$lab" exec "$h" -- python3 "$PWD/tests/lab/lib/journald.py" "$work/told.$h" >"$work/listener.$h" 2>&1 &
    listeners+=($!)
    for _ in $(seq 100); do
        "$lab" exec "$h" -- test -S /run/systemd/journal/socket && break
        sleep 0.1
    done
done
# told HOST JQ: that holds of all that was told there.
told() { jq -es "$2" "$work/told.$1" >/dev/null || { cat "$work/told.$1" "$work/listener.$1"; return 1; }; }
begin_and_end='length == 2 and .[0].MESSAGE_ID == "a22708de13f04a0bbb82fbd231b26ab3" and .[0].MIGSH_DOMAIN == "share" and .[0].MIGSH_SOURCE == "source"
    and .[0].MIGSH_DESTINATION == "dest" and .[1].MESSAGE_ID == "6b2db6f7be8247af9c2bd864ef8bf096" and .[1].MIGSH_VERDICT == "ok" and .[1].PRIORITY == "6"
    and (.[1].MIGSH_OUTAGE_MS | tonumber) > 0 and (.[1].MIGSH_TOTAL_MS | tonumber) > 0 and .[1].MIGSH_JOURNAL == .[0].MIGSH_JOURNAL
    and (.[1].MESSAGE | test("live-migrate of .share. from source to dest has ended: ok"))'
# has_metric PATTERN…: each is in the file of metrics, which ends as it has to.
has_metric() {
    local want
    for want; do grep -xE -- "migsh_migration_$want" "$work/migsh.prom" || { cat "$work/migsh.prom"; return 1; }; done
    [ "$(tail -n 1 "$work/migsh.prom")" = "# EOF" ] && [ "$(stat -c %a "$work/migsh.prom")" = 644 ]
}
labels='domain="share",source="source",destination="dest"'
echo mine >"$work/mine"
check "metrics over somebody else's file: nothing is begun" moves 4 'is there, and is no file of these metrics' share dest --unsafe --target "$guest" --metrics "$work/mine"
check "metrics where there is no directory: nothing is begun" moves 3 'is no directory' share dest --unsafe --target "$guest" --metrics "$work/nowhere/x.prom"
check "nobody was told of a migration" told admin 'length == 0'

# libvirt does not take the lab's share for one; that it is was proved.
check "it moves, and the report says so" moves 0 'is told --unsafe.*share: source -> dest, live~ +total time.*libvirt downtime.*outage on the wire .*round trip +before [0-9.]+ ms.*\^.*migration~.*\[ok\] +runs on dest and nowhere else~.*\[ok\] +has the same definition~verdict: ok~' \
    share dest --target "$guest" --target "http://$guest/" --expect hello --max-outage 30s --metrics "$work/migsh.prom"
check "it runs on the destination" runs_on dest
check "its definition is on both" on source dominfo share
check "the source's send queue is what it was" queue_is source "$unsent"
for h in admin source dest; do check "the systemd journal of $h has its begin and its end" told "$h" "$begin_and_end"; done
check "the metrics are there" has_metric "success{$labels} 1" "running{$labels} 0" "outage_seconds{$labels,bound=\"max\"} [0-9.]+" \
    "total_seconds{$labels} [0-9.]+" "transferred_bytes{$labels} [0-9]+"
kill "${listeners[@]}"
check "the way back as JSON, with figures that fit together" in_json \
    '.ok and .verdict == "ok" and .outage.min_ms <= .outage.max_ms and .total_ms > .downtime_ms and .bytes > 1000000
     and .policy.name == "low" and .policy.limit_ms == 10 and (.passes | length) >= 2 and .passes[0].limit == 10
     and .budget.gap_ms > 0 and .budget.resumed_at > .budget.suspended_at and (.budget.qemu_ms + .budget.libvirt_ms - .budget.stop_ms | fabs) < 0.01
     and (.targets[0].timeline.rtt_max_ms | length) == 60 and .targets[0].received > 100 and ([.checks[].ok] | all)' \
    live-migrate share source --unsafe --target "$guest"
check "it runs on the source" runs_on source
check "a limit that cannot be met: 12, with the report" moves 12 'limit 0.10 ms.*verdict: the outage of .*error: share: the outage of' \
    share dest --unsafe --target "$guest" --max-outage 0.1ms --metrics "$work/migsh.prom"
check "which is no success" has_metric "success{$labels} 0" "outage_seconds{$labels,bound=\"min\"} [0-9.]+"
check "and it has moved all the same" runs_on dest
on dest autostart share >/dev/null
check "autostart is carried, and the source's definition goes" moves 0 'starts with source, no longer with dest' \
    share source --unsafe --target "$guest" --undefine-source
check "autostart is on the new host" autostarts source
check "no definition is left" not_defined dest
check "without a watch, with a witness" moves 0 'total time.*\[ok\] +says the same at http.*verdict: ok' \
    share dest --unsafe --no-watch --witness "http://$guest/boot_id"
check "a witness that changes: 12" moves 12 '\[FAILED\] says the same at .*before: .*verdict: check failed: says the same' \
    share source --unsafe --no-watch --bandwidth 40 --witness "http://$guest/uptime"
check "a witness that is not there: nothing is begun" moves 1 'status 404' \
    share dest --unsafe --no-watch --witness "http://$guest/nothing"
check "the plain way leaves the host alone" in_json '[.steps[] | select(.name == "queue") | .title] == ["as it is"]' \
    live-migrate share dest --unsafe --no-watch --as-virsh --plan
check "and back, as virsh would" moves 0 'policy +virsh, downtime limit 300 ms.*verdict: ok' share dest --unsafe --no-watch --as-virsh
check "autostart follows" autostarts dest
check "off where it was" does_not_autostart source
"$lab" exec dest -- ping -c 1 "$guest" >/dev/null # now that host's neighbour table knows it
check "without --target the guest's own address is found" moves 0 "  ${guest//./\\.}, every 5.00 ms.*verdict: ok" \
    share@dest source --unsafe
# 44, and two more each time that a loaded machine has a port tried anew.
check "and back again, by no more commands on both hosts than it needs" in_json '.event == "timing" and .commands > 20 and .commands <= 48' \
    --timing live-migrate share@source dest --unsafe --target "$guest"
cat >"$work/mine.lua" <<'LUA'
return { title = "mine", start = { limit = 40 }, rows = { { pass = 1, action = { limit = 50, why = "as I like" } } } }
LUA
chmod 644 "$work/mine.lua"
check "a policy that nobody has" moves 3 "no policy 'nosuch'.*hint: .*gentle, kubevirt, low" share source --unsafe --no-watch --policy nosuch
check "a policy of one's own, and what another would have done" in_json \
    '.policy.name == "'"$work"'/mine.lua" and .policy.limit_ms == 40 and (.decisions[0] | .what == "limit" and .value == 50 and .why == "as I like")
     and .policy.shadow.name == "nova" and (.policy.shadow.decisions | length) >= 1' \
    live-migrate share@dest source --unsafe --target "$guest" --policy "$work/mine.lua" --shadow nova
check "back by a deadline" moves 0 'policy +deadline.*verdict: ok' share@source dest --unsafe --target "$guest" --deadline 5m
check "as a Lua function" in_json '.ok and .destination == "source" and .targets[0].target == "'"$guest"'"' \
    -c "=mig.live_migrate{'share@dest', 'source', unsafe = true, target = {'$guest'}}"
check "post-copy" moves 0 'verdict: ok' share dest --unsafe --postcopy --postcopy-after-precopy --target "$guest"
check "it was never rebooted" runs_on dest

# killed intent|outcome ARG…: a console that dies behind the intent of the step migrate, or before its outcome.
plain=$(realpath "${MIGSH_PLAIN:-build/shell/migsh}")
killed() {
    local rc=0
    timeout 120 "$lab" exec admin -- env MIGSH_FAULT_STEP=migrate MIGSH_FAULT_WHEN="$1" \
        LD_PRELOAD="$(realpath "$(dirname "$plain")/../tests/fault/at_record.so")" \
        "$plain" -i "$work/nodes" live-migrate "${@:2}" >"$work/out" 2>&1 || rc=$?
    [ $rc = 137 ]
}
journal() { migsh journal-list | awk '$2 == "live-migrate" { print $1 }' | tail -n 1; }
# ends STATUS PATTERN ARG…: as moves, for other commands.
ends() {
    local want=$1 pattern=$2 rc=0
    shift 2
    migsh "$@" >"$work/out" 2>&1 || rc=$?
    echo "status $rc, wanted $want; pattern $pattern"
    [ "$rc" = "$want" ] && tr '\n' '~' <"$work/out" | grep -E -- "$pattern" >/dev/null
}
bounded() { "$lab" exec "$1" -- sysctl -qw net.ipv4.tcp_notsent_lowat="$2"; }
bounded dest 16384
check "a bound that is lower stays" in_json '[.steps[] | select(.name == "queue") | .title] == ["as it is"]' live-migrate share@dest source --unsafe --no-watch --plan
bounded dest 1048576
check "one that is higher is told" in_json '[.steps[] | select(.name == "queue") | .title] == ["at most 64 KiB unsent on dest, was 1048576"]' \
    live-migrate share@dest source --unsafe --no-watch --plan
check "killed before it migrates" killed intent share source --unsafe --no-watch
check "another is refused meanwhile" moves 10 'was not finished.*hint: resume' share@dest source --unsafe --no-watch
check "what was defined there ahead is not started" ends 10 'share' start share@source
check "taken back" ends 0 'taken back' rollback "$(journal)"
check "it runs where it did" runs_on dest
check "with the limit that it had" limit_is dest 300
check "and its host's bound" queue_is dest 1048576
check "killed when it has migrated" killed outcome share source --unsafe --no-watch
check "the bound is there until it is gone on with" queue_is dest 65536
check "it cannot be taken back any more" ends 10 'the guest runs on source' rollback "$(journal)"
check "gone on with: autostart, verdict" ends 0 'starts with source.*verdict: ok' resume "$(journal)"
check "it runs on the source" runs_on source
check "and its last host has the bound that it had" queue_is dest 1048576
# What somebody sets meanwhile stays.
check "killed again before it migrates" killed intent share dest --unsafe --no-watch
bounded source 131072
check "taken back again" ends 0 'taken back' rollback "$(journal)"
check "somebody's own bound stays" queue_is source 131072
# A host that lets nobody set it.
for h in source dest; do "$lab" exec "$h" -- mount -o bind,ro /proc/sys /proc/sys; done
check "where it cannot be set it moves, and says so" moves 0 'warning: source: net.ipv4.tcp_notsent_lowat stays 131072.*verdict: ok' share dest --unsafe --no-watch
for h in source dest; do "$lab" exec "$h" -- umount /proc/sys; done
check "and back from where it was set" moves 0 'verdict: ok' share source --unsafe --no-watch

behind_the_prompt() {
    python3 tests/lab/lib/behind_prompt.py share dest "$guest" "$lab" exec admin -- "$migsh" -i "$work/nodes"
}
check "behind the prompt: sent there, watched, made faster and waited for" behind_the_prompt
check "it has moved" runs_on dest

finish
