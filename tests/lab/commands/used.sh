# shellcheck shell=bash disable=SC2154 # test_commands.sh sets them
# SPDX-License-Identifier: GPL-3.0-or-later
# What a guest uses is not removed or written over, wherever that guest is: volumes on the share, and below overlays.
on source sh -c 'virsh -q pool-define-as shared dir --target /srv/nfs && virsh -q pool-start shared && cd /srv/nfs &&
    qemu-img create -q -f qcow2 used.qcow2 8M && qemu-img create -q -f qcow2 base.qcow2 8M && truncate -s 1M "odd \$(name)"
    qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 over.qcow2 && truncate -s 1M /var/lib/libvirt/images/own.img
    virsh -q pool-refresh shared; virsh -q pool-refresh default'
head -c 1M /dev/urandom >"$work/bytes"
chmod 644 "$work/bytes"
# small NAME FILE: a guest that boots nothing.
small() {
    cat >"$work/$1.xml" <<XML
<domain type='qemu'><name>$1</name><memory unit='MiB'>16</memory><os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/srv/nfs/$2'/><target dev='vda' bus='virtio'/></disk></devices></domain>
XML
    on dest virsh -q define "$work/$1.xml"
}
check "guests on the other host" small used used.qcow2
check "… and a clone" small clone over.qcow2
sum() { on nfs sh -c 'cd /srv/nfs && sha256sum base.qcow2 over.qcow2 used.qcow2'; }
on dest virsh -q start used --paused
sum >"$work/sums"
s() { m -C source "$@"; }
for c in "vol-delete used.qcow2" "vol-wipe used.qcow2" "vol-resize used.qcow2 16M" "vol-upload used.qcow2 $work/bytes"; do
    # shellcheck disable=SC2086 # words
    check "${c%% *}: not while it is active elsewhere" gives 10 "volume 'used.qcow2' is used by .*used on dest \(active\).*hint: ${c%% *} --force" s $c --pool shared
done
check "vol-delete by its path" gives 10 "used on dest \(active\)" s vol-delete /srv/nfs/used.qcow2
v define "$work/used.xml"
on dest virsh dumpxml --inactive used >"$work/same.xml"
v undefine used
v define "$work/same.xml"
check "undefine --remove-all-storage: the guest runs elsewhere" gives 10 "nothing was changed: disk vda \(/srv/nfs/used.qcow2\) is used by .*used on dest" s undefine used --remove-all-storage
check "… it is still defined" s dominfo used
check "snapshot-create-as: neither is a snapshot taken" gives 10 "no snapshot was taken: domain 'used' is paused on dest" s snapshot-create-as used s1
check "snapshot-create" gives 10 "no snapshot was taken: domain 'used' is paused on dest" s snapshot-create used
check "undefine alone" s undefine used
for c in "vol-delete base.qcow2" "vol-wipe base.qcow2" "vol-resize base.qcow2 16M" "vol-upload base.qcow2 $work/bytes"; do
    # shellcheck disable=SC2086 # words
    check "${c%% *}: not below a disk, also of a guest that is off" gives 10 "clone on dest \(its disks need it\)" s $c --pool shared
done
check "nothing has changed" same "$work/sums" sum
on dest virsh -q destroy used
check "vol-delete: nor of a guest that is off" gives 10 "is used by used on dest$" s vol-delete used.qcow2 shared
check "vol-resize: of that one it may" says "Size of volume 'used.qcow2' successfully changed to 16M" s vol-resize used.qcow2 16M shared
opened() { # COMMAND…: while a program has it open
    on source sh -c 'exec 3>>"$1"; echo $$ >/run/opened; exec sleep 60' sh "$1" &
    local rc=0
    sleep 1
    "${@:2}" || rc=$?
    on source sh -c 'kill $(cat /run/opened)'
    wait
    return $rc
}
check "vol-delete: nor what a program has open" opened '/srv/nfs/odd $(name)' gives 10 "a program that has it open \(source\)" s vol-delete 'odd $(name)' shared
lab service dest libvirtd stop >/dev/null
check "vol-delete: nor where a host does not answer" gives 7 "not deleted: cannot tell whether volume .* is used: dest: .*--force" s vol-delete 'odd $(name)' shared
check "… but what no other host can have" says "Vol own.img deleted" s vol-delete own.img default
lab service dest libvirtd start >/dev/null
check "vol-delete of what nobody uses" says 'Vol odd $(name) deleted' s vol-delete 'odd $(name)' shared
check "vol-delete --force" says "warning: volume 'used.qcow2' is used by used on dest" s vol-delete used.qcow2 shared --force
check "… it is gone" gives 3 "failed to get vol" s vol-path used.qcow2 shared
on dest sh -c 'virsh -q undefine used; virsh -q undefine clone'
on source sh -c 'rm -f /srv/nfs/*.qcow2; virsh -q pool-destroy shared; virsh -q pool-undefine shared'
