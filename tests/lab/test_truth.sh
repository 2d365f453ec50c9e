#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What an operator does between the death of a console and `cleanup --apply`, `resume` or `rollback`: the guest is used
# on the other host, moved back by hand, its definition or disk removed, a host booted anew. Whatever the order, the
# newest bytes stay in some file, a definition stays, and the guest never runs twice. Consoles are killed by
# tests/fault/at_record.c.
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" truth 192.168.121
images=/var/lib/libvirt/images
uuid=6d696773-6800-4c41-8000-0000000000f1

up --ready
printf 'node-add %s\n' "source root@source" "dest root@dest" >"$work/nodes"
chmod 600 "$work/nodes"
q() { timeout 120 "$here/lab" exec admin -- env XDG_STATE_HOME=/root/state "$plain" -i "$work/nodes" "$@" </dev/null; }
wait_for() { # COMMAND…: within ten seconds
    local i
    for ((i = 0; i < 100; i++)); do
        "$@" && return
        sleep 0.1
    done
    return 1
}
# killed STEP intent|outcome ARGS…
killed() {
    local rc=0
    timeout 120 "$here/lab" exec admin -- env XDG_STATE_HOME=/root/state MIGSH_FAULT_STEP="$1" MIGSH_FAULT_WHEN="$2" \
        LD_PRELOAD="$preload" "$plain" -i "$work/nodes" "${@:3}" </dev/null >"$work/killed" 2>&1 || rc=$?
    cat "$work/killed"
    [ $rc = 137 ]
}
state() { on "$1" virsh domstate vic 2>/dev/null | head -n 1; }
is() { echo "source '$(state source)', dest '$(state dest)'"; [ "$(state source)" = "$1" ] && [ "$(state dest)" = "$2" ]; }
last_id() { on admin sh -c 'ls /root/state/migsh/journal' | grep jsonl | sort | tail -n 1 | sed 's/\.jsonl$//'; }
# define FILE [MORE]: the guest, off, with that disk; it need not boot.
define() {
    on source qemu-img create -q -f qcow2 "$1" 64M && on source qemu-io -c 'write -P 7 1M 3M' "$1" >/dev/null || return
    cat >"$work/vic.xml" <<XML
<domain type='qemu'><name>vic</name><uuid>$uuid</uuid><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features><devices><emulator>${LAB_EMULATOR:-/usr/bin/qemu-system-x86_64}</emulator>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='$1'/><target dev='vda' bus='virtio'/></disk>
</devices></domain>
XML
    on source virsh define "$work/vic.xml" >/dev/null
}
# The guest lives for a moment on a host, and writes 9s: booted, ended, written to.
lives() { on "$1" virsh start vic >/dev/null && on "$1" virsh destroy vic >/dev/null && writes "$1" "$2"; }
writes() { on "$1" qemu-io -c 'write -P 9 8M 64k' "$2" >/dev/null; }
newest() { on "$1" qemu-io -r -c 'read -P 9 8M 64k' "$2" | tee /dev/stderr | grep '65536/65536 bytes' >/dev/null && ! on "$1" qemu-io -r -c 'read -P 9 8M 64k' "$2" | grep 'failed' >/dev/null; }
anew() {
    local host
    for host in source dest; do
        on $host virsh destroy vic
        on $host virsh managedsave-remove vic
        on $host virsh undefine vic --nvram
        on $host sh -c "rm -rf $images/* $images/.[!.]* /var/lib/libvirt/qemu/save/* /srv/nfs/vic* /srv/nfs/.migsh*"
    done >/dev/null 2>&1
    on admin rm -rf /root/state /root/export
}
on source mkdir -p $images
on dest mkdir -p $images
move=(cold-migrate vic dest --no-watch --timeout 1 --destroy-after)

# --- the copy is on a share, and the guest was moved back by hand: it runs from the copy
anew
define $images/vic.qcow2
on source virsh start vic >/dev/null
check "killed behind the start, the copy on a share" killed start outcome "${move[@]}" --map path=$images:/srv/nfs
back_by_hand() { on admin virsh -c qemu+ssh://dest/system migrate --live --persistent --undefinesource --unsafe vic qemu+ssh://source/system; }
check "moved back by hand, it runs from the copy" back_by_hand
check "cleanup --apply: nothing of it is touched" gives 0 'in use.*forget' q cleanup vic --apply
check "its disk is there" on source test -e /srv/nfs/vic.qcow2
check "and it runs" is running ""

# --- it was off; the copy was used
for at in define/outcome verify/intent; do
    anew
    define $images/vic.qcow2
    check "off, killed at $at" killed "${at%/*}" "${at#*/}" "${move[@]}"
    check "used on the destination" lives dest $images/vic.qcow2
    check "rollback is refused" gives 10 'it has run on dest' q rollback "$(last_id)"
    check "cleanup says what it believes, and why" gives 12 'vic.qcow2 has been written to since it was made.*way out: resume' q cleanup vic
    check "cleanup --apply goes on" gives 0 '' q cleanup vic --apply
    check "the newest bytes are the guest's" newest dest $images/vic.qcow2
    check "defined on both, the source as moved" is "shut off" "shut off"
done
check "cleanup after it: clean" gives 0 'clean' q cleanup vic

# --- both were used: nobody but the operator can tell
anew
define $images/vic.qcow2
killed define outcome "${move[@]}" >/dev/null
lives dest $images/vic.qcow2
writes source $images/vic.qcow2
check "both were used: neither way is open" gives 12 'diverged: .*look at both' q cleanup vic --apply
check "both disks are as they were" newest dest $images/vic.qcow2
check "on the source, too" newest source $images/vic.qcow2
check "resume is refused" gives 10 'cannot be gone on with' q resume "$(last_id)"
check "rollback --forget closes it and touches nothing" gives 0 'closed' q rollback "$(last_id)" --forget
check "nothing was touched" is "shut off" "shut off"

# --- the source was used again: the copy is of no use
anew
define $images/vic.qcow2
killed define outcome "${move[@]}" >/dev/null
lives source $images/vic.qcow2
check "the source was used again: it is taken back" gives 0 '' q cleanup vic --apply
check "the copy is gone" on dest test ! -e $images/vic.qcow2
check "the newest bytes are on the source" newest source $images/vic.qcow2
check "defined on the source alone" is "shut off" ""

# --- an import that was used
anew
define $images/vic.qcow2
q export-domain vic /root/export >/dev/null 2>&1
on source virsh undefine vic >/dev/null
check "an import, killed behind the definition" killed define outcome import-domain /root/export dest
check "it is used" lives dest $images/vic.qcow2
check "cleanup --apply does not take it back" gives 0 '' q cleanup vic --apply
check "its newest bytes are there" newest dest $images/vic.qcow2
check "and its definition" is "" "shut off"

# --- an import of what is older than what another node has
anew
define $images/vic.qcow2
q export-domain vic /root/export >/dev/null 2>&1
check "an equal one is imported" gives 0 'vic imported to dest' q import-domain /root/export dest
on dest virsh undefine vic >/dev/null
on dest rm -f $images/vic.qcow2
lives source $images/vic.qcow2
check "what was used since is not" gives 10 'vic is defined on source, where .* was written to since' q import-domain /root/export dest
check "... nothing of it is there" on dest test ! -e $images/vic.qcow2
check "... nor defined" is "shut off" ""
check "... unless it is insisted on" gives 0 'vic imported to dest' q import-domain /root/export dest --force

# --- live, with copied storage: the source says that it has gone
anew
define $images/vic.qcow2
on dest virsh pool-define-as images dir --target $images >/dev/null
on dest virsh pool-start images >/dev/null
on source virsh start vic >/dev/null
check "live with storage, killed behind the migration" killed migrate outcome live-migrate vic dest --copy-storage-all --no-watch
is_there() { is "shut off" running; }
check "it runs on the destination" wait_for is_there
on dest virsh destroy vic >/dev/null
writes dest $images/vic.qcow2
check "cleanup --apply goes on" gives 12 'runs on dest' q cleanup vic --apply
check "the definition on the destination stays" is "shut off" "shut off"
check "and the newest bytes" newest dest $images/vic.qcow2
on dest virsh pool-destroy images >/dev/null
on dest virsh pool-undefine images >/dev/null

# --- and what it leaves is not started by mistake
anew
define $images/vic.qcow2
on dest virsh pool-define-as images dir --target $images >/dev/null
on dest virsh pool-start images >/dev/null
on source virsh start vic >/dev/null
check "live with storage" gives 0 'verdict: ok' q live-migrate vic dest --copy-storage-all --no-watch
on dest virsh destroy vic >/dev/null
writes dest $images/vic.qcow2
"$here/lab" service source libvirtd stop >/dev/null # it forgets that the guest has migrated
"$here/lab" service source libvirtd start >/dev/null
up_again() { on source virsh list >/dev/null 2>&1; }
check "libvirtd was restarted on the source" wait_for up_again
check "what is left on the source is not started" gives 10 "was moved to dest, and is left behind on source" q start vic@source
check "the guest is" gives 0 '' q start vic@dest
on dest virsh pool-destroy images >/dev/null
on dest virsh pool-undefine images >/dev/null

# --- autostart is off before the guest moves
anew
define /srv/nfs/vic.qcow2
on source virsh autostart vic >/dev/null
on source virsh start vic >/dev/null
check "live with autostart, killed before it is carried" killed carry intent live-migrate vic dest --unsafe --no-watch
check "it runs on the destination" is "shut off" running
boots_no_more() { [[ $(on source virsh dominfo vic) =~ Autostart:\ +disable ]]; }
check "the source does not start it at its next boot" boots_no_more
"$here/lab" service source libvirtd stop >/dev/null
on source rm -f /run/libvirt/qemu/autostarted
"$here/lab" service source libvirtd start >/dev/null
up_again() { on source virsh list >/dev/null 2>&1; }
check "the source was booted anew" wait_for up_again
check "it still runs once" is "shut off" running
check "gone on with" gives 0 '' q resume "$(last_id)"
with_dest() { [[ $(on dest virsh dominfo vic) =~ Autostart:\ +enable ]]; }
check "it starts with the destination" with_dest

# --- what was set aside goes only while what replaced it is there
anew
define $images/vic.qcow2
check "moved while it is off" gives 0 'is defined on dest' q cold-migrate vic dest
id=$(last_id)
old=$images/.migsh-${id##*-}-1-old
on dest sh -c "echo old >$old; mv $images/vic.qcow2 $images/elsewhere"
q cleanup vic --apply >/dev/null 2>&1
check "its replacement is not there: it stays" on dest test -e "$old"
on dest mv $images/elsewhere $images/vic.qcow2
check "it is: it goes" gives 0 '1 files of copies whose journals are closed.*done' q cleanup vic --apply
check "... and nothing else" on dest sh -c "test ! -e $old && test -e $images/vic.qcow2"

# --- an old saved state is never restored on newer disks
anew
define $images/vic.qcow2
on source virsh start vic >/dev/null
on source virsh managedsave vic >/dev/null
check "a saved guest moves with its state" gives 0 'is defined on dest' q cold-migrate vic dest --carry-save --no-watch
no_save() { [ -z "$(on "$1" ls /var/lib/libvirt/qemu/save)" ]; }
check "the source keeps no state" no_save source
on dest virsh start vic >/dev/null
on dest virsh destroy vic >/dev/null
writes dest $images/vic.qcow2
on source sh -c 'echo old >/var/lib/libvirt/qemu/save/vic.save'
on source virsh undefine vic >/dev/null
on source rm -f $images/vic.qcow2
check "an old state where it goes is refused" gives 10 'old saved state' q cold-migrate vic source
on source rm -f /var/lib/libvirt/qemu/save/vic.save
check "without it, it moves back" gives 0 'is defined on source' q cold-migrate vic source
check "with the newest bytes" newest source $images/vic.qcow2

# --- what is marked as moved is not revived on the strength of a silence
anew
define $images/vic.qcow2
q "${move[@]}" >/dev/null 2>&1
lives dest $images/vic.qcow2
cp -p "$work/nodes" "$work/both"
sed -i /dest/d "$work/nodes"
check "the node it moved to is not in the inventory: nothing is done" gives 12 'moved to dest' q cleanup vic --apply
cp -p "$work/both" "$work/nodes"
still_moved() { on source virsh dumpxml vic | grep "role=.moved." >/dev/null; }
check "the source's is still marked" still_moved

# --- what was there already is looked at again
anew
on source qemu-img create -q -f qcow2 $images/base.qcow2 64M
on source qemu-io -c 'write -P 5 0 1M' $images/base.qcow2 >/dev/null
define $images/vic.qcow2
on source qemu-img create -q -f qcow2 -b $images/base.qcow2 -F qcow2 $images/vic.qcow2
lab exec source -- cat $images/base.qcow2 | lab exec dest -- sh -c "cat >$images/base.qcow2"
check "an equal base is there; killed before the definition" killed define intent "${move[@]}"
on dest qemu-io -c 'write -P 6 0 1M' $images/base.qcow2 >/dev/null
check "it was overwritten meanwhile: refused" gives 10 'base.qcow2 on dest was changed' q resume "$(last_id)"
check "and taken back" gives 0 'taken back' q rollback "$(last_id)"
check "the foreign base is left alone" on dest test -e $images/base.qcow2

# --- the last copy is never removed
anew
define $images/vic.qcow2
check "killed before the source's disks go" killed retire intent "${move[@]}" --undefine-source --remove-disks
on dest rm -f $images/vic.qcow2
check "the copy was removed by hand: the source is not touched" gives 10 'dest has no .*vic.qcow2 any more' q resume "$(last_id)"
check "its disk is there" on source test -e $images/vic.qcow2
check "and its definition" is "shut off" "shut off"
anew
define $images/vic.qcow2
killed define outcome "${move[@]}" >/dev/null
on source rm -f $images/vic.qcow2
check "the source's was removed by hand: the copy is the last one" gives 10 'the last one' q rollback "$(last_id)"
check "and stays" on dest test -e $images/vic.qcow2

finish
