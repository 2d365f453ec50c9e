#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Never two running copies: start, create, resume and snapshot-revert on real hosts, whose disk is shared and whose
# QEMUs do not see each other's locks. Two consoles at once, with the time between asking and starting made longer
# (slow_call.c); hosts that do not answer; what a migration left behind; managed saves. A lab of its own
# (MIGSH_STARTTEST_SUBNET); MIGSH_STARTTEST_ROUNDS=N races, MIGSH_STARTTEST_SEED chooses their delays.
# Prints "ok N - …".
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" starttest 192.168.131
slow=$(realpath -m "$(dirname "$plain")/../tests/lab/slow_call.so")
rounds=${MIGSH_STARTTEST_ROUNDS:-10}
RANDOM=${MIGSH_STARTTEST_SEED:-$(($(date +%s) % 32768))}
uuid=6d696773-6800-4c41-8000-000000000131
disk=/srv/nfs/race.qcow2
three_nodes
up --ready

console() { timeout 120 "$here/lab" exec admin -- env XDG_STATE_HOME=/root/state "${set[@]}" "$plain" -i "$work/nodes" "$@" </dev/null; }
set=()
state() { on "$1" virsh domstate race 2>&1 | head -n 1; }
# is SOURCE DEST: the states.
is() {
    local a b
    a=$(state source) b=$(state dest)
    echo "source: $a, dest: $b"
    [ "$a" = "$1" ] && [ "$b" = "$2" ]
}
off() { for h in source dest; do on $h virsh destroy race; on $h virsh managedsave-remove race; done >/dev/null 2>&1; }
now_s() { date +%s; }

on source qemu-img create -q -f qcow2 $disk 64M
cat >"$work/race.xml" <<XML
<domain type='qemu'><name>race</name><uuid>$uuid</uuid><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='$disk'/><target dev='vda' bus='virtio'/></disk>
</devices></domain>
XML
define() { on source virsh define "$work/race.xml" && on dest virsh define "$work/race.xml"; }
check "the same guest is defined on both hosts, on one disk" define

# --- in peace
expect "start: it runs" 0 "Domain 'race' started" start race@source
check "and is not paused" is running "shut off"
expect "it is refused on the other" 10 "not started: domain 'race' is running on source" start race@dest --force
on source virsh destroy race >/dev/null
expect "start --paused" 0 started start race@source --paused
check "stays paused" is paused "shut off"
expect "a paused copy is one" 10 "is paused on source" start race@dest
expect "resume lets it run" 0 resumed resume race@source
check "and it runs" is running "shut off"
off
expect "create" 0 created create "$work/race.xml" --node dest
check "runs" is "shut off" running
expect "create beside it: refused" 10 "not created.*is running on dest" create "$work/race.xml" --node source
off

# --- a race: each is one console's start, resume or create with its delays; whatever happens, at most one has run.
watched() { # watched HOST: events of the guest on it, to $work/events.HOST
    lab exec "$1" -- virsh event --domain race --event lifecycle --loop </dev/null >"$work/events.$1" 2>&1 &
    watchers+=($!)
}
watchers=()
# It has run on so many hosts since the events began: libvirt says Resumed when a paused one goes on.
has_run() { grep -l Resumed "$work/events.source" "$work/events.dest" | wc -l; }
race() { # race A B: two consoles' words at once; statuses in $one and $two
    local pid
    truncate -s 0 "$work/events.source" "$work/events.dest"
    watched source
    watched dest
    sleep 0.5
    # shellcheck disable=SC2086 # words
    { set=(LD_PRELOAD="$slow" MIGSH_SLOW_START=$((RANDOM % 700)) MIGSH_SLOW_RESUME=$((RANDOM % 700))); console $1 >"$work/one" 2>&1; } &
    pid=$!
    # shellcheck disable=SC2086 # words
    set=(LD_PRELOAD="$slow" MIGSH_SLOW_START=$((RANDOM % 700)) MIGSH_SLOW_RESUME=$((RANDOM % 700)))
    # shellcheck disable=SC2086 # words
    console $2 >"$work/two" 2>&1
    two=$?
    set=()
    wait $pid
    one=$?
    sleep 0.3
    kill "${watchers[@]}" 2>/dev/null
    wait "${watchers[@]}" 2>/dev/null
    watchers=()
}
# Exactly one succeeded, it alone runs, and on no other host has it run for a moment.
one_runs() {
    local active
    active=$(for h in source dest; do on $h virsh list --name; done | grep -c race)
    cat "$work/one" "$work/two"
    echo "statuses $one $two, $active active, has run on $(has_run) hosts"
    [ "$active" = 1 ] && [ "$(has_run)" -le 1 ] && { [ "$one $two" = "0 10" ] || [ "$one $two" = "10 0" ]; } &&
        { [ "$(state source)" = running ] || [ "$(state dest)" = running ]; }
}
for i in $(seq "$rounds"); do
    a="start race@source" b="start race@dest"
    [ $((i % 4)) != 0 ] || b="create $work/race.xml --node dest"
    race "$a" "$b"
    check "race $i: of two consoles one succeeds, and the guest never runs twice" one_runs
    off
done
# The worst case: both have asked before either starts, and both are up before either asks again.
set=(LD_PRELOAD="$slow" MIGSH_SLOW_START=2500)
for i in 1 2; do
    (console start race@source >"$work/one" 2>&1; echo $? >"$work/one.rc") &
    console start race@dest >"$work/two" 2>&1
    two=$?
    wait $!
    one=$(cat "$work/one.rc")
    truncate -s 0 "$work/events.source" "$work/events.dest"
    check "both asked before either started: one succeeds ($i)" one_runs
    [ "$one$two" = 100 ] && loser=one || loser=two
    check "the other says why, and took its copy back" grep -qE "not started: domain 'race' is (being started on|running on|paused on)" "$work/$loser"
    off
done
set=()

# --- a console that dies between
set=(LD_PRELOAD="$slow" MIGSH_DIE_RESUME=1)
console start race@source >"$work/out" 2>&1
check "a console killed before it resumes" [ $? = 137 ]
set=()
check "leaves the guest paused" is paused "shut off"
expect "list shows it" 0 "source +[0-9]+ +race +paused" list --all
expect "it cannot be started elsewhere" 10 "is paused on source.*hint: resume race@source" start race@dest
expect "resume lets it run" 0 resumed resume race@source
off

# --- Ctrl-C between
set=(LD_PRELOAD="$slow" MIGSH_SLOW_START=3000)
(timeout -s INT 2 "$here/lab" exec admin -- env XDG_STATE_HOME=/root/state "${set[@]}" "$plain" -i "$work/nodes" start race@source) \
    >"$work/out" 2>&1 </dev/null
set=()
sleep 3
check "Ctrl-C before it is up: it is taken back, or runs, but is not left paused" \
    bash -c '[ "$1" != paused ]' - "$(state source)"
off

# --- a managed save is not lost by stepping back
saved() { on "$1" virsh dominfo race | grep 'Managed save: *yes' >/dev/null; }
on source virsh start race >/dev/null
on source virsh managedsave race >/dev/null
expect "start goes on from a managed save" 0 started start race@source
check "and runs" is running "shut off"
check "the save is used up" bash -c '! "$@"' - "$here/lab" exec source -- sh -c "virsh dominfo race | grep 'Managed save: *yes' >/dev/null"
on source virsh managedsave race --paused >/dev/null
expect "one that was saved to be paused" 0 started start race@source
check "is paused" is paused "shut off"
off
for host in source dest; do
    other=$([ $host = source ] && echo dest || echo source)
    on $host virsh start race >/dev/null
    on $host virsh managedsave race >/dev/null
    # The other one comes up while this console is between asking and starting, by another tool, and runs.
    set=(LD_PRELOAD="$slow" MIGSH_SLOW_START=10000)
    (sleep 4; on "$other" virsh start race) >/dev/null 2>&1 &
    console start race@$host >"$work/out" 2>&1
    judge "another tool starts it on $other meanwhile: this one steps back" 10 $? "not started: domain 'race' is (running|paused) on $other"
    wait $!
    set=()
    check "it runs there alone" is "$([ $host = source ] && echo "shut off" || echo running)" "$([ $host = dest ] && echo "shut off" || echo running)"
    check "its saved state is saved again" saved $host
    on "$other" virsh destroy race >/dev/null
    expect "and is gone on from" 0 started start race@$host
    check "running, as it was" [ "$(state $host)" = running ]
    off
done

# --- a save that is older than the disk
on source virsh start race >/dev/null
on source virsh managedsave race >/dev/null
expect "a save behind which nobody wrote is good" 0 started start race@source
on source virsh managedsave race >/dev/null
sleep 3
on dest qemu-io -c 'write -P 9 1M 1M' $disk >/dev/null
expect "a disk was written to since: refused, with both times" 9 \
    "the saved state of 'race' is from 20[0-9-]+ [0-9:]+, but its disk $disk was written to later, at 20[0-9-]+ [0-9:]+.*hint: --force-boot" start race@source
check "the save is there still" saved source
expect "--force goes on from it, with a warning" 0 "warning: the saved state of 'race' is from.*started" start race@source --force
on source virsh managedsave race >/dev/null
sleep 3
on dest qemu-io -c 'write -P 9 1M 1M' $disk >/dev/null
expect "--force-boot boots it" 0 "started" start race@source --force-boot
check "without the save" bash -c '! "$@"' - "$here/lab" exec source -- sh -c "virsh dominfo race | grep 'Managed save: *yes' >/dev/null"
off

# --- what a migration has left behind
sed "s|</uuid>|</uuid><metadata><m:migration xmlns:m='urn:migsh:migration' role='moved' journal='j' node='dest'/></metadata>|" "$work/race.xml" >"$work/moved.xml"
on source virsh define "$work/moved.xml" >/dev/null
expect "what was moved is not started" 10 "not started: domain 'race' was moved to dest, and is left behind on source.*hint: the guest is there: race@dest" start race@source
check "nor does it run" is "shut off" "shut off"
expect "nor started by itself" 10 "not marked: .* was moved to dest" autostart race@source
expect "nor is a snapshot taken, which would write to its disk" 10 "no snapshot was taken: .*was moved to dest.*--force insists" snapshot-create-as race@source s1
expect "but with --force" 0 "warning: 'race' was moved to dest.*created" snapshot-create-as race@source s1 --force
expect "nor is that one deleted" 10 "not deleted: .*was moved to dest" snapshot-delete race@source s1
expect "nor is it turned back to it" 10 "not reverted: .*was moved to dest" snapshot-revert race@source s1 --running
expect "but with --force" 0 "warning: 'race' was moved to dest.*started" start race@source --force
off
on source sh -c "virsh snapshot-delete race s1 && virsh define '$work/race.xml'" >/dev/null
expect "a snapshot to go back to" 0 created snapshot-create-as race@source s2
expect "snapshot-revert --running: it runs" 0 reverted snapshot-revert race@source s2 --running
check "and is not left paused" is running "shut off"
off
on dest virsh start race >/dev/null
expect "snapshot-revert beside a running copy: refused" 10 "not reverted: domain 'race' is running on dest" snapshot-revert race@source s2
off
on source virsh snapshot-delete race s2 >/dev/null

# --- a host that does not answer
expect "it runs on dest" 0 started start race@dest
lab service dest sshd stop >/dev/null
begun=$(now_s)
expect "a node that refuses the login may run it: refused, and where it was last seen is told" 7 \
    "not started: whether 'race' runs on dest is not known: .*; it was last seen running on dest, 20[0-9-]+ [0-9:]+.*hint: .*--force" start race@source
check "nothing runs on source" [ "$(state source)" = "shut off" ]
lab service dest sshd start >/dev/null
expect "it answers again" 10 "is running on dest" start race@source
on dest virsh destroy race >/dev/null
daemon=$(on dest pidof libvirtd)
on dest kill -STOP "$daemon"
begun=$(now_s)
expect "a frozen libvirtd: refused" 7 "whether 'race' runs on dest is not known" start race@source
check "after a few seconds: $(($(now_s) - begun))" [ $(($(now_s) - begun)) -lt 25 ]
begun=$(now_s)
expect "--force insists, with a warning" 0 "warning: whether 'race' runs on dest is not known.*started" start race@source --force
check "and does not wait twice: $(($(now_s) - begun))" [ $(($(now_s) - begun)) -lt 25 ]
on source virsh suspend race >/dev/null
expect "resume is as careful" 7 "not resumed: whether 'race' runs on dest" resume race@source
expect "resume --force" 0 resumed resume race@source --force
on dest kill -CONT "$daemon"
off
finish
