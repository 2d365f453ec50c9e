#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# live-migrate whose console is killed at each record of its journal, whose link is cut and whose destination is
# frozen at each of them and in the middle: the guest runs on, once and never rebooted, is defined where it runs, has
# the downtime limit that it had, its hosts have the kernel parameter that they had, what is left can be gone on with or
# taken back, and the record says what came of it.
# A third of the records and two of the cuts and freezes at one are tried, others each day; MIGSH_LIVEFAULTS=all tries
# them all. A lab of its own (MIGSH_LIVEFAULTS_SUBNET).
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" livefaults 192.168.134

up --ready
three_nodes "$(lab address source)" "$(lab address dest)" "$(lab address nfs)"
chmod 600 "$work/nodes"
ip=$(lab address share)
lab guest start share >/dev/null && lab wait share >/dev/null || exit 1
boot_id() { on admin curl -s --max-time 10 "http://$ip/boot_id"; }
boot=$(boot_id)
unsent=$(on source sysctl -n net.ipv4.tcp_notsent_lowat)
from=source to=dest

state() { on "$1" virsh domstate share 2>/dev/null | head -n 1; }
# Where it runs; nothing if it does not, or twice.
runs() {
    local a b
    a=$(state source) b=$(state dest)
    [ "$a" = running ] && [[ $b != @(running|paused) ]] && echo source
    [ "$b" = running ] && [[ $a != @(running|paused) ]] && echo dest
}
# whole WHERE: it runs there alone, is defined there without a mark, has the limit that QEMU begins with, and lives.
whole() {
    local n h
    [ "$(runs)" = "$1" ] || { echo "source: $(state source), dest: $(state dest)"; return 1; }
    [ "$(boot_id)" = "$boot" ] || { echo "it was rebooted"; return 1; }
    on "$1" virsh dominfo share | grep '^Persistent: *yes' >/dev/null || { echo "it is not defined there"; return 1; }
    ! on "$1" virsh dumpxml --inactive share | grep 'migsh.*role' || return 1
    n=$(on "$1" virsh migrate-getmaxdowntime share)
    [ "$n" = 300 ] || { echo "its limit is $n"; return 1; }
    for h in source dest; do
        n=$(on "$h" sysctl -n net.ipv4.tcp_notsent_lowat)
        [ "$n" = "$unsent" ] || { echo "tcp_notsent_lowat of $h is $n"; return 1; }
    done
}
# The other definition is none, or bears the mark of one that was left behind.
other() { [ "$1" = source ] && echo dest || echo source; }
left_behind() {
    local o
    o=$(other "$1")
    on "$o" virsh dumpxml --inactive share >"$work/left" 2>/dev/null || return 0
    grep -q "role=['\"]moved" "$work/left" || { cat "$work/left"; return 1; }
}
# at STEP WHEN WORDS…: the console, with what happens to it at that record; its status, and its words in $work/out.
at() {
    timeout 180 "$here/lab" exec admin -- env XDG_STATE_HOME=/root/state MIGSH_FAULT_STEP="$1" MIGSH_FAULT_WHEN="$2" "${@:3}" \
        LD_PRELOAD="$preload" "$plain" -i "$work/nodes" live-migrate "share@$from" "$to" --no-watch >"$work/out" 2>&1 </dev/null
}
killed() { # STEP WHEN
    local rc=0
    at "$1" "$2" || rc=$?
    [ $rc = 137 ] || { echo "status $rc"; cat "$work/out"; return 1; }
}
# struck STEP WHEN FAULT MEND: held at that record while FAULT is done; 4 s later it is mended. Whatever comes of it.
struck() {
    local pid i
    rm -f "$work/held" "$work/go"
    at "$1" "$2" MIGSH_FAULT_SIGNAL=0 MIGSH_FAULT_RUN="touch '$work/held'; for i in \$(seq 300); do [ -e '$work/go' ] && break; sleep 0.1; done" &
    pid=$!
    for i in {1..300}; do
        [ -e "$work/held" ] && break
        sleep 0.1
    done
    [ -e "$work/held" ] || { echo "it never came to $1 $2"; cat "$work/out"; wait "$pid"; return 1; }
    $3
    touch "$work/go"
    sleep 4
    $4
    wait "$pid"
    return 0
}
cut() { lab exec switch -- ip link set "$to" down; }
joined() { lab exec switch -- ip link set "$to" up; }
frozen() { lab exec "$to" -- pkill -STOP -x 'libvirtd|sshd|qemu-system.*'; }
thawed() { lab exec "$to" -- pkill -CONT -x 'libvirtd|sshd|qemu-system.*'; }
journal() { m journal-list | awk '$2 == "live-migrate" { print $1 }' | sort | tail -n 1; }
state_of_journal() { m --json journal-show "$(journal)" | jq -r '.state'; }
taken_up() { # VERB: resume or rollback, where it has not ended; the other one where that is refused
    local id rc=0
    id=$(journal)
    [[ $(state_of_journal) != @(done|reverted) ]] || return 0
    m "$1" "$id" >"$work/out" 2>&1 || rc=$?
    [ $rc = 0 ] && return
    { [ "$1" = rollback ] && grep -q 'resume' "$work/out" && m resume "$id" >"$work/out" 2>&1; } || { echo "status $rc"; cat "$work/out"; return 1; }
}
# What it could not take back at once, as the destination did not answer.
taken_back() {
    local id
    id=$(journal)
    [ "$(m --json journal-show "$id" | jq -r '.state')" = reverted ] || m rollback "$id"
}
settle() { # where it runs now is where the next one begins
    from=$(runs)
    to=$(other "$from")
}

# The steps are those that it really has.
mapfile -t steps < <(m --json live-migrate "share@$from" "$to" --no-watch --plan 2>"$work/out" | tail -n 1 | jq -r '.steps[].name')
check "it tells its steps" test "${#steps[@]}" -ge 8
verb=rollback
afterwards() {
    check "… it runs once" test -n "$(runs)"
    check "… $verb" taken_up $verb
    settle
    check "… it is whole" whole "$from"
    check "… nothing of it can be started elsewhere" left_behind "$from"
    [ $verb = rollback ] && verb=resume || verb=rollback
}

n=0 day=$(($(date +%s) / 86400))
# turn OF: is it this one's day? Each is had once in OF days.
turn() {
    n=$((n + 1))
    [ "${MIGSH_LIVEFAULTS:-}" = all ] || [ $((n % $1)) = $((day % $1)) ]
}

# --- killed
for step in "${steps[@]}"; do
    for when in intent outcome; do
        turn 3 || [ "$step" = migrate ] || continue
        check "killed at the $when of $step" killed "$step" $when
        afterwards
    done
done

# --- struck
for step in "${steps[@]}"; do
    for when in intent outcome; do
        for fault in "cut joined" "frozen thawed"; do
            turn 16 || continue
            # shellcheck disable=SC2086 # two words
            check "${fault% *} at the $when of $step" struck "$step" $when $fault
            afterwards
        done
    done
done
all_ended() { m --json journal-list | tail -n 1 | jq -e 'length >= 1 and all(.state == "done" or .state == "reverted")'; }
check "each journal has come to its end" all_ended
# What was done says where the guest went, and that it was well; of what was taken back nobody says so.
truthful() {
    m --json log --domain share >"$work/log" 2>&1 || { cat "$work/log"; return 1; }
    tail -n 1 "$work/log" | jq -e '(.runs // .) | length >= 1 and all((.state == "done") == (.verdict == "ok"))' && return
    cat "$work/log"
    return 1
}
check "the record says what came of each" truthful

# --- cut off, frozen
# begun: live-migrate behind, at 4 MiB/s; sets $pid once memory is on its way.
begun() {
    local i
    m live-migrate "share@$from" "$to" --no-watch --bandwidth 4 >"$work/out" 2>&1 &
    pid=$!
    for i in {1..300}; do
        on "$from" virsh domjobinfo share 2>/dev/null | grep '^Memory processed' >/dev/null && return
        sleep 0.1
    done
    cat "$work/out"
    return 1
}
ended() { # it failed, and soon
    local rc=0
    timeout 120 tail --pid="$pid" -f /dev/null || { echo "it goes on"; kill "$pid"; return 1; }
    wait "$pid" || rc=$?
    [ $rc != 0 ] || { cat "$work/out"; return 1; }
}
check "under way" begun
lab exec switch -- ip link set "$to" down
check "the destination's cable is cut: it ends" ended
lab exec switch -- ip link set "$to" up
sleep 2
check "… what was left is taken back" taken_back
check "… it is whole" whole "$from"
check "… nothing of it can be started elsewhere" left_behind "$from"

check "under way once more" begun
lab exec "$to" -- pkill -STOP -f 'qemu-system.*guest=share'
on admin pkill -TERM -x migsh
aborted() { # libvirt there waits for its QEMU, for ever; the guest here does not
    local i
    for i in {1..300}; do
        on "$from" virsh domjobinfo share | grep '^Job type: *None' >/dev/null && [ "$(state "$from")" = running ] && return
        sleep 0.1
    done
    on "$from" virsh domjobinfo share
    return 1
}
check "the destination's QEMU is frozen: SIGTERM lets go of the guest" aborted
lab exec "$to" -- pkill -CONT -f 'qemu-system.*guest=share'
check "… and once it is not, it ends" ended
check "… it is whole" whole "$from"
check "… nothing of it can be started elsewhere" left_behind "$from"
check "and then it moves" m live-migrate "share@$from" "$to" --no-watch
settle
check "… whole" whole "$from"

# --- post-copy
if [ "${MIGSH_LIVEFAULTS:-}" = all ]; then # QEMU has been seen to take the recovery up for ever
cat >"$work/at-once.lua" <<'LUA'
return { title = "post-copy as soon as it can be", rows = { { after = 1, every = true, action = { postcopy = true, why = "at once" } } } }
LUA
chmod 644 "$work/at-once.lua"
broken_off() {
    local i rc=0
    m live-migrate "share@$from" "$to" --no-watch --bandwidth 8 --postcopy --postcopy-bandwidth 6 --policy "$work/at-once.lua" >"$work/out" 2>&1 &
    pid=$!
    # Not before it answers over there: what QEMU's main thread needs for its start it would then wait for, for ever.
    for i in {1..300}; do
        [[ $(on "$to" virsh domstate share --reason) == 'running (post-copy)' ]] && [ "$(boot_id)" = "$boot" ] && break
        sleep 0.1
    done
    m domjobabort "share@$from" --postcopy || return 1
    wait "$pid" || rc=$?
    [ $rc != 0 ] && grep -q "resume .* goes on" "$work/out" || { echo "status $rc"; cat "$work/out"; return 1; }
}
refused_back() {
    gives 10 'cannot be taken back: the post-copy was broken off: it runs on.*hint: resume' m rollback "$(journal)"
}
gone_on() { m resume "$(journal)" >"$work/out" 2>&1 || { cat "$work/out"; return 1; }; }
check "a post-copy that is broken off" broken_off
check "… cannot be taken back" refused_back
check "… is gone on with" gone_on
settle
check "… it is whole" whole "$from"
check "… nothing of it can be started elsewhere" left_behind "$from"
fi

finish
