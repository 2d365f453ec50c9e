# shellcheck shell=bash disable=SC2154 # test_commands.sh sets them
# SPDX-License-Identifier: GPL-3.0-or-later
# Jobs on a disk of the running guest, followed to their ends and given up; sizes, thresholds, backups. At the end the
# guest has the disk that it had.
images=/var/lib/libvirt/images
copy="$images/it's \$(touch x); -rf"
uses() { [ "$(v domblklist local1 | awk '$1 == "vda" { $1 = ""; print substr($0, 2) }')" = "$1" ] || { v domblklist local1; return 1; }; }
layer() { v snapshot-create-as local1 "$1" --disk-only --no-metadata; }
# How far it is may change between the two: the guest writes.
job_as_virsh() {
    diff <(on source virsh blockjob local1 vda 2>&1 | trimmed | sed 's/[0-9]* %/N %/') \
        <(m -C source blockjob local1 vda 2>&1 | trimmed | sed 's/[0-9]* %/N %/')
}
back() { m -C source blockcopy local1 vda "$images/local1.qcow2" --reuse-external --transient-job --pivot; }

check "no job, as virsh" as_virsh blockjob local1 vda
check "blockcopy --wait: it is mirrored" prints "Now in mirroring phase" \
    m -C source blockcopy local1 vda "$copy" --transient-job --wait
check "blockjob, as virsh" job_as_virsh
expect "blockjob --raw" 0 "^ type=Block Copy\n bandwidth=0\n cur=\d+\n end=\d+\n$" -C source blockjob local1 vda --raw
check "a limit" prints "" m -C source blockjob local1 vda 5
check "as virsh tells it" job_as_virsh
check "a limit in bytes" prints "" m -C source blockjob local1 vda 1048577 --bytes
expect "of which a part of a MiB counts as one" 0 "bandwidth=2$" -C source blockjob local1 vda --raw
check "blockjob --abort" prints "" m -C source blockjob local1 vda --abort
check "the guest stays where it was" uses "$images/local1.qcow2"
expect "there is nothing to end" 2 "does not have an active block job" -C source blockjob local1 vda --abort
expect "blockcopy --pivot, in JSON" 0 '"text":"Block Copy: \[100 %\]".*"state":"pivoted","source":"[^"]*it.s' \
    -C source -j blockcopy local1 vda "$copy" --reuse-external --transient-job --pivot --verbose
check "the guest is on the copy" uses "$copy"
check "and back" prints "Successfully pivoted" back
expect "blockcopy --pivot --async does not wait for that" 0 '"state":"ending".*"The pivot was requested: blockjob local1 vda shows whether it has finished"' \
    -C source -j blockcopy local1 vda "$copy" --reuse-external --transient-job --pivot --async
soon() { for ((i = 0; i < 100; i++)); do uses "$1" >/dev/null && return; sleep 0.2; done; uses "$1"; }
check "the guest is soon on the copy" soon "$copy"
check "blockcopy --finish leaves it there" prints "Successfully copied" \
    m -C source blockcopy local1 vda "$images/local1.qcow2" --reuse-external --transient-job --finish
check "it is there" uses "$copy"
check "and back" prints "Successfully pivoted" back

check "a layer" layer b1
# A clone, which is off, lies on the same base.
cat >"$work/clone.xml" <<XML
<domain type='qemu'><name>clone</name><memory unit='MiB'>16</memory><os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='$images/clone.qcow2'/><target dev='vda' bus='virtio'/></disk></devices></domain>
XML
on source qemu-img create -q -f qcow2 -b "$images/local1.qcow2" -F qcow2 "$images/clone.qcow2"
v define "$work/clone.xml"
expect "blockcommit: not under another guest's disk" 10 "nothing was committed: $images/local1.qcow2 is used by clone on source \(its disks need it\).*--force" \
    -C source blockcommit local1 vda --active --wait
check "… the guest is on its layer" uses "$images/local1.b1"
expect "blockcopy: nor onto another guest's" 10 "nothing was copied: $images/clone.qcow2 is used by clone on source.*--force" \
    -C source blockcopy local1 vda "$images/clone.qcow2" --reuse-external --transient-job --wait
v undefine clone
on source rm "$images/clone.qcow2"
check "blockcommit --active --wait" prints "Now in synchronized phase" m -C source blockcommit local1 vda --active --wait
check "blockjob --pivot" prints "" m -C source blockjob local1 vda --pivot
check "the guest is on the base" uses "$images/local1.qcow2"
on source rm -f "$images/local1.b1"
check "two layers" layer b2
check "the second" layer b3
expect "the layer in use is not committed by itself" 2 "requires active flag" -C source blockcommit local1 vda --wait
check "blockcommit of the lower one" prints "Commit complete" \
    m -C source blockcommit local1 vda --top "$images/local1.b2" --wait --delete
check "--delete has removed it" on source test ! -e "$images/local1.b2"
check "blockcommit --keep-overlay" prints "Commit complete, overlay image kept" m -C source blockcommit local1 vda --keep-overlay
check "blockpull" prints "Pull complete" m -C source blockpull local1 vda --wait
expect "nothing is below it" 2 "could not find base image" -C source blockcommit local1 vda --active
check "and back to the first" prints "Successfully pivoted" back

left="vda of 'local1' uses $images/local1.qcow2; /x/y holds an incomplete copy at most"
slow=(-C source blockcopy local1 vda "$images/part" --transient-job --bandwidth 1)
expect "--timeout aborts" 8 "timed out: the block copy of vda was aborted; ${left//\/x\/y/$images\/part}" "${slow[@]}" --timeout 1
on source rm -f "$images/part"
interruptible "${slow[@]}" --wait --verbose >"${work:?}/out" 2>&1 &
pid=$!
hears "${here:?}/lab"
timeout 20 bash -c "until grep -q 'Block Copy' '$work/out'; do sleep 0.1; done"
kill -INT "$pid"
wait "$pid"
judge "Ctrl-C aborts, and it is said what the disk uses" 130 $? "interrupted: the block copy of vda was aborted; vda of 'local1' uses $images/local1.qcow2;"
check "no job is left" prints "No current block job for vda" m -C source blockjob local1 vda
on source rm -f "$images/part" "$copy" "$images/local1.b3"

expect "blockresize to less than it has" 9 "is 64.00 MiB: shrinking it to 64.00 KiB would cut off data" -C source blockresize local1 vda 64
check "blockresize" prints "Block device 'vda' is resized" m -C source blockresize local1 vda 65M
check "--shrink insists" prints "Block device 'vda' is resized" m -C source blockresize local1 vda 65536 --shrink
check "domblkthreshold" prints "" m -C source domblkthreshold local1 vda 5M
cat >"$work/backup.xml" <<END
<domainbackup mode='pull'><server transport='unix' socket='/run/migsh-backup'/></domainbackup>
END
check "backup-begin" prints "Backup started" m -C source backup-begin local1 "$work/backup.xml"
check "backup-dumpxml, as virsh" as_virsh backup-dumpxml local1
check "its job is domjobabort's" m -C source domjobabort local1
expect "then there is none" 1 "no domain backup job present" -C source backup-dumpxml local1

# A guest that stops takes its jobs with it, and no event may tell so.
m "${slow[@]}" --wait >"$work/out" 2>&1 &
pid=$!
for ((i = 0; i < 100; i++)); do [[ $(v blockjob local1 vda --raw) == *Copy* ]] && break; sleep 0.1; done
v destroy local1
wait "$pid"
judge "a job whose guest is stopped" 1 $? "libvirt did not report how the block copy of vda ended: .*domain is not running; vda of 'local1' uses"
on source rm -f "$images/part"
check "the guest is there again" begin
