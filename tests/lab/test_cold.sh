#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# cold-migrate, resume, rollback and cleanup on real hosts and real guests: domains that are off and running, several
# disks, shared ones, ones that are in the way, a console killed at records of its journal. What is where is asked of
# virsh and sha256sum. A lab of its own (MIGSH_COLD_SUBNET); MIGSH_COLD_KILLS=all kills at every step. Prints "ok N - …"
# lines and a last line with the counts.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
lab=$PWD/tests/lab/lab
"$lab" check || exit
export MIGSH_LAB_NAME=${MIGSH_COLD_LAB:-cold-$$} MIGSH_LAB_SUBNET=${MIGSH_COLD_SUBNET:-192.168.96}
migsh=$(realpath "${MIGSH:-build/shell/migsh}")
plain=$(realpath "${MIGSH_PLAIN:-build/shell/migsh}")
preload=$(realpath "$(dirname "$plain")/../tests/fault/at_record.so")
work=$(mktemp -d "${TMPDIR:-/tmp}/migsh-cold.XXXXXX")
chmod 755 "$work"
trap '"$lab" down >/dev/null 2>&1; rm -rf "$work"' EXIT
images=/var/lib/libvirt/images

"$lab" up --ready >"$work/up" 2>&1 || { cat "$work/up"; exit 1; }
eval "$("$lab" env)"
printf '%s\n' "node-add source root@$LAB_SOURCE --role compute" "node-add dest root@$LAB_DEST --role compute" >"$work/nodes"
chmod 600 "$work/nodes"

# shellcheck source=tests/lab/lib/tap.sh
. tests/lab/lib/tap.sh
migsh() { timeout 120 "$lab" exec admin -- env XDG_STATE_HOME="$work/state" "$migsh" -i "$work/nodes" "$@" </dev/null; }
quick() { timeout 120 "$lab" exec admin -- env XDG_STATE_HOME="$work/state" "$plain" -i "$work/nodes" "$@" </dev/null; }
on() { local host=$1; shift; "$lab" exec "$host" -- "$@"; }
# gives STATUS PATTERN COMMAND…: PATTERN is a Perl regex on all it prints, lines joined by ~.
gives() {
    local want=$1 pattern=$2 rc=0
    shift 2
    "$@" >"$work/said" 2>&1 || rc=$?
    cat "$work/said"
    echo "status $rc, wanted $want; /$pattern/"
    [ "$rc" = "$want" ] && tr '\n' '~' <"$work/said" | grep -P -- "$pattern" >/dev/null
}
json() { "${@:2}" 2>"$work/err" | tail -n 1 | tee "$work/json" | jq -e "$1"; }
state() { on "$1" virsh domstate "$2" 2>/dev/null | head -n 1; }
# is NAME SOURCE DEST: the states on both ("" for not there).
is() { echo "source '$(state source "$1")', dest '$(state dest "$1")'"; [ "$(state source "$1")" = "$2" ] && [ "$(state dest "$1")" = "$3" ]; }
sum() { on "$1" sha256sum "$2" | cut -d ' ' -f 1; }
same() { local a; a=$(sum source "$1") && [ -n "$a" ] && [ "$a" = "$(sum dest "${2:-$1}")" ]; }
gone() { ! on "$1" test -e "$2"; }
answers() { [ "$("$lab" exec admin -- curl -s --max-time 5 "http://$("$lab" address "$1")/")" = hello ]; }
journals() { on admin find "$work/state" -name '*.jsonl' 2>/dev/null | sort; }
last_id() { basename "$(journals | tail -n 1)" .jsonl; }
# Nothing of it is left, neither on the nodes nor in the journals.
clean() {
    local host d
    for host in source dest; do
        for d in local1 two busy uefi1 a b c; do
            on $host virsh destroy $d
            on $host virsh undefine $d --snapshots-metadata --checkpoints-metadata --nvram
        done
    done >/dev/null 2>&1
    on dest sh -c "rm -rf $images/* $images/.migsh* /srv/images /srv/vms; for p in default vms; do virsh pool-destroy \$p; virsh pool-undefine \$p; done" >/dev/null 2>&1
    rm -rf "$work/state"
}
leftovers() { on "$1" find $images /srv -xdev -name '.migsh*'; }
no_leftovers() { [ -z "$(leftovers source)$(leftovers dest)" ]; }
# All that a plan could touch.
trace() {
    local host
    for host in source dest; do
        on "$host" sh -c "find $images /etc/libvirt /srv -xdev -printf '%p %s %T@ %i\n' | sort; virsh list --all; virsh pool-list --all; virsh net-list --all"
    done
    journals
}
define_local1() { "$lab" guest define local1; }
run_local1() { clean; "$lab" guest start local1 && "$lab" wait local1; }

# A guest of two disks and a cdrom; it need not boot.
make_two() {
    on source sh -c "cd $images && qemu-img create -q -f qcow2 two.qcow2 64M && qemu-io -c 'write -P 7 1M 3M' two.qcow2 >/dev/null &&
        truncate -s 32M 'two data.raw' && dd if=/dev/urandom of='two data.raw' bs=1M count=2 seek=9 conv=notrunc status=none &&
        dd if=/dev/urandom of=cd.iso bs=1M count=1 status=none"
    # shellcheck disable=SC2016 # the domain's own XML
    cat >"$work/two.xml" <<XML
<domain type='qemu'><name>${1:-two}</name><uuid>${2:-6d696773-6800-4c41-8000-000000000077}</uuid>
<title>two disks</title><description>mine</description><metadata><app:x xmlns:app='urn:app'>kept</app:x></metadata>
<memory unit='MiB'>32</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
<cputune><shares>333</shares></cputune><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='$images/two.qcow2'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$images/two data.raw'/><target dev='vdb' bus='virtio'/></disk>
<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='$images/cd.iso'/><target dev='hdc' bus='ide'/><readonly/></disk>
<disk type='file' device='cdrom'><target dev='hdd' bus='ide'/><readonly/></disk>
<graphics type='vnc' passwd='secret7'/></devices></domain>
XML
    on source virsh define "$work/two.xml"
}

# --- a domain that is off: two disks, a cdrom, an empty drive
clean
check "a guest of two disks and a cdrom" make_two
on source virsh autostart two >/dev/null
trace >"$work/before"
check "--plan tells steps, sizes and times" gives 0 \
    'two: source -> dest, shut off: plan~.*copy .*two.qcow2 \(vda\): copy, .*copy .*two data.raw \(vdb\): copy, 2.0 MiB of 32.0 MiB.*cd.iso.*retire .*in all .* MiB, about' \
    migsh cold-migrate two dest --plan
check "… and touches nothing" diff "$work/before" <(trace)
check "it moves, each step shown" gives 0 \
    '\[done\] +check.*\[done\] +shutdown.*\[done\] +copy .*two.qcow2 .*\[done\] +define.*\[unchanged\] start.*\[ok\] +is defined and off on dest.*\[ok\] +has the same definition.*\[done\] +retire.*two: is defined on dest' \
    migsh cold-migrate two dest
check "it is off on both" is two "shut off" "shut off"
check "its first disk arrived" same $images/two.qcow2
check "its second disk arrived" same "$images/two data.raw"
check "its cdrom arrived" same $images/cd.iso
details() {
    on dest virsh dumpxml two --inactive --security-info >"$work/two.dest"
    cat "$work/two.dest"
    on source virsh dumpxml two >"$work/two.source"
    grep -q "passwd='secret7'" "$work/two.dest" && grep -q 'two disks' "$work/two.dest" && grep -q kept "$work/two.dest" &&
        grep -q '<shares>333' "$work/two.dest" && [[ $(on dest virsh dominfo two) =~ Autostart:\ +enable ]] &&
        [[ $(on source virsh dominfo two) =~ Autostart:\ +disable ]] && grep -q "role=.moved." "$work/two.source"
}
check "password, title, metadata, scheduler and autostart are carried; the source is marked" details
secret() { ! grep -rqF secret7 "$work/state"; }
check "no secret is in the journal" secret
check "nothing is left beside" no_leftovers
check "what was left behind is not taken for the guest" gives 10 'was moved to dest.*hint: .*two@dest' migsh cold-migrate two@source dest
on dest dd if=/dev/urandom of="$images/two data.raw" bs=1M count=1 seek=20 conv=notrunc status=none
check "it moves back, over what it left" gives 0 'two: is defined on source' migsh cold-migrate two source
check "the disk that changed arrived" same "$images/two data.raw"
check "nothing is left beside" no_leftovers
check "--undefine-source and --remove-disks" gives 0 'undefined on source, 2 disks removed' \
    migsh cold-migrate two dest --undefine-source --remove-disks
check "it is on the destination alone" is two "" "shut off"
check "its disks are gone from the source" gone source "$images/two data.raw"
check "the cdrom stays" on source test -e $images/cd.iso

# --- what is in the way is left alone
clean
make_two >/dev/null
on dest sh -c "echo precious >$images/two.qcow2"
check "another file in the way: refused before anything" gives 4 'dest has another file .*two.qcow2 already.*hint: ' migsh cold-migrate two dest
precious() { [ "$(on dest cat $images/two.qcow2)" = precious ] && is two "shut off" ""; }
check "it is left alone" precious
on dest mkdir -p /srv/images
check "--map path: elsewhere, with a diff" gives 0 '\+ +<source file=./srv/images/two.qcow2.*two: is defined on dest' \
    migsh cold-migrate two dest --map path=$images:/srv/images
check "its disks are there" same "$images/two data.raw" "/srv/images/two data.raw"
check "and what was in the way is as it was" test "$(on dest cat $images/two.qcow2)" = precious
clean
make_two >/dev/null
make_two two 6d696773-6800-4c41-8000-000000000078 >/dev/null 2>&1
sed -i 's/000000000077/000000000079/' "$work/two.xml"
on dest virsh define "$work/two.xml" >/dev/null
check "another domain of that name: refused" gives 12 "name-clash: another guest 'two' is shut off there" migsh cold-migrate two@source dest
on dest virsh undefine two >/dev/null
check "a directory that is missing: refused" gives 3 'dest has no directory /nowhere.*hint' migsh cold-migrate two@source dest --map path=$images:/nowhere
define_local1 >/dev/null
check "a bridge that is missing: refused" gives 12 'bridge: it has no bridge br9' migsh cold-migrate local1 dest --map bridge=br0:br9
check "nothing was done, and no journal is open" gives 0 'cold-migrate +[^~]* reverted' migsh journal-list
check "the log has it, with why" json '[.runs[] | select(.ok | not) | select(.verdict | test("dest has no directory /nowhere"))] | length == 1' quick --json log --failed

# --- a running guest
# One that has just booted, on a busy machine, may be deaf to the power button.
soon=(--timeout 20 --destroy-after)
run_local1 >"$work/out" 2>&1
on source virsh autostart local1 >/dev/null
address=$("$lab" address local1)
check "a running guest is shut down, moved and started; its users' wait is measured" json \
    '.state == "done" and .downtime.min_ms > 0 and .downtime.max_ms >= .downtime.min_ms and .downtime.target == "'"$address"'" and ([.checks[].ok] | all)' \
    migsh --json cold-migrate local1 dest --target "$address" "${soon[@]}"
check "it runs on the destination alone" is local1 "shut off" running
# What it cost is in its journal, as it was told.
check "its figures are kept" json '.ok and .recorded and .domain == "local1" and .destination == "dest" and .outage.max_ms > 0 and .bytes > 0 and
    .total_ms >= .outage.min_ms and (.result.targets[0].timeline.rtt_max_ms | length) > 10 and (.result.checks | length) > 0' quick --json report last
check "report tells them" gives 0 'local1: source -> dest, cold~ +total time +[0-9.]+ s~.*outage on the wire +[0-9.]+ s to .*verdict: ok~' quick report last
check "and answers" answers local1
check "and back" gives 0 'local1: runs on source' migsh cold-migrate local1 source --target "$address" "${soon[@]}"
check "it runs on the source" is local1 running "shut off"

# --- killed, gone on with, taken back
# killed STEP intent|outcome ARG…: a console that dies behind the step's intent, or before its outcome.
killed() {
    local step=$1 when=$2 rc=0
    shift 2
    timeout 120 "$lab" exec admin -- env XDG_STATE_HOME="$work/state" MIGSH_FAULT_STEP="$step" MIGSH_FAULT_WHEN="$when" \
        LD_PRELOAD="$preload" "$plain" -i "$work/nodes" "$@" </dev/null >"$work/killed" 2>&1 || rc=$?
    cat "$work/killed"
    [ $rc = 137 ]
}
# one_copy: never two that run, never none that is defined.
one_copy() {
    echo "source '$(state source local1)', dest '$(state dest local1)'"
    [ "$(state source local1)$(state dest local1)" != "" ] && [ "$(state source local1)$(state dest local1)" != runningrunning ]
}
# kill_at STEP WHEN off|running: killed there, taken back, killed there again and gone on with. A guest that is off
# needs no time to boot.
kill_at() {
    local at="$3, killed at $1/$2" step=$1 when=$2 was=$3 then=$3 id
    if [ "$was" = running ]; then run_local1; else clean; define_local1; fi >"$work/out" 2>&1
    [ "$was" = running ] || then="shut off"
    check "$at" killed "$step" "$when" cold-migrate local1 dest --no-watch --target "$address" "${soon[@]}"
    id=$(last_id)
    check "$at: never two copies, never none" one_copy
    check "$at: the same is refused meanwhile" gives 10 'was not finished.*hint: resume' quick cold-migrate local1 dest
    if [ "$(state dest local1)" = running ]; then
        check "$at: cleanup says so" gives 12 "way out: resume $id" quick cleanup local1
        check "$at: it has run there, so it cannot be taken back" gives 10 'has run on dest' quick rollback "$id"
    else
        check "$at: taken back" gives 0 'taken back' quick rollback "$id"
        check "$at: it is as it was" is local1 "$then" ""
        check "$at: nothing is left" no_leftovers
        check "$at: nor the copy" gone dest $images/local1.qcow2
        [ "$was" = off ] || "$lab" wait local1 >/dev/null 2>&1
        killed "$step" "$when" cold-migrate local1 dest --no-watch --target "$address" "${soon[@]}" >"$work/out" 2>&1
        id=$(last_id)
    fi
    check "$at: gone on with" gives 0 "local1: (runs|is defined) on dest" quick resume "$id"
    check "$at: it is on the destination" is local1 "shut off" "$then"
}
if [ "${MIGSH_COLD_KILLS:-}" = all ]; then
    for step in check shutdown dumpxml storage copy define carry start verify retire; do
        for when in intent outcome; do
            kill_at $step $when off
            kill_at $step $when running
        done
    done
else
    kill_at copy outcome off
    kill_at retire outcome off
    kill_at shutdown outcome running
    kill_at start outcome running
fi

# --- two at once, Ctrl-C, a guest that does not shut down
run_local1 >"$work/out" 2>&1
twice() {
    quick cold-migrate local1 dest --target "$address" "${soon[@]}" >"$work/one" 2>&1 &
    quick cold-migrate local1 dest --target "$address" "${soon[@]}" >"$work/two" 2>&1 &
    wait
    cat "$work/one" "$work/two"
    [ "$(cat "$work/one" "$work/two" | grep -c '^local1: runs on dest')" = 1 ] && is local1 "shut off" running
}
check "begun twice at once: one does it" twice
run_local1 >"$work/out" 2>&1
on source virsh suspend local1 >/dev/null
check "a paused one is refused" gives 10 'is paused on source.*hint: resume' migsh cold-migrate local1 dest
on source virsh resume local1 >/dev/null
interrupted() {
    : >"$work/said"
    timeout 120 "$lab" exec admin -- env XDG_STATE_HOME="$work/state" "$plain" -i "$work/nodes" cold-migrate busy dest \
        --target "$address" >"$work/said" 2>&1 </dev/null &
    local pid=$! rc
    for _ in $(seq 200); do
        grep -q 'done.* check' "$work/said" && break
        sleep 0.1
    done
    kill -INT $pid
    wait $pid
    rc=$?
    cat "$work/said"
    [ $rc = 130 ] && grep -q 'resume .* goes on, rollback .* takes it back' "$work/said"
}
"$lab" guest start busy >/dev/null
check "Ctrl-C: 130, and the way on" interrupted
check "taken back: it still runs" gives 0 'taken back' quick rollback "$(last_id)"
check "on the source" is busy running ""
check "it does not shut down: nothing is done without a word" gives 8 'does not shut down: it still runs on source.*hint: .*--destroy-after' \
    migsh cold-migrate busy dest --timeout 2 --no-watch
check "taken back" gives 0 'taken back' quick rollback "$(last_id)"
check "--destroy-after" gives 0 'destroyed, as it did not.*an equal one is there.*runs on dest' migsh cold-migrate busy dest --timeout 2 --destroy-after --no-watch
check "it runs on the destination" is busy "shut off" running

# --- firmware, TPM, a chain, snapshots, pools
clean
"$lab" guest define uefi1 >"$work/out" 2>&1
on source virsh start uefi1 >>"$work/out" 2>&1 && sleep 1 && on source virsh destroy uefi1 >>"$work/out" 2>&1
check "UEFI variables, a TPM, a chain, a raw disk and a CD-ROM" gives 0 \
    'uefi1-base.qcow2.*uefi1_VARS.fd \(nvram\).*swtpm/[^ ]* \(tpm\).*uefi1: is defined on dest' migsh cold-migrate uefi1 dest
nvram=/var/lib/libvirt/qemu/nvram/uefi1_VARS.fd
check "the variables arrived" same $nvram
tpm() { on "$1" sh -c 'cd /var/lib/libvirt/swtpm/*/ && find . -printf "%p %m %u:%g %y\n" | sort && sha256sum tpm2/*.permall'; }
tpm_same() { diff <(tpm source) <(tpm dest) && tpm dest | grep permall; }
check "the TPM's state arrived, with its owners" tpm_same
starts() { on dest virsh start uefi1 && [ "$(state dest uefi1)" = running ] && on dest virsh destroy uefi1; }
check "it starts there" starts
check "back, and nothing of it is left there" gives 0 'undefined on dest' migsh cold-migrate uefi1 source --undefine-source --remove-disks
check "the TPM's state is gone from there" sh -c "! '$lab' exec dest -- sh -c 'ls -d /var/lib/libvirt/swtpm/*'"
clean
define_local1 >"$work/out" 2>&1
for s in inner "--disk-only outer"; do
    # shellcheck disable=SC2086 # two words
    on source virsh snapshot-create-as local1 $s >>"$work/out" 2>&1
done
on dest mkdir -p /srv/images
check "snapshots, inside and beside, to another directory" gives 0 '2 snapshots.*is defined on dest' \
    migsh cold-migrate local1 dest --map path=$images:/srv/images
chain() {
    on dest virsh snapshot-list local1 --tree >"$work/tree" && on dest qemu-img info --backing-chain /srv/images/local1.outer >"$work/chain"
    cat "$work/tree" "$work/chain"
    grep -q '^inner' "$work/tree" && grep -q -- '+- outer' "$work/tree" && grep -q 'backing file: /srv/images/local1.qcow2' "$work/chain" && grep -q 'inner' "$work/chain"
}
check "libvirt knows them there, and the chain is the copy's" chain
# A checkpoint is a bitmap in the image and libvirt's word on it: a backup needs both.
checkpointed() {
    clean
    define_local1 && on source qemu-img amend -f qcow2 -o compat=1.1 $images/local1.qcow2 && "$lab" guest start local1 && "$lab" wait local1 &&
        on source virsh checkpoint-create-as local1 c1 && on source virsh checkpoint-create-as local1 c2
}
check "a guest with checkpoints" checkpointed
killed carry outcome cold-migrate local1 dest --no-watch --target "$address" "${soon[@]}" >"$work/out" 2>&1
check "killed when they are there: taken back" gives 0 'taken back' quick rollback "$(last_id)"
"$lab" wait local1 >/dev/null 2>&1
check "checkpoints are carried" gives 0 '2 checkpoints.*local1: runs on dest' migsh cold-migrate local1 dest --target "$address" "${soon[@]}"
usable() {
    on dest virsh checkpoint-list local1 --tree >"$work/tree" && on dest virsh checkpoint-dumpxml local1 c1 --size >"$work/size" &&
        on dest virsh checkpoint-delete local1 c1 && on dest virsh checkpoint-list local1 --name >"$work/names"
    cat "$work/tree" "$work/size" "$work/names"
    grep -q '^c1' "$work/tree" && grep -q '+- c2' "$work/tree" && grep -q "<disk name='vda'.* size='[0-9]" "$work/size" && grep -qx c2 "$work/names"
}
check "their bitmaps are in use there: what was written since, and one merged into the other" usable
clean
pool() {
    on source sh -c 'mkdir -p /srv/vms && { virsh pool-define-as vms dir --target /srv/vms && virsh pool-start vms && virsh vol-create-as vms "a b" 1M; } >/dev/null'
    echo "<secret ephemeral='no' private='no'><uuid>$key</uuid></secret>" >"$work/key.xml"
    echo "<network><name>inner</name></network>" >"$work/inner.xml"
    echo "<filter name='base'><rule action='drop' direction='in'><mac srcmacaddr='02:00:00:00:00:01'/></rule></filter>" >"$work/base.xml"
    echo "<filter name='mine'><filterref filter='base'/></filter>" >"$work/mine.xml"
    on source sh -c "cd $work && virsh secret-define key.xml && virsh secret-set-value $key $(base64 <<<s3cr3t) && virsh net-define inner.xml &&
        virsh nwfilter-define base.xml && virsh nwfilter-define mine.xml" || return
    local disk="<disk type='volume' device='disk'><driver name='qemu' type='raw'/><source pool='vms' volume='a b'><encryption format='luks'><secret type='passphrase' uuid='$key'/></encryption></source><target dev='vda'/></disk>"
    sed "s,<disk.*,,; s,</devices>,$disk<interface type='network'><source network='inner'/><filterref filter='mine'/></interface></devices>," "$work/two.xml" >"$work/vol.xml"
    on source virsh define "$work/vol.xml"
}
key=55806c7d-8e93-456f-829b-607d8c198367
named() { on dest sh -c 'virsh -q secret-list; virsh -q pool-list --all; virsh -q net-list --all; virsh -q nwfilter-list'; }
named >"$work/named"
check "a disk that is a pool's volume, with a secret; a card on a network, with a packet filter" pool
check "a pool that is missing: refused" gives 3 'dest has no pool vms.*hint: --clone' migsh cold-migrate two dest
killed copy outcome cold-migrate two dest --clone >"$work/out" 2>&1
echo "<domain type='qemu'><name>other</name><memory unit='MiB'>16</memory><os><type arch='x86_64'>hvm</type></os><devices><interface
    type='network'><source network='inner'/></interface></devices></domain>" >"$work/other.xml"
on dest virsh -q define "$work/other.xml"
check "killed with a new network, which another guest there names by now: it is not taken away" \
    gives 10 'inner of dest is used by other' quick rollback "$(last_id)"
check "it is there" on dest virsh -q net-info inner
on dest virsh -q undefine other
check "killed with a new pool: taken back" gives 0 'taken back' quick rollback "$(last_id)"
no_pool() { diff "$work/named" <(named) && ! on dest test -e "/srv/vms/a b"; }
check "all that it needed is gone again" no_pool
check "--plan --clone" gives 0 'network +it has no network inner.*why: +--clone makes it there first' migsh cold-migrate two dest --clone --plan
check "--clone" gives 0 "secret $key, pool vms, network inner, packet filter base, packet filter mine.*two: is defined on dest" migsh cold-migrate two dest --clone
has_value() { [[ $(on dest virsh secret-get-value --plain $key) == s3cr3t ]]; }
check "the secret with its value" has_value
volumes() { on dest virsh vol-list vms >"$work/volumes" && grep 'a b' "$work/volumes"; }
check "its pool knows the volume" volumes

# --- a dead line: the console is gone, and what it runs on the nodes, whose sshd are frozen, never hears of it
logins() { # SIGNAL
    local h
    for h in source dest; do
        on $h sh -c 'for p in /proc/[0-9]*; do tr "\0" " " <$p/cmdline | grep "^sshd: root@notty" >/dev/null && kill "$1" ${p#/proc/}; done' sh "$1" 2>/dev/null
    done
}
dead_line() {
    local i pid
    clean
    make_two
    "$lab" exec admin -- env XDG_STATE_HOME="$work/state" "$plain" -i "$work/nodes" cold-migrate two dest --bwlimit 200K >"$work/killed" 2>&1 </dev/null &
    pid=$!
    for ((i = 0; i < 600; i++)); do
        [ "$(on dest sh -c "stat -c %b $images/..migsh-*-1.migsh-part 2>/dev/null || echo 0")" -ge 2048 ] && break
        sleep 0.1
    done
    logins -STOP
    on admin pkill -KILL -f 'cold-migrate two dest'
    wait $pid
    cat "$work/killed"
    [ "$i" -lt 600 ]
}
check "killed in the middle of a copy, on a line that is dead" dead_line
check "… gone on with: what was left of the copy is ended" gives 0 \
    'ended on dest: what was left of a copy.*ended on source: what was left of a copy.*two: is defined on dest' quick resume "$(last_id)"
logins -CONT
check "… the disk arrived" same $images/two.qcow2
check "… and nothing else is left" no_leftovers

# --- cleanup
clean
define_local1 >"$work/out" 2>&1
check "cleanup: nothing to do" gives 0 'source +shut off.*clean: it is off' migsh cleanup local1
killed copy intent cold-migrate local1 dest >"$work/out" 2>&1
check "cleanup: an unfinished one" gives 12 'unfinished: .*nothing shows that it has run on dest.*way out: rollback.*hint: --apply' migsh cleanup local1
check "cleanup --apply" gives 0 'undone.*done' migsh cleanup local1 --apply
on source sh -c "virsh start local1; virsh dumpxml local1" >"$work/live.xml" 2>&1
sed -i '1,/^$/d' "$work/live.xml"
on source cat $images/local1.qcow2 >"$work/disk"
on dest sh -c "cat >$images/local1.qcow2" <"$work/disk"
on dest virsh create "$work/live.xml" >"$work/out" 2>&1
check "cleanup: two that run: none is chosen" gives 12 'split: .*migsh never chooses' migsh cleanup local1 --apply
check "both are as they were" is local1 running running
on dest virsh destroy local1 >/dev/null
"$lab" exec switch -- ip link set dest down
check "cleanup: a node that does not answer: nothing is done" gives 12 'unknown: dest does not answer' migsh cleanup local1 --apply
"$lab" exec switch -- ip link set dest up
check "cleanup: a domain that is nowhere" gives 3 "no domain 'nosuch'" migsh cleanup nosuch

# --- shared storage, transient domains, several
"$lab" guest start share >/dev/null && "$lab" wait share >/dev/null
check "a disk that both nodes see is not copied" gives 0 'both nodes see the same file.*share: runs on dest, 0 B copied' \
    migsh cold-migrate share dest --target "$("$lab" address share)" "${soon[@]}"
check "it runs there" is share "shut off" running
check "and its disk is not removed" gives 0 'undefined on dest, 0 disks removed' \
    migsh cold-migrate share source --target "$("$lab" address share)" "${soon[@]}" --undefine-source --remove-disks
check "it runs on the source alone" is share running ""
check "its disk is there" answers share
transient() {
    clean
    make_two && on source virsh start two && on source virsh undefine two
}
check "a transient domain" transient
check "is refused, and told how to keep it" gives 10 'is transient.*hint: dumpxml' migsh cold-migrate two dest
clean
several() {
    define_local1 && make_two &&
        gives 3 'local1: is defined on dest.*two: is defined on dest.*nosuch: no node defines.*not all of 3 were moved' \
            migsh cold-migrate local1,two,nosuch dest --parallel 3
}
check "several at once, one of which is not there" several
check "the others are moved" is two "shut off" "shut off"

# --- a family: three guests on one base image and one CD-ROM's image, one of which runs
clean
family() {
    local i
    on source sh -c "cd $images && qemu-img create -q -f qcow2 base.qcow2 64M && qemu-io -c 'write -P 9 1M 24M' base.qcow2 >/dev/null &&
        dd if=/dev/urandom of=cd.iso bs=1M count=4 status=none &&
        for i in a b c; do qemu-img create -q -f qcow2 -b $images/base.qcow2 -F qcow2 \$i.qcow2 || exit; done" || return
    for i in a b c; do
        # shellcheck disable=SC2016 # the domain's own XML
        cat >"$work/$i.xml" <<XML
<domain type='qemu'><name>$i</name><uuid>6d696773-6800-4c41-8000-00000000007$i</uuid><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='$images/$i.qcow2'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='$images/cd.iso'/><target dev='hdc' bus='ide'/><readonly/></disk>
</devices></domain>
XML
        on source virsh define "$work/$i.xml" || return
    done
    on source virsh start c
}
check "guests of one base image and one CD-ROM's image" family
check "the first is killed when its files are there" killed define intent cold-migrate a dest
first=$(last_id)
check "the second finds the base there, while the third runs" gives 0 'base.qcow2 .vda.: an equal one is there.*b: ' migsh cold-migrate b dest
check "it starts there" on dest virsh start b
check "the first is taken back, but for what the second needs" gives 0 'base.qcow2 on dest is (used by a domain|left alone).*taken back' \
    migsh rollback "$first"
check "… the base stays" same $images/base.qcow2
check "… and the CD-ROM's image" same $images/cd.iso
check "… its own disk does not" gone dest $images/a.qcow2
on dest sh -c "virsh destroy b; virsh undefine b; rm $images/*" >/dev/null 2>&1
on source sh -c "virsh destroy c" >/dev/null
check "two at once" gives 0 'a: .*c: ' migsh cold-migrate a,c dest --parallel 2
check "the base is there" same $images/base.qcow2
check "both start there" on dest sh -c 'virsh start a && virsh start c'
check "no part is left" no_leftovers

finish
