#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# cold-migrate with volumes of logical pools. The kernels here have no device mapper, so LVM's tools are fakes: they
# keep to what libvirt's logical backend asks of the real ones, and a logical volume is a loop device. libvirt itself,
# the copies and the definitions are real. A lab of its own (MIGSH_BLOCK_SUBNET). Prints "ok N - …".
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if ! losetup -f >/dev/null 2>&1; then
    echo "no loop devices here"
    exit 77
fi
# shellcheck source=tests/lab/lib/block.sh
. "$here/lib/block.sh"

# libvirt shows a logical pool in /dev/VG; all hosts share one /dev, so each mounts one of its own there.
vg=migshvg$$
mkdir "/dev/$vg" || exit 1
trap 'give_back; rmdir "/dev/$vg"' EXIT

# fake HOST NAME: a program in the host's /sbin, from stdin; what is asked of it is noted.
fake() {
    { printf '#!/bin/sh\necho "${0##*/} $*" >>/srv/asked\nvg=%s; cd /srv/vg || exit 5\n' "$vg"; cat; } >"$work/fake"
    "$lab" exec "$1" -- sh -c 'cat >"/usr/sbin/$1"; chmod 755 "/usr/sbin/$1"' sh "$2" <"$work/fake"
}
lvm() { # HOST SIZE: a volume group of so many MiB
    on "$1" sh -c 'mkdir -p /srv/vg /srv/sbin && mount --bind /usr/sbin /srv/sbin && mount -t tmpfs none /usr/sbin &&
        for f in /srv/sbin/*; do ln -s "$f" /usr/sbin/; done && mount -t tmpfs none "/dev/$1" && echo "$2" >/srv/vg/size' sh "$vg" "$2"
    fake "$1" pvs <<'SH'
echo "  /dev/sdz $vg"
SH
    fake "$1" vgscan <<'SH'
exit 0
SH
    fake "$1" vgchange <<'SH'
case "$*" in *" $vg") ;; *) exit 5 ;; esac
SH
    fake "$1" lvchange <<'SH'
exit 0
SH
    fake "$1" vgs <<'SH'
used=0
for f in *.uuid; do [ ! -e "$f" ] || used=$((used + $(stat -c %s "${f%.uuid}.img"))); done
all=$(($(cat size) * 1048576))
echo "  $all:$((all - used))"
SH
    # lv_name#origin#uuid#devices#segtype#stripes#seg_size#vg_extent_size#size#lv_attr
    fake "$1" lvs <<'SH'
for f in *.uuid; do
    [ -e "$f" ] || exit 0
    n=${f%.uuid} s=$(stat -c %s "${f%.uuid}.img")
    echo "  $n##$(cat "$f")#/dev/sdz(0)#linear#1#$s#4194304#$s#-wi-a-----"
done
SH
    # Rounded up to extents of 4 MiB, as the real one does.
    fake "$1" lvcreate <<'SH'
while [ $# -gt 0 ]; do
    case $1 in --name) name=$2; shift ;; -L) size=$2; shift ;; esac
    shift
done
[ ! -e "$name.uuid" ] || { echo "Logical Volume \"$name\" already exists in volume group \"$vg\"" >&2; exit 5; }
[ ! -e fail ] || { echo "Volume group \"$vg\" has insufficient free space" >&2; exit 5; }
size=$(((${size%K} * 1024 + 4194303) / 4194304 * 4194304))
truncate -s "$size" "$name.img" && loop=$(losetup -f --show "$name.img") && echo "$loop $(losetup -n -O BACK-INO,BACK-MAJ:MIN "$loop" | tr -d ' \n')" >>/srv/loops && ln -s "$loop" "/dev/$vg/$name"
cat /proc/sys/kernel/random/uuid >"$name.uuid"
SH
    fake "$1" lvremove <<'SH'
name=${2##*/}
losetup -d "$(realpath "/dev/$vg/$name")"; rm "/dev/$vg/$name" "$name.img" "$name.uuid"
SH
}
# The loop devices that the fakes took go back with the others.
note_loops() { for host in source dest; do on $host cat /srv/loops; done >>"$work/loops" 2>/dev/null; }
trap 'note_loops; give_back; rmdir "/dev/$vg"' EXIT
pool() { on "$1" virsh -q pool-define-as "$vg" logical --source-name "$vg" --target "/dev/$vg" && on "$1" virsh -q pool-start "$vg"; }
volumes() { on "$1" virsh -q vol-list "$vg" | awk '{print $1}' | sort | paste -sd ' '; }

lvm source 200
lvm dest 200
check "a logical pool" pool source
on source virsh -q vol-create-as "$vg" v1 30M
if [ "$(volumes source)" != v1 ]; then
    echo "ok 2 - libvirt's logical backend takes the fakes # SKIP $(on source virsh -q vol-list "$vg" 2>&1 | tail -n 1)"
    exit 1
fi
on source sh -c 'head -c 20M /dev/urandom | dd of="/dev/$1/v1" bs=1M conv=fsync status=none' sh "$vg"
guest one "$(volume_disk vda raw "$vg" v1)"
expect "no such pool there" 3 "dest has no pool $vg\n.*hint: --clone" cold-migrate one dest
expect "--plan --clone" 0 "copy .*copy, into a new volume of pool $vg, 32.0 MiB of 32.0 MiB" cold-migrate one dest --plan --clone
expect "--clone: the pool, and the volume in it" 0 "pool $vg.*one: is defined on dest" cold-migrate one dest --clone
same "it arrived" "$(sum source "/dev/$vg/v1")" sum dest "/dev/$vg/v1"
same "libvirt knows it there" v1 volumes dest
xml_has dest one "pool='$vg' volume='v1'"
report "the definition names it"

# --- back, into the volume that is there
expect "back: the volume it left is not overwritten" 4 "/dev/$vg/v1 on source holds data.*--overwrite" cold-migrate one source
expect "… unless told so; it stays where it was, as it could be the same one" 0 "/dev/$vg/v1 on dest stays.*device that was there before.*0 disks removed" \
    cold-migrate one source --overwrite "/dev/$vg/v1" --undefine-source --remove-disks
same "… it is there" v1 volumes dest
on dest virsh -q vol-delete v1 "$vg"
expect "--remove-disks removes a volume that was copied into a new one" 0 "1 disks removed" \
    cold-migrate one dest --undefine-source --remove-disks
[ "$(volumes source)" = "" ]
report "… it is gone"

# --- a block disk in a pool's directory, a file into a pool, a volume into a file
forget
on source sh -c 'head -c 9M /dev/urandom >/srv/f.img'
guest one "$(file_disk vda raw /srv/f.img)"
expect "a file into a new volume" 0 '\+ +<source dev="/dev/'"$vg"'/f1".*one: is defined on dest' cold-migrate one dest --map "path=/srv/f.img:/dev/$vg/f1"
same "it arrived" "$(sum source /srv/f.img)" sum dest "/dev/$vg/f1" 9437184
forget
on source virsh -q vol-create-as "$vg" v2 8M
on source sh -c 'head -c 8M /dev/urandom | dd of="/dev/$1/v2" bs=1M conv=fsync status=none' sh "$vg"
guest one "$(block_disk vda raw "/dev/$vg/v2")"
expect "a device that is a volume: a new one there" 0 "one: is defined on dest" cold-migrate one dest
same "it arrived" "$(sum source "/dev/$vg/v2")" sum dest "/dev/$vg/v2"
forget
on source sh -c 'qemu-img create -q -f qcow2 /srv/g.qcow2 20M && qemu-io -c "write -P 3 1M 2M" /srv/g.qcow2 >/dev/null'
guest one "$(file_disk vda qcow2 /srv/g.qcow2)"
expect "an image into a new volume that is large enough for all of it" 0 "one: is defined on dest" \
    cold-migrate one dest --map "path=/srv/g.qcow2:/dev/$vg/g"
same "… it is" 25165824 on dest blockdev --getsize64 "/dev/$vg/g"
on dest qemu-img compare -q -f qcow2 -F qcow2 "/dev/$vg/g" "/dev/$vg/g"
same "… and reads the same" "$(on source sh -c 'qemu-img convert -O raw /srv/g.qcow2 /srv/g.raw' && sum source /srv/g.raw)" \
    sh -c '"$1" exec dest -- sh -c "qemu-img convert -f qcow2 -O raw /dev/$2/g /srv/g.raw && sha256sum </srv/g.raw" | cut -d " " -f 1' sh "$lab" "$vg"
forget

# --- names of pools that --map has to escape, and that XML has to
odd() { # HOST NAME DIRECTORY
    quick pool-define-as "$2" dir --target "$3" --node "$1" && on "$1" virsh -q pool-build "$2" && on "$1" virsh -q pool-start "$2"
}
check "a pool with an odd name" odd source "a,b:c'&" /srv/odd
check "… and another one" odd dest "x,y:z<" "/srv/o'd & <d>"
on source virsh -q vol-create-as "a,b:c'&" v 1M
on source sh -c 'head -c 1M /dev/urandom >/srv/odd/v'
guest one "$(volume_disk vda raw "a,b:c&apos;&amp;" v)"
expect "no such pool there: its name as it is" 3 "dest has no pool a,b:c'&\n" cold-migrate one dest
expect "half of its name is another pool" 3 "dest has no pool a,b:c'&\n" cold-migrate one dest --map 'pool=a:x\,y\:z<'
expect "a map that is none" 2 "is not a map such as" cold-migrate one dest --map "pool=a,b:c'&:x,y:z<"
expect "--map pool= with escapes" 0 '\+ +<source pool="x,y:z&lt;".*one: is defined on dest' \
    cold-migrate one dest --map 'pool=a\,b\:c'"'"'&:x\,y\:z<'
same "it arrived" "$(sum source /srv/odd/v)" sum dest "/srv/o'd & <d>/v"
same "libvirt knows it there" "v" sh -c '"$1" exec dest -- virsh -q vol-list "x,y:z<" </dev/null | awk "{print \$1}"' sh "$lab"
on source virsh -q undefine one
expect "exported from there" 0 "one exported to /root/odd: 1 files" export-domain one@dest /root/odd
on dest virsh -q undefine one
expect "imported: the pool that --map names has to be there" 3 "source has no pool o,p\n" \
    import-domain /root/odd source --map 'pool=x\,y\:z<:o\,p'
on source virsh -q vol-delete v "a,b:c'&"
expect "… imported" 0 '\+ +<source pool="a,b:c'"'"'&amp;".*one imported to source' \
    import-domain /root/odd source --map 'pool=x\,y\:z<:a\,b\:c'"'"'&'
same "it arrived" "$(sum dest "/srv/o'd & <d>/v")" sum source /srv/odd/v
forget

# --- no room, failing, killed
guest one "$(block_disk vda raw "/dev/$vg/v2")"
on dest virsh -q vol-delete v2 "$vg"
on dest sh -c 'echo 72 >/srv/vg/size' && on dest virsh -q pool-refresh "$vg"
expect "no room in the pool" 13 "pool $vg has .* free, and 8.0 MiB are needed" cold-migrate one dest
on dest sh -c 'echo 200 >/srv/vg/size' && on dest virsh -q pool-refresh "$vg"
on dest touch /srv/vg/fail
expect "it cannot be made" 1 "insufficient free space.*resume" cold-migrate one dest
on dest rm /srv/vg/fail
expect "… taken back" 0 "was not there.*taken back" rollback "$(last_id)"
forget
for at in "copy intent" "copy outcome" "define outcome"; do
    guest one "$(block_disk vda raw "/dev/$vg/v2")"
    # shellcheck disable=SC2086 # two words
    check "killed at $at" killed $at cold-migrate one dest
    expect "… taken back" 0 "taken back" rollback "$(last_id)"
    [[ " $(volumes dest) " != *" v2 "* ]]
    report "… the volume is gone"
    # shellcheck disable=SC2086 # two words
    check "killed at $at once more" killed $at cold-migrate one dest
    expect "… gone on with" 0 "one: is defined on dest" resume "$(last_id)"
    same "… it arrived" "$(sum source "/dev/$vg/v2")" sum dest "/dev/$vg/v2"
    on dest virsh -q vol-delete v2 "$vg"
    forget
done
guest one "$(block_disk vda raw "/dev/$vg/v2")"
check "killed before the volume is made" killed storage outcome cold-migrate one dest
on dest virsh -q vol-create-as "$vg" v2 8M
expect "somebody else has made one: not gone on with" 4 "dest has a new volume /dev/$vg/v2 that was not there before" resume "$(last_id)"
expect "… taken back" 0 "taken back" rollback "$(last_id)"
[[ " $(volumes dest) " == *" v2 "* ]]
report "… it is left alone"

finish
