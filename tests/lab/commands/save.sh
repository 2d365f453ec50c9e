# shellcheck shell=bash disable=SC2154 # test_commands.sh sets them
# SPDX-License-Identifier: GPL-3.0-or-later
# A guest's memory in files: saved, restored (or not, where its disks have gone on), dumped.
image=/var/lib/libvirt/local1.save disk=/var/lib/libvirt/images/local1.qcow2
is_state() { [ "$(v domstate local1)" = "$1" ]; }
check "save --verbose" gives 0 "Domain 'local1' saved to $image" m save local1 "$image" --verbose
check "… the guest is stopped" is_state 'shut off'
check "save-image-dumpxml" prints local1 m save-image-dumpxml "$image" --node source --xpath '/domain/name/text()'
check "as virsh: save-image-dumpxml" as_virsh save-image-dumpxml "$image"
m save-image-dumpxml "$image" --security-info --node source >"$work/image.xml"
check "save-image-define" says "State file $image updated." m save-image-define "$image" "$work/image.xml" --paused --node source
edits() { timeout 60 python3 "$here/lib/answer.py" "$here/lab" exec admin -- env EDITOR=true "$migsh" -i "$work/nodes" "$@"; }
check "save-image-edit" gives 0 "Saved image $image XML configuration not changed" edits save-image-edit "$image" --node source
check "restore: paused, as it is in the file now" says "Domain restored from $image" m restore "$image" --node source
check "… is paused" is_state paused
check "restore: not what is active" gives 10 "'local1' is already active" m restore "$image" --node source
check "save: not onto a file that is there" gives 4 "$image already exists on source.*--overwrite" m save local1 "$image" --running
check "dump: neither" gives 4 "$image already exists on source.*--overwrite" m dump local1 "$image" --memory-only
# A console without an inventory: it knows no way to the host's files, and nobody to ask before the guest runs.
: >"$work/none"
stranger() { lab exec admin -- "$migsh" -i "$work/none" -C qemu+tcp://test1/system "$@" </dev/null; }
check "save: nor where it is not known whether it is there" gives 11 "cannot tell whether $image exists on .*--overwrite" stranger save local1 "$image"
check "… it is paused still" is_state paused
check "save --overwrite" m save local1 "$image" --overwrite
# With a disk that cannot be looked at, as on a share that has gone stale.
hidden() {
    local rc=0
    on source sh -c 'mv "$1" "$1.hidden" && ln -s "$1" "$1"' sh "$disk"
    m "$@" || rc=$?
    on source mv "$disk.hidden" "$disk"
    return $rc
}
digest() { on source sha256sum "$image"; on source stat -c %Y "$image"; }
digest >"$work/digest"
v save-image-dumpxml "$image" >"$work/image.xml"
check "save-image-define: nor where it is not known whether a disk is newer" \
    gives 11 "cannot tell whether the state of 'local1' in $image is older than its disks.*restore $image resumes from it unchanged" \
    stranger save-image-define "$image" "$work/image.xml"
check "… and the file is as it was, with its time" same "$work/digest" digest
check "restore: nor there" gives 11 "cannot tell whether the state of 'local1' in $image is older than its disks.*--force restores it anyway" \
    stranger restore "$image" --running
check "restore --running --force, where it is not known what it did" \
    says "cannot tell whether the state of 'local1' in $image is older than its disks" stranger restore "$image" --running --force
check "… is running" is_state running
on source rm "$image"
check "save --running" m save local1 "$image" --running
on source touch -d '1 minute' "$disk"
check "save-image-define: it would look newer than the disk" gives 9 "its disk $disk was written to later.*restore $image --xml" m save-image-define "$image" "$work/image.xml" --paused --node source
check "save-image-edit: too" gives 9 "its disk $disk was written to later.*restore $image --xml" edits save-image-edit "$image" --node source --paused
check "restore: a disk was written to since" gives 9 "its disk $disk was written to later.*--force restores" m restore "$image" --node source
on source touch -d "1 minute ago" "$disk"
v dumpxml local1 --inactive >"$work/local1.xml"
sed "s,$disk,$disk.overlay," "$work/local1.xml" >"$work/moved.xml"
v define "$work/moved.xml" >/dev/null
check "restore: the guest has another disk by now" gives 9 "uses $disk as disk vda, but the definition now uses $disk.overlay" m restore "$image" --node source
v define "$work/local1.xml" >/dev/null
sed -n '/<uuid>/p' "$work/local1.xml" | sed 's,.*,<domain type="qemu"><name>other</name>&<memory unit="MiB">16</memory><features><acpi/></features><os><type machine="pc">hvm</type></os></domain>,' >"$work/other.xml"
on dest virsh -q create "$work/other.xml" --paused >/dev/null
check "restore: the guest is on another host" gives 10 "'local1' is paused on dest \(as 'other'\): a guest must never run twice" m restore "$image" --node source --force
on dest virsh -q destroy other >/dev/null
check "restore: it runs again" says "Domain restored from $image" m restore "$image" --node source
check "… is running" is_state running
check "managedsave --verbose" says "Domain 'local1' state saved by libvirt" m managedsave local1 --verbose
check "as virsh: managedsave-dumpxml" as_virsh managedsave-dumpxml local1
m managedsave-dumpxml local1 --security-info >"$work/image.xml"
check "managedsave-define" says "Managed save state file of domain 'local1' updated." m managedsave-define local1 "$work/image.xml" --running
check "managedsave-edit" gives 0 "Managed save image of domain 'local1' XML configuration not changed" edits managedsave-edit local1
check "managedsave-edit --paused is obeyed, whatever becomes of the text" gives 0 "Managed save image of Domain 'local1' XML configuration edited" edits managedsave-edit local1 --paused
on source touch -d '1 minute' "$disk"
check "managedsave-define: it would look newer than the disk" gives 9 "its disk $disk was written to later.*managedsave-remove local1" m managedsave-define local1 "$work/image.xml" --running
on source touch -d "1 minute ago" "$disk"
check "start: nor where it is not known whether a disk is newer" \
    gives 11 "not started: cannot tell whether the saved state of 'local1' is older than its disks.*--force-boot boots it" stranger start local1
check "… nor of one disk that nobody has seen" gives 1 "when $disk was last written to is not known.*--force-boot" hidden start local1
check "start goes on from it" m start local1
check "… paused" is_state paused
check "save --running" m save local1 "$image" --running --overwrite
check "restore: it is up, and not found then" gives 3 "restored from $image: 'local1' was brought up on source, paused, and could not be looked up then.*resume local1 lets it run" loses RESTORED restore "$image" --node source
check "… is up" is_state paused
check "… goes on" m resume local1
# stuck COMMAND…: a save into a pipe whose reader stops reading. It ends with the reader, whatever it is told before.
stuck() {
    on source mkfifo "$image.pipe"
    lab exec source -- sh -c "exec 3<$image.pipe; head -c 2000000 <&3 >/dev/null; echo \$\$ >$image.reader; exec sleep 300" </dev/null &
    reader=$!
    "$@" >"$work/stuck" 2>&1 </dev/null &
    saver=$!
    local n=0
    until [[ $(v domjobinfo local1 2>/dev/null) = *Save* ]] || [ $((n += 1)) -gt 100 ]; do sleep 0.2; done
}
unstick() {
    on source sh -c "kill \$(cat $image.reader)"
    wait "$reader" "$saver"
    on source rm "$image.pipe" "$image.reader"
}
heard() { for ((i = 0; i < 300; i++)); do grep -q "$1" "$2" && return; sleep 0.2; done; }
given_up() {
    stuck interruptible save local1 "$image.pipe" --verbose
    heard 'save local1: \[ *[0-9]* %' "$work/stuck"
    kill -INT $saver
    heard "cancelling the save" "$work/stuck"
    unstick
    cat "$work/stuck"
    grep -q "cancelling the save of 'local1'" "$work/stuck" && grep -q 'save local1: stopped' "$work/stuck" &&
        ! grep -q '100 %' "$work/stuck" && is_state running
}
check "save: Ctrl-C gives it up, and the guest goes on" given_up
# Somebody else saves, and what we want waits behind that (libvirt lets it wait for 30 s). What is given up is ours.
not_ours() {
    local dump migrate
    stuck v save local1 "$image.pipe"
    interruptible dump local1 /var/lib/libvirt/x --verbose >"$work/dump" 2>&1 </dev/null &
    dump=$!
    interruptible migrate local1@source dest --unsafe --verbose >"$work/migrate" 2>&1 </dev/null &
    migrate=$!
    sleep 5 # what is interrupted before it has come to libvirt's call tells so, and this fails
    kill -INT $dump $migrate
    heard "cancelling the dump" "$work/dump"
    heard "aborting the migration" "$work/migrate"
    wait $dump $migrate
    tail "$work/dump" "$work/migrate"
    # Now that somebody reads, that save comes to its end (which libvirt cannot write into a pipe), or it was aborted.
    on source timeout 60 cat "$image.pipe" >/dev/null
    wait "$saver"
    cat "$work/stuck"
    unstick
    is_state running || begin
    grep -q "cancelling the dump" "$work/dump" && grep -q "aborting the migration" "$work/migrate" &&
        ! grep -q '%' "$work/dump" "$work/migrate" && ! grep -qiE 'cancel|abort' "$work/stuck"
}
check "dump, migrate: Ctrl-C leaves somebody else's job alone" not_ours
dumped() { m dump local1 /var/lib/libvirt/local1.core "$@" && [ "$(on source head -c "${#magic}" /var/lib/libvirt/local1.core | tr -d '\177')" = "${magic#?}" ]; }
magic=$'\177ELF'
check "dump --memory-only" dumped --memory-only --format elf --verbose
check "dump --live --memory-only" dumped --live --memory-only --overwrite
check "dump: a format is of --memory-only" gives 2 '--format' m dump local1 /var/lib/libvirt/x --format elf
on source rm -f "$image" /var/lib/libvirt/local1.core
