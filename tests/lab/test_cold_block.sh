#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# cold-migrate with disks on block devices: loop devices of the hosts, named by links as LVM names its volumes, since
# all hosts share one /dev. What is where is asked of virsh and sha256sum. A lab of its own (MIGSH_BLOCK_SUBNET). Prints
# "ok N - …".
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lab/lib/block.sh
. "$here/lib/block.sh"

if ! losetup -f >/dev/null 2>&1; then
    echo "no loop devices here"
    exit 77
fi

# --- what is in the way is told before anything is done
disk source a 64M fill
guest one "$(block_disk vda raw /srv/dev/a)"
expect "no such device there" 3 "dest has no device /srv/dev/a\n.*hint: --map path=/srv/dev/a:OTHER" cold-migrate one dest
disk dest a 63M
expect "one that is too small" 13 "the device has 66060288 bytes, and 67108864 are to be copied" cold-migrate one dest
nodisk dest a
disk dest a 65M
on dest mkfs.ext4 -q -L "a b" /srv/dev/a
before=$(sum dest /srv/dev/a)
expect "one with a file system" 4 "/srv/dev/a on dest holds a\\\\ b ext4\n.*hint: .*--overwrite /srv/dev/a" cold-migrate one dest
expect "… in the plan, too" 4 "holds a" cold-migrate one dest --plan
blank dest a
on dest sh -c 'printf x | dd of=/srv/dev/a bs=1M seek=64 conv=notrunc status=none'
expect "one with something at its end" 4 "holds data of an unknown kind" cold-migrate one dest
blank dest a
on dest sh -c 'qemu-img create -q -f qcow2 /srv/dev/.q 1M && dd if=/srv/dev/.q of=/srv/dev/a conv=notrunc status=none; rm /srv/dev/.q'
expect "one with an image" 4 "holds qcow2" cold-migrate one dest
blank dest a
on dest sh -c 'sleep 300 </srv/dev/a >/dev/null 2>&1 & echo $! >/srv/pid'
expect "one that a process has open" 10 "dest:/srv/dev/a: in use by sleep" cold-migrate one dest --overwrite /srv/dev/a
on dest sh -c 'kill $(cat /srv/pid)'
guest_on dest other "$(block_disk vda raw /srv/dev/../dev/a)"
expect "one that is a disk of another domain" 10 "/srv/dev/a on dest is a disk of other" cold-migrate one dest --overwrite /srv/dev/a
on dest virsh -q undefine other
expect "--overwrite of something else" 2 "--overwrite /srv/dev/b: nothing is copied" cold-migrate one dest --overwrite /srv/dev/b
expect "nothing was begun" 0 "cold-migrate +\S+ \S+ +reverted" journal-list
[ "$(on dest virsh list --all --name)" = "" ]
report "… and nothing is defined"

forget
on dest ln -s a /srv/dev/a2
guest one "$(block_disk vda raw /srv/dev/a)$(file_disk vdb raw /srv/dev/.a.img)"
expect "two disks onto one device" 2 "/srv/dev/a2? and /srv/dev/a2? on dest are one device" cold-migrate one dest --map path=/srv/dev/.a.img:/srv/dev/a2
forget
guest one "<disk type='block' device='cdrom'><source dev='/srv/dev/a'/><target dev='sda' bus='sata'/><readonly/></disk>"
expect "a drive of the host" 11 "/srv/dev/a is a drive of source\n.*hint: take it out there first: change-media NAME TARGET --eject" cold-migrate one dest
forget
guest one "<controller type='scsi' model='virtio-scsi'/><disk type='block' device='lun'><driver name='qemu' type='raw'/><source dev='/srv/dev/a'/><target dev='sda' bus='scsi'/></disk>"
expect "a passed through device into a file" 11 "SCSI commands, which a file does not know" cold-migrate one dest --map path=/srv/dev/a:/srv/a.img
forget
guest one "$(block_disk vda raw /srv/dev/a)"

# --- device to device, and back
before=$(sum dest /srv/dev/a)
expect "--plan" 0 "copy .*copy, onto a device of 65.0 MiB that holds nothing known, 64.0 MiB of 64.0 MiB" cold-migrate one dest --plan
same "… touches nothing" "$before" sum dest /srv/dev/a
expect "it moves" 0 "\[done\] +copy .*one: is defined on dest" cold-migrate one dest
same "its disk arrived" "$(sum source /srv/dev/a 67108864)" sum dest /srv/dev/a 67108864
xml_has dest one "<disk type='block' device='disk'>" "<source dev='/srv/dev/a'"
report "its disk is a device there"
expect "back: the one it left is smaller" 13 "the device has 67108864 bytes" cold-migrate one source --overwrite /srv/dev/a
nodisk dest a
disk dest a 64M fill
expect "back, onto what it left: not without a word" 4 "/srv/dev/a on source holds data.*--overwrite /srv/dev/a" cold-migrate one source
expect "… --plan tells what is lost" 0 "that holds data, which is lost" cold-migrate one source --plan --overwrite /srv/dev/a
expect "… with it" 0 "one: is defined on source" cold-migrate one source --overwrite /srv/dev/a
same "its disk arrived" "$(sum dest /srv/dev/a)" sum source /srv/dev/a
expect "--remove-disks does not touch a device" 0 "/srv/dev/a on source stays.*undefined on source, 0 disks removed" \
    cold-migrate one dest --overwrite /srv/dev/a --undefine-source --remove-disks
same "… really not" "$(sum dest /srv/dev/a)" sum source /srv/dev/a
on dest virsh -q undefine one

# --- device to file, file to device
guest one "$(block_disk vda raw /srv/dev/a)"
sparse() { [ "$(on dest stat -c %b /srv/a.img)" -lt 20000 ]; }
on source sh -c 'dd if=/dev/zero of=/srv/dev/a bs=1M seek=8 count=56 conv=notrunc status=none'
expect "a device that becomes a file" 0 '\+ +<disk type="file".*\+ +<source file="/srv/a.img".*one: is defined on dest' \
    cold-migrate one dest --map path=/srv/dev/a:/srv/a.img
same "it is the same" "$(sum source /srv/dev/a)" sum dest /srv/a.img
check "it is sparse" sparse
xml_has dest one "<disk type='file' device='disk'>" "<source file='/srv/a.img'"
report "it is a file in the definition"
blank source a
expect "a file that becomes a device, with --remove-disks" 0 "one: .*1 disks removed" \
    cold-migrate one source --map path=/srv/a.img:/srv/dev/a --undefine-source --remove-disks
xml_has source one "<disk type='block' device='disk'>" "<source dev='/srv/dev/a'"
report "it is a device in the definition"
on dest test ! -e /srv/a.img
report "the file is gone"
on source virsh -q undefine one
disk source q 32M
disk dest q 32M
on source qemu-img create -q -f qcow2 /srv/small.qcow2 64M
guest one "$(file_disk vda qcow2 /srv/small.qcow2)"
expect "an image that may grow above the device" 13 "can grow to 6[0-9]{7}" cold-migrate one dest --map path=/srv/small.qcow2:/srv/dev/q
on source virsh -q undefine one

# --- an overlay on a device, over a base on a device, which has another name there
on source sh -c 'head -c 5M /dev/urandom | dd of=/srv/dev/a conv=notrunc status=none
    qemu-img create -q -f qcow2 -F raw -b /srv/dev/a /srv/dev/q && qemu-io -c "write -P 9 1M 1M" /srv/dev/q >/dev/null'
disk dest base 64M
blank dest q
guest one "$(block_disk vda qcow2 /srv/dev/q)"
want=$(on source qemu-img convert -O raw /srv/dev/q /srv/whole && sum source /srv/whole)
expect "a chain of devices" 0 "one: is defined on dest" cold-migrate one dest --map path=/srv/dev/a:/srv/dev/base
on dest qemu-img convert -O raw /srv/dev/q /srv/whole
same "it reads the same" "$want" sum dest /srv/whole
same "it names the new base" /srv/dev/base on dest sh -c "qemu-img info --output=json /srv/dev/q | jq -r '.\"backing-filename\"'"
forget
guest one "$(block_disk vda qcow2 /srv/dev/q)"
expect "a base that is there and equal is used" 0 "base.*an equal one is there.*one: is defined on dest" \
    cold-migrate one dest --map path=/srv/dev/a:/srv/dev/base --overwrite /srv/dev/q
forget

# --- killed in the middle
disk source big 96M fill
disk dest big 96M
guest one "$(block_disk vda raw /srv/dev/big)"
# killed_at MIB: the console is killed when so much has arrived.
killed_at() {
    : >"$work/killed"
    "$lab" exec admin -- env XDG_STATE_HOME="$work/state" "$migsh" -i "$work/nodes" cold-migrate one dest --bwlimit 8M \
        >"$work/killed" 2>&1 </dev/null &
    local pid=$! i
    for ((i = 0; i < 400; i++)); do
        # Not before it sends: who reads the device is told of by the check, as one that uses it.
        grep sending "$work/killed" >/dev/null || { sleep 0.1; continue; }
        [ "$(on dest sh -c 'dd if=/srv/dev/big bs=1M skip="$1" count=1 status=none | tr -d "\0" | head -c 1 | wc -c' sh "$1")" = 0 ] || break
        sleep 0.1
    done
    on admin pkill -KILL -f 'cold-migrate one dest'
    wait $pid
    sleep 1
    cat "$work/killed"
    [ "$i" -lt 400 ]
}
check "killed in the middle" killed_at 20
expect "gone on with" 0 "one: is defined on dest" resume "$(last_id)"
sent() { grep -h '"name":"copy"\|"rec":"outcome"' "$(journals | tail -n 1)" | grep -o '"sent":[0-9]*' | tail -n 1; }
[ "$(sent | cut -d : -f 2)" -lt 85000000 ]
verdict "… what was there was not sent again" $? "$(sent)"
same "it arrived" "$(sum source /srv/dev/big)" sum dest /srv/dev/big
forget
blank dest big
guest one "$(block_disk vda raw /srv/dev/big)"
check "killed again" killed_at 5
on dest sh -c 'mkfs.ext4 -q -F /srv/dev/big'
before=$(sum dest /srv/dev/big)
expect "somebody else has taken the device meanwhile: not gone on with" 4 "/srv/dev/big on dest holds ext4" resume "$(last_id)"
same "… it is as it was" "$before" sum dest /srv/dev/big
expect "taken back: the device stays" 0 "/srv/dev/big on dest may hold a part of the copy.*taken back" rollback "$(last_id)"
same "… as it was" "$before" sum dest /srv/dev/big
forget
guest one "$(block_disk vda raw /srv/dev/big)"
blank dest big
check "killed before the copy" killed storage outcome cold-migrate one dest
on dest mv /srv/dev/big /srv/dev/gone
expect "the device is gone meanwhile" 3 "dest has no device /srv/dev/big any more" resume "$(last_id)"
[ "$(on dest sh -c 'ls -A /srv/dev | grep big')" = .big.img ]
report "… and nothing is made in its place"
on dest mv /srv/dev/gone /srv/dev/big
expect "… what the killed one may have begun is taken back" 0 "taken back" rollback "$(last_id)"
expect "… it is back" 0 "one: is defined on dest" cold-migrate one dest
forget
for at in "copy intent" "copy outcome"; do
    blank dest big
    guest one "$(block_disk vda raw /srv/dev/big)"
    # shellcheck disable=SC2086 # two words
    check "killed at $at" killed $at cold-migrate one dest
    expect "… taken back" 0 "taken back" rollback "$(last_id)"
    [ "$(on dest virsh list --all --name)" = "" ]
    report "… not defined there"
    blank dest big
    # shellcheck disable=SC2086 # two words
    check "killed at $at once more" killed $at cold-migrate one dest
    expect "… gone on with" 0 "one: is defined on dest" resume "$(last_id)"
    same "… it arrived" "$(sum source /srv/dev/big)" sum dest /srv/dev/big
    forget
done

# --- the node is booted between two steps: what is written to a device was counted from then on
rebooted() { on dest sh -c 'cat /proc/sys/kernel/random/uuid >/srv/boot && mount --bind /srv/boot /proc/sys/kernel/random/boot_id'; }
for change in "" changed; do
    blank dest big
    guest one "$(block_disk vda raw /srv/dev/big)"
    check "killed when the copy is there" killed define intent cold-migrate one dest
    check "the destination is booted" rebooted
    if [ -z "$change" ]; then
        expect "… both ends are compared, and it goes on" 0 "one: is defined on dest" resume "$(last_id)"
    else
        on dest sh -c 'printf other | dd of=/srv/dev/big bs=1M seek=50 conv=notrunc,fsync status=none'
        expect "… the copy was changed: it does not go on" 10 "it has run on dest .*/srv/dev/big has been written to since it was made" resume "$(last_id)"
    fi
    on dest umount /proc/sys/kernel/random/boot_id
    forget
done

# --- exported, and imported into a file and a device
on source sh -c 'dd if=/dev/zero of=/srv/dev/big bs=1M seek=8 count=88 conv=notrunc,fsync status=none'
guest one "$(block_disk vda raw /srv/dev/big)<graphics type='vnc' passwd='secret7'/>"
expect "a device is exported as a sparse file" 0 "one exported to /root/ex: 1 files, 96.0 MiB, of which 8.0 MiB" export-domain one /root/ex
same "… of which the manifest says that it was one" "true block /srv/dev/big" \
    on admin jq -r '.files[0] | "\(.block) \(.type) \(.path)"' /root/ex/manifest.json
on source virsh -q undefine one
expect "imported: it has to be said where to" 2 "/srv/dev/big was a device.*hint: --map path=/srv/dev/big:OTHER" import-domain /root/ex dest
expect "into a file" 0 '\+ +<disk type="file".*\+ +<source file="/srv/big.img".*one imported' \
    import-domain /root/ex dest --map path=/srv/dev/big:/srv/big.img
same "it is the same" "$(sum source /srv/dev/big)" sum dest /srv/big.img
on dest virsh -q undefine one
on dest mkfs.ext4 -q -F /srv/dev/big
expect "onto a device that holds something: refused" 4 "/srv/dev/big on dest holds ext4.*--overwrite /srv/dev/big" \
    import-domain /root/ex dest --map path=/srv/dev/big:/srv/dev/big
expect "onto it, as it is named" 0 "one imported" \
    import-domain /root/ex dest --map path=/srv/dev/big:/srv/dev/big --overwrite /srv/dev/big
same "it is the same" "$(sum source /srv/dev/big)" sum dest /srv/dev/big
xml_has dest one "<disk type='block' device='disk'>" "<source dev='/srv/dev/big'"
report "it is a device in the definition"
! grep -rq secret7 "$work/state" && [[ $(on dest virsh dumpxml one --security-info) == *secret7* ]]
report "its password came along, and is not in the journal"
forget

# --- a guest that runs: a device does not tell when it was written last, but that it was
running_guest() {
    "$lab" guest define local1 &&
        on source sh -c 'qemu-img convert -O raw /var/lib/libvirt/images/local1.qcow2 /srv/dev/a' &&
        on source virsh dumpxml local1 >"$work/local1.xml" &&
        python3 - "$work/local1.xml" <<'PY' &&
import re, sys
text = open(sys.argv[1]).read()
text = re.sub(r"<disk type='volume'.*?</disk>|<disk type='file'.*?</disk>", "<disk type='block' device='disk'><driver name='qemu' "
              "type='raw'/><source dev='/srv/dev/a'/><target dev='vda' bus='virtio'/></disk>", text, count=1, flags=re.S)
open(sys.argv[1], "w").write(text)
PY
        on source virsh define "$work/local1.xml" && on source virsh start local1 && "$lab" wait local1
}
nodisk dest a
disk dest a 64M
check "a guest that runs from a device" running_guest
address=$("$lab" address local1)
check "killed when it has been started there" killed start outcome cold-migrate local1 dest --no-watch --target "$address" --timeout 20 --destroy-after
"$lab" wait local1 >/dev/null 2>&1
on dest virsh -q destroy local1
expect "it has run there, which its device tells: it cannot be taken back" 10 "has run on dest" rollback "$(last_id)"
on dest virsh -q start local1
expect "gone on with" 0 "local1: runs on dest" resume "$(last_id)"

finish
