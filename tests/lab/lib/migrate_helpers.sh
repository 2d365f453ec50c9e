# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the callers use and set them
# What tests/lab/test_migrate.sh and tests/bench/migrate.sh do to the lab. Sourced only. Uses: lab, migsh (paths),
# address (of source and dest). Keeps: from, to (hosts), guest (name).
work=$(mktemp -d)
chmod 755 "$work"
# shellcheck source=tests/lab/lib/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"
# shellcheck source=tests/lab/lib/hears.sh
. "$(dirname "${BASH_SOURCE[0]}")/hears.sh"
from=source to=dest guest=share boot_id=
uuid_share=6d696773-6800-4c41-8000-000000000010

clean_up() {
    "$lab" down
    rm -rf "$work"
}

write_nodes() {
    printf '%s\n' "node-add source root@$LAB_SOURCE" "node-add dest root@$LAB_DEST" >"$work/nodes"
    chmod 600 "$work/nodes"
}

migsh() { timeout 90 "$lab" exec admin -- "$migsh" -i "$work/nodes" "$@"; }
virsh_on() { local host=$1; shift; "$lab" exec "$host" -- virsh "$@"; }
hostname_of() { echo "$1"; } # the lab's hosts are called like its nodes
guest_get() { "$lab" exec admin -- curl -s --max-time 3 "http://$("$lab" address "$1")/$2"; }
other() { if [[ $1 = source ]]; then echo dest; else echo source; fi; }
id_of() { virsh_on "$from" domid "$1"; }
xml_of() { virsh_on "$2" dumpxml --migratable "$1"; }
state_on() { virsh_on "$2" domstate "$1" 2>/dev/null | head -n 1; }

host_of() {
    local h
    for h in source dest; do
        [[ $(state_on "$1" "$h") = running ]] && echo "$h"
    done
}

# From now on it is about this guest, which is on this host.
begin() { guest=$1 from=$2 to=$(other "$2"); }
swap() { local h=$from; from=$to to=$h; }
where_is_it() { begin "$1" "$(host_of "$1")"; }

# Runs on HOST and nowhere else; by virsh, not by what migsh says.
runs_only_on() { # runs_only_on GUEST HOST
    local here there
    here=$(state_on "$1" "$2") there=$(state_on "$1" "$(other "$2")")
    [[ $here = running && $there != running && $there != paused ]] && return
    echo "$1: '$here' on $2, '$there' on $(other "$2")"
    return 1
}

serves() {
    [[ $1 = busy ]] && return
    local i errors
    for i in 1 2 3 4 5; do
        [[ $(guest_get "$1" "") = hello ]] && break
        ((i < 5)) || { echo "$1 does not serve"; return 1; }
        sleep 0.5
    done
    [[ $1 != share || $(guest_get share boot_id) = "$boot_id" ]] || { echo "$1 was rebooted"; return 1; }
    read -r _ errors <<<"$(guest_get "$1" disk)"
    [[ $errors = 0 ]] || { echo "$1 has $errors errors of its disk"; return 1; }
}

# leaves GUEST OPTION...: migrates it by node names, from $from to $to, and turns these round.
leaves() {
    local name=$1
    shift
    migsh migrate "$name@$from" "$to" "$@" || return 1
    swap
}

moves_well() {
    leaves "$@" && runs_only_on "$1" "$from" && serves "$1"
}
moves() { # moves WHAT GUEST OPTION...
    local what=$1
    shift
    check "$what" moves_well "$@"
    where_is_it "$1" # should it have failed, the next one still begins right
}

# A line as it is printed, run by migsh on admin with the guest's host as --connect.
run_printed() {
    timeout 60 "$lab" exec admin -- "$migsh" -C "qemu+ssh://root@${address[$from]}/system" -c "$1" || return 1
    swap
    runs_only_on share "$from" && serves share
}
printed() {
    check "as printed: ${1//$'\n'/ }" run_printed "$1"
    where_is_it share
}
# The same, on the source itself.
run_at_home() {
    timeout 60 "$lab" exec "$from" -- "$migsh" -c "$1" || return 1
    swap
    runs_only_on share "$from" && serves share
}
printed_at_home() {
    check "as printed, on the source itself: $1" run_at_home "$1"
    where_is_it share
}

fails() { # fails STATUS PATTERN COMMAND...: with that status, a text like that, and in no more than 30 s
    local want=$1 pattern=$2 got=0 start=$SECONDS
    shift 2
    "$@" >"$work/said" 2>&1 || got=$?
    cat "$work/said"
    [[ $got = "$want" ]] || { echo "status $got, wanted $want"; return 1; }
    grep -qE -- "$pattern" "$work/said" || { echo "no '$pattern'"; return 1; }
    ((SECONDS - start <= 30)) || { echo "took $((SECONDS - start)) s"; return 1; }
    runs_only_on "$guest" "$from"
}
refused() { # refused PATTERN COMMAND...
    local pattern=$1
    shift
    ! "$@" >"$work/said" 2>&1 || return 1
    cat "$work/said"
    grep -qE -- "$pattern" "$work/said" && runs_only_on "$guest" "$from"
}
warns() {
    local pattern=$1
    shift
    "$@" >"$work/said" 2>&1
    grep -q "^warning: .*$pattern" "$work/said"
}

has_title() { virsh_on "$2" desc "$1" --title | grep -x "$3" && virsh_on "$2" desc "$1" --title --config | grep -x "$3"; }
no_domain() { ! virsh_on "$2" domstate "$1" >/dev/null 2>&1; }
is_transient() { virsh_on "$2" dominfo "$1" | grep '^Persistent: *no'; }
defined_on() { virsh_on "$2" dominfo "$1" | grep '^Persistent: *yes'; }
name_is() { [[ $(virsh_on "$2" domname "$1") = "$3" ]]; }

renamed_there() {
    virsh_on "$to" undefine share # libvirt would not let one uuid have two names
    leaves share --live --unsafe --dname "two words;\$(x)" --undefinesource --persistent &&
        runs_only_on "$uuid_share" "$from" && serves share
}
named_back() {
    leaves "two words;\$(x)" --live --unsafe --dname share --persistent --undefinesource &&
        runs_only_on share "$from" && serves share
}

suspended_there() {
    migsh migrate "share@$from" "$to" --live --unsafe --suspend --persistent || return 1
    [[ $(state_on share "$to") = paused && $(state_on share "$from") != running ]] || return 1
    virsh_on "$to" resume share && swap && serves share
}

forget_names() {
    local h
    for h in source dest; do
        "$lab" exec "$h" -- sh -c 'cp /etc/hosts /etc/hosts.kept; sed "/source\|dest/d" /etc/hosts.kept >/etc/hosts'
    done
}
restore_names() {
    local h
    for h in source dest; do
        "$lab" exec "$h" -- sh -c 'cat /etc/hosts.kept >/etc/hosts'
    done
}

progress_plain() {
    migsh migrate "share@$from" "$to" --live --unsafe --verbose --persistent --bandwidth 60 >"$work/o" 2>"$work/e" || return 1
    swap
    cat "$work/o" "$work/e"
    grep -q '^Migration: \[ [ 1-9][0-9] %\], pass ' "$work/e" && grep -qx 'Migration: \[100 %\]' "$work/e" &&
        [[ $(wc -l <"$work/o") = 1 ]] && runs_only_on share "$from"
}
quiet_plain() {
    migsh migrate "share@$from" "$to" --live --unsafe --persistent >"$work/o" 2>"$work/e" || return 1
    swap
    cat "$work/o" "$work/e"
    [[ ! -s $work/e ]] && grep -qE "^Domain 'share' migrated from $to to $from in [0-9.]+ m?s: downtime [0-9.]+ m?s, [0-9]+ passes, [0-9.]+ MiB$" "$work/o"
}
json_value() {
    migsh --json migrate "share@$from" "$to" --live --unsafe --verbose --persistent --bandwidth 60 >"$work/o" || return 1
    swap
    cat "$work/o"
    python3 - "$work/o" "$to" "$from" <<'PY'
import json, sys
lines = [json.loads(l) for l in open(sys.argv[1])]
events = [l for l in lines if l.get("event") == "progress"]
result = lines[-1]
assert events and all(e["job"] == "migrate" and e["domain"] == "share" for e in events)
running = [e for e in events if e.get("total")]
assert running, "no event while it ran"
for key in ("percent", "iteration", "remaining", "dirty_rate", "bandwidth", "expected_downtime_ms", "elapsed_ms"):
    assert any(key in e for e in running), key
assert events[-1]["percent"] == 100
assert (result["source"], result["destination"]) == (sys.argv[2], sys.argv[3])
assert result["transport"] == "direct" and result["uuid"]
assert 0 < result["downtime_ms"] <= result["job_ms"] <= result["total_ms"]
assert result["iterations"] >= 1 and result["bytes"] > 1 << 20 and result["memory"]["total"] > 100 << 20
PY
}

# --- Aborting
# Starts a migration of `busy` at 4 MiB/s behind; sets pid.
start_busy() {
    "$lab" exec admin -- env ${slow_by:+LD_PRELOAD="$slow" MIGSH_SLOW_MIGRATE="$slow_by"} "$migsh" -i "$work/nodes" migrate "busy@$from" "$to" --bandwidth 4 "$@" >"$work/mig" 2>&1 </dev/null &
    pid=$!
}
# Until its job sends memory.
wait_for_job() {
    local i
    for ((i = 0; i < 100; i++)); do
        virsh_on "$from" domjobinfo busy 2>/dev/null | grep '^Memory processed' && return
        sleep 0.1
    done
    echo "no job has begun"
    return 1
}
wait_for_words() { # in what migsh says
    local i
    for ((i = 0; i < 600; i++)); do
        grep -F -- "$1" "$work/mig" >/dev/null && return
        sleep 0.05
    done
    echo "never said: $1"
    return 1
}
wait_for_end() { # wait_for_end STATUS (a pattern)
    local start=$SECONDS
    wait_for_end_slowly "$1" || return 1
    ((SECONDS - start <= 60)) || { echo "took $((SECONDS - start)) s to end"; return 1; }
}
wait_for_end_slowly() {
    local got=0
    wait "$pid" || got=$?
    cat "$work/mig"
    # shellcheck disable=SC2053
    [[ $got = $1 ]] || { echo "status $got, wanted $1"; return 1; }
}
# A signal for migsh itself, not for what started it.
signal_migsh() {
    "$lab" exec admin -- pkill "-$1" -x migsh
}

aborted() { # aborted STATUS HOW SIGNAL OPTION...
    local want=$1 how=$2 sig=$3
    shift 3
    start_busy "$@"
    case $how in
    signal) wait_for_job && signal_migsh "$sig" ;;
    signal_suspended) wait_for_words "suspending it" && signal_migsh "$sig" ;;
    signal_at_once) hears "$lab" && signal_migsh "$sig" ;;
    job_abort) wait_for_job && migsh domjobabort "busy@$from" ;;
    esac || { kill "$pid"; return 1; }
    wait_for_end "$want" && runs_only_on busy "$from" && no_job
}
no_job() { virsh_on "$from" domjobinfo busy | grep '^Job type: *None'; }
# The last run that log knows of is as that jq condition says.
kept() {
    migsh --json log --domain "$guest" --limit 1 | tail -n 1 >"$work/kept"
    jq -e ".runs[0] | $1" "$work/kept" >/dev/null || { cat "$work/kept"; return 1; }
}
# libvirt gives the migration up when the console's connection to it ends.
killed_console() {
    local i
    start_busy --live
    wait_for_job && signal_migsh KILL && wait_for_end 137 || return 1
    for ((i = 0; i < 300; i++)); do
        no_job && break
        sleep 0.1
    done
    runs_only_on busy "$from" && kept '.state == "interrupted" and .verdict == "interrupted" and .ok == false'
}
# While it is there another migration begins, and is ended by hand.
closed_by_hand() {
    local id
    id=$(migsh journal-list | awk '$2 == "migrate" && /interrupted/ { print $1 }')
    ! migsh resume "$id" >"$work/said" 2>&1 && grep -q "cannot be gone on with" "$work/said" || { cat "$work/said"; return 1; }
    ! migsh rollback "$id" >"$work/said" 2>&1 && grep -q "hint: cleanup busy.*--forget" "$work/said" || { cat "$work/said"; return 1; }
    aborted 130 signal INT --live && migsh rollback "$id" --forget && migsh journal-show "$id" && ! migsh journal-list | grep interrupted
}

arrived() { # after wait_for_end 0: turns from and to round
    swap
    runs_only_on busy "$from"
}

tuned_in_flight() {
    start_busy --live
    wait_for_job && sleep 2 || return 1
    migsh -c "migrate-setmaxdowntime busy@$from 1500; migrate-getmaxdowntime busy@$from; migrate-setspeed busy@$from 400; migrate-getspeed busy@$from" >"$work/tuned" || return 1
    migsh domjobinfo "busy@$from" >/dev/null # may be over by now
    [[ $(paste -sd' ' "$work/tuned") = "1500 400" ]] || { cat "$work/tuned"; return 1; }
    wait_for_end 0 && arrived
}
timed_out() { # timed_out TEXT OPTION...
    local text=$1
    shift
    start_busy --live --verbose "$@"
    wait_for_end_slowly 0 && arrived && grep -q "$text" "$work/mig"
}
# The time is up before QEMU has begun.
timed_out_early() {
    local slow_by=3000
    timed_out "failed, and is tried again" --postcopy --timeout 1 --timeout-postcopy && grep -q "switching to post-copy$" "$work/mig"
}
postcopy_in_flight() {
    start_busy --live --postcopy
    wait_for_job && migsh migrate-postcopy "busy@$from" && wait_for_end_slowly 0 && arrived
}
interrupted_in_postcopy() {
    local i
    start_busy --live --postcopy --postcopy-bandwidth 4
    wait_for_job && migsh migrate-postcopy "busy@$from" || return 1
    for ((i = 0; i < 50; i++)); do
        virsh_on "$from" domstate busy --reason | grep post-copy && break
        sleep 0.1
    done
    signal_migsh INT
    wait_for_end_slowly 0 && arrived && grep -q "post-copy: aborting now would kill it" "$work/mig"
}

postcopy_resumed() {
    start_busy --live --postcopy --postcopy-bandwidth 2 --change-protection
    wait_for_job && migsh migrate-postcopy "busy@$from" && sleep 1 && migsh domjobabort "busy@$from" --postcopy || return 1
    wait_for_end 1 && grep -q "split between $from and $to" "$work/mig" || return 1
    migsh migrate "busy@$from" "$to" --live --postcopy --postcopy-resume --change-protection && arrived
}

# --- Refusals
never_hangs() {
    local i rc
    for ((i = 0; i < 20; i++)); do
        rc=0
        timeout 5 "$lab" exec admin -- "$migsh" -C test:///default migrate test test:///default --live >"$work/said" 2>&1 || rc=$?
        [[ $rc = 11 ]] && grep -q 'still runs on test:///default$' "$work/said" || { cat "$work/said"; echo "run $i: status $rc"; return 1; }
    done
}
name_clash() {
    virsh_on "$to" undefine share >/dev/null 2>&1
    sed "s/<uuid>.*<.uuid>//; s/<disk .*//" "$work/share.xml" | sed '/<source file/,/<.disk>/d' >"$work/clash.xml"
    virsh_on "$to" define "$work/clash.xml" || return 1
    local rc=0
    fails 4 "already exists with uuid" migsh migrate "share@$from" "$to" --live --unsafe && grep -q -- "--dname" "$work/said" || rc=1
    virsh_on "$to" undefine share
    return $rc
}
host_key_refused() { # host_key_refused WHOSE-KNOWN-HOSTS OPTION...
    local host=$1 rc=0
    shift
    "$lab" exec "$host" -- sh -c "cp /root/.ssh/known_hosts /root/.ssh/kept; ssh-keygen -q -t ed25519 -N '' -f /tmp/mg-key-$$ &&
        sed -i 's|^\\(.*${address[$to]}.* ssh-ed25519\\) .*|\\1 '\$(cut -d' ' -f2 /tmp/mg-key-$$.pub)'|; /${address[$to]}.*ecdsa/d' /root/.ssh/known_hosts; rm -f /tmp/mg-key-$$*"
    fails 6 "known_hosts" migsh migrate "share@$from" "$to" --live --unsafe "$@" || rc=1
    "$lab" exec "$host" -- sh -c "mv /root/.ssh/kept /root/.ssh/known_hosts"
    return $rc
}
cable_pulled() {
    local rc=0
    "$lab" exec switch -- ip link set "$to" down
    "$lab" exec admin -- ip neigh flush dev eth0 # else TCP tries on for up to two minutes before it believes it
    migsh migrate "share@$from" "$to" --live --unsafe >"$work/said" 2>&1 || rc=$?
    "$lab" exec switch -- ip link set "$to" up
    cat "$work/said"
    [[ $rc = 7 ]] && grep -q 'hint: ' "$work/said" && runs_only_on share "$from"
}
port_closed() {
    local rc=0
    "$lab" exec "$to" -- nft "add table ip closed; add chain ip closed input { type filter hook input priority 0; }; add rule ip closed input tcp dport 49152-49215 reject with icmp type port-unreachable" || return 1
    fails 7 "hint: .*firewall-open $to --from $from --for 1h opens it" migsh migrate "share@$from" "$to" --live --unsafe || rc=1
    "$lab" exec "$to" -- nft delete table ip closed
    return $rc
}
daemon_ends() {
    local rc=0
    start_busy --live
    wait_for_job || return 1
    "$lab" service "$1" libvirtd stop
    wait_for_end '[17]' || rc=1 # 1 when the source's QEMU is the first to see it
    "$lab" service "$1" libvirtd start
    grep -q "still runs on $from" "$work/mig" || rc=1
    sleep 1
    runs_only_on busy "$from" && return $rc
}
cable_pulled_half_way() {
    local rc=0 start=$SECONDS
    start_busy --live
    wait_for_job || return 1
    "$lab" exec switch -- ip link set "$to" down
    wait_for_end_slowly 7 || rc=1
    "$lab" exec switch -- ip link set "$to" up
    grep -q "the connection to $to is lost" "$work/mig" && grep -q "still runs on $from" "$work/mig" || rc=1
    echo "took $((SECONDS - start)) s"
    ((SECONDS - start <= 60)) && no_job && [[ $(state_on busy "$from") = running ]] && return $rc
}
interrupted_while_connecting() {
    local rc=0
    "$lab" exec switch -- ip link set "$to" down
    start_busy --live
    sleep 1
    signal_migsh INT
    wait_for_end 130 || rc=1
    "$lab" exec switch -- ip link set "$to" up
    runs_only_on busy "$from" && return $rc
}

# --- Disks and definitions
pool_on() { # the pool that local1's disk lies in, on the host that has none
    local path
    path=$(virsh_on source pool-dumpxml default | sed -n 's|.*<path>\(.*\)</path>.*|\1|p')
    virsh_on dest pool-define-as default dir --target "$path" && virsh_on dest pool-build default &&
        virsh_on dest pool-start default
}
copied_all() {
    begin local1 source
    "$lab" guest start local1 && "$lab" wait local1 && pool_on || return 1
    moves_well local1 --live --persistent --copy-storage-all
}
copied_back() {
    begin local1 dest
    moves_well local1 --live --persistent --copy-storage-all --copy-storage-synchronous-writes --migrate-disks vda --disks-port 49200
}
copied_incrementally() {
    begin local1 source
    moves_well local1 --live --persistent --copy-storage-inc
}
offline_moves() {
    begin test1 source
    "$lab" guest define test1 || return 1
    migsh migrate test1@source dest --offline --persistent && defined_on test1 dest && defined_on test1 source
}
offline_undefines() {
    migsh migrate test1@source dest --offline --persistent --undefinesource && defined_on test1 dest && no_domain test1 source
}
