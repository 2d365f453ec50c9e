#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# verify and audit on real hosts: a healthy lab has nothing to be mended; then one thing after another is spoiled by
# hand, is found under its name with what to do about it, and is gone when that was done. A lab of its own
# (MIGSH_AUDIT_SUBNET). Prints "ok N - …".
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" audit 192.168.137
images=/var/lib/libvirt/images
saves=/var/lib/libvirt/qemu/save

up --ready
three_nodes
for host in source dest; do on $host mkdir -p $images; done
# define HOST NAME FILE [MORE]: a guest, off, with that disk; it need not boot.
define() {
    local format=${3##*.}
    on "$1" sh -c "test -e $3 || qemu-img create -q -f $format $3 64M" || return
    cat >"$work/$2.xml" <<XML
<domain type='qemu'><name>$2</name><uuid>6d696773-6800-4c41-8000-$(printf '%s' "$2" | od -An -tx1 | tr -d ' \n' | head -c 12 | sed 's/$/000000000000/' | head -c 12)</uuid>
<memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features><devices><emulator>${LAB_EMULATOR:-/usr/bin/qemu-system-x86_64}</emulator>
<disk type='file' device='disk'><driver name='qemu' type='$format'/><source file='$3'/>${4:-}<target dev='vda' bus='virtio'/></disk>
</devices></domain>
XML
    on "$1" virsh -q define "$work/$2.xml"
}
# audited STATUS: audit of $only ends with that; its findings are kept for found and mend.
only=()
audited() {
    local got=0
    m --json audit "${only[@]}" >"$work/audit" 2>"$work/audit.err" || got=$?
    cat "$work/audit" "$work/audit.err"
    [ "$got" = "$1" ]
}
findings() { grep '"findings"' "$work/audit" | tail -n 1 | py "$1"; }
# found ID LEVEL NODE: the last audit has one.
found() {
    findings "
l = [f for f in d['findings'] if f['id'] == '$1']
assert any(f['level'] == '$2' and f['node'] in ('$3', None) for f in l), l or d
assert all(f['why'] and f['seen'] and f['remedy'] for f in l), l"
}
not_found() { findings "assert '$1' not in [f['id'] for f in d['findings']], d"; }
counts() { findings "n = [sum(f['level'] == l for f in d['findings']) for l in ('fail', 'warn')]; assert n == [$1, $2], d"; }
# mend ID [NODE]: what the last audit says is to be done is done, as it stands there.
mend() {
    local line
    line=$(findings "print(next(f['remedy'] for f in d['findings'] if f['id'] == '$1' and f['node'] in ('${2:-}' or f['node'],)))") || return
    echo "migsh> $line"
    m -c "$line"
}

# --- a healthy lab
check "keys and names on all nodes" gives 0 '' m -c 'key-exchange --apply --accept-new' -c 'hosts-sync --apply --fix-conflicts'
define source vic /srv/nfs/vic.qcow2
on source virsh -q start vic
check "a guest moves" gives 0 'verdict: ok' m live-migrate vic dest --unsafe --no-watch
check "verify: it is as it has to be" gives 0 \
    '^vic on dest, against .* journal .*\[ok\] +runs on dest and nowhere else.*nobody else uses its disks.*\[ok\] +has the same definition.*on source is marked as moved.*\[ok\] +was not restarted since.*^verdict: ok$' m verify vic
check "verify: by its uuid, on its node, as JSON" gives 0 '"node": *"dest".*"ok": *true' m --json verify "$(on dest virsh domuuid vic | head -n 1)@dest"
other() { lab exec admin -- env XDG_STATE_HOME=/root/other "$migsh" -i "$work/nodes" "$@" </dev/null; }
check "verify: by a console that knows nothing of the move" gives 0 'ok. +has the same definition as source has left' other verify vic
on dest virsh -q desc vic --config --title other
check "... a definition that is another one by now" gives 12 'FAILED. has the same definition as source has left' other verify vic
on dest virsh -q desc vic --config --title ''
check "verify: not where it was" gives 12 'FAILED. runs on source and nowhere else.*FAILED. is not marked as moved itself' m verify vic@source
check "audit: nothing to be mended" audited 0
check "... no fail, no warn" counts 0 0
check "... what the move left behind is told" found uuid-twice info source

only=(--node "source,dest") # all that is spoiled from here on is theirs, and the others need not log in each time

# --- a second definition, and autostart on both hosts
on source virsh -q undefine vic
on source virsh -q define "$work/vic.xml"
for host in source dest; do on $host virsh -q autostart vic; done
check "verify: the second definition and its autostart" gives 12 \
    'FAILED. every other definition is marked as moved.*FAILED. starts with dest, and with no other host.*FAILED. its definition on source is marked as moved.*verdict: check failed' m verify vic
check "audit: fails" audited 12
check "... autostart-twice" found autostart-twice fail source
check "... uuid-twice" found uuid-twice warn source
check "... its remedy" mend autostart-twice
check "... the other one's" mend uuid-twice
check "audit: both are gone" audited 0
check "... no autostart-twice" not_found autostart-twice
check "... no uuid-twice" not_found uuid-twice
check "the guest runs as before" prints running on dest virsh -q domstate vic

# --- what lies about
define source loc $images/loc.qcow2
on source virsh -q snapshot-create-as loc s1 --disk-only >/dev/null
define source loc $images/loc.qcow2
on source sh -c "rm $images/loc.s1; truncate -s 1M '$images/.new disk.img.migsh-part'
    echo 1 >$images/loc.qcow2.kept-0f1e2d
    sed -i /MIGSH/d /etc/hosts; rm /root/.ssh/known_hosts"
on dest sh -c "echo old >$saves/gone.save"
check "audit: warns" audited 0
check "... a snapshot without its file" found snapshot-files warn source
check "... a part of a copy" found leftover-part warn source
check "... a file that was kept" findings "assert any(f['subject'].endswith('kept-0f1e2d') and 'rm -f' in f['remedy'] for f in d['findings']), d"
on source rm $images/loc.qcow2.kept-0f1e2d
check "... a saved state without a domain" found saved-orphan warn dest
check "... names that have drifted" found drift-hosts warn source
check "... keys that have drifted" found drift-keys warn source
for id in snapshot-files leftover-part saved-orphan drift-hosts drift-keys; do check "... $id: its remedy" mend $id; done
check "the disk is there" on source test -e $images/loc.qcow2

# --- an undertaking that nobody has ended
killed() {
    local rc=0
    on admin env XDG_STATE_HOME=/root/state MIGSH_FAULT_STEP=define MIGSH_FAULT_WHEN=intent LD_PRELOAD="$preload" \
        "$plain" -i "$work/nodes" cold-migrate loc dest --no-watch >"$work/killed" 2>&1 || rc=$?
    cat "$work/killed"
    [ $rc = 137 ]
}
check "a console is killed" killed
check "audit: warns" audited 0
check "... journal-open" found journal-open warn ""
check "... and what it needs is no leftover to be removed" found leftover-part info dest
for id in snapshot-files saved-orphan drift-hosts drift-keys; do check "... $id is gone" not_found $id; done
check "verify: it is unfinished" gives 12 'FAILED. nothing is unfinished with it' m verify loc
open_id() { findings "print(next(f['remedy'] for f in d['findings'] if f['id'] == 'journal-open').split()[1])"; }
check "... its remedy" m rollback "$(open_id)"

check "a guest moves while it is off" gives 0 'is defined on dest' m cold-migrate loc dest --no-watch
check "verify: it is as it has to be" gives 0 \
    '^loc on dest, against .*is defined and off on dest.*\[ok\] +has the same definition.*on source is marked as moved.*^verdict: ok$' m verify loc

# --- one disk of two guests, on two nodes
define source one /srv/nfs/twin.raw '<shareable/>'
define dest two /srv/nfs/twin.raw '<shareable/>'
on source virsh -q start one
on dest virsh -q start two
check "both are meant to share it, and nothing is unfinished" audited 0
check "... no fail, no warn" counts 0 0
define source one /srv/nfs/twin.raw
define dest two /srv/nfs/twin.raw
check "they are not: audit fails" audited 12
check "... disk-twice" found disk-twice fail source
check "verify: somebody else uses it" gives 12 'FAILED. nobody else uses its disks.*twin.raw: two on dest' m verify one
on dest virsh -q destroy two
check "one of them is off: audit warns" audited 0
check "... disk-twice" found disk-twice warn source
on dest virsh -q undefine two
on source ln /srv/nfs/twin.raw /srv/nfs/second.raw
define dest two /srv/nfs/second.raw
check "it has another name there: audit warns" audited 0
check "... disk-twice" findings "assert [f for f in d['findings'] if f['id'] == 'disk-twice' and 'second.raw' in f['seen'] + f['subject'] and 'twin.raw' in f['seen'] + f['subject']], d"
on dest virsh -q undefine two
on source virsh -q define "$work/two.xml"
check "and on one node" audited 0
check "... disk-twice" findings "assert [f for f in d['findings'] if f['id'] == 'disk-twice' and f['subject'].endswith('second.raw') and f['node'] == 'source'], d"
on source virsh -q undefine two
on source rm /srv/nfs/second.raw
define dest two /srv/nfs/twin.raw
on dest virsh -q undefine two
check "it is no more: nobody else uses it" gives 0 'verdict: ok' m verify one
on source virsh -q destroy one
on source virsh -q undefine one

# --- a node that keeps silent
daemon=$(on dest cat /run/migsh-lab/libvirtd.pid)
on source sh -c "echo old >$saves/gone.save"
on dest kill -STOP "$daemon"
check "audit goes on with the others" audited 0
check "... silent-node" found silent-node warn dest
check "... and what another one has" found saved-orphan warn source
check "... what was not checked" findings "assert any(s['node'] == 'dest' and 'guests' in s['what'] for s in d['not_checked']), d"
check "... what a mark says of it is not judged" not_found moved-mark
check "verify: what it has is not known" gives 12 '\[\?\] +every node answers.*verdict: .*not known: every node answers' m verify loc
on dest kill -CONT "$daemon"
answers() {
    local i
    for ((i = 0; i < 200; i++)); do
        on dest virsh -q list >/dev/null 2>&1 && return
        sleep 0.1
    done
    return 1
}
check "it answers again" answers
check "the saved state: its remedy" mend saved-orphan
check "audit: both are gone" audited 0
check "... no fail, no warn" counts 0 0

# --- a mark, and no guest where it says
check "it moves back" gives 0 'verdict: ok' m live-migrate vic source --unsafe --no-watch
on source virsh -q destroy vic
on source virsh -q undefine vic
check "audit: warns" audited 0
check "... moved-mark" found moved-mark warn dest
check "... its remedy" mend moved-mark
check "audit: it is gone" audited 0
check "... no fail, no warn" counts 0 0
check "verify: it is the guest again" gives 0 'is defined and off on dest' m verify vic
check "audit as text, of one node" gives 0 '0 fail, 0 warn, [0-9]+ info' m audit --node dest
finish
