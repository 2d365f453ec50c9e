# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2154 # a hostile name; what lib/own.sh has
# Names, descriptions, native forms; snapshots and checkpoints by name; volumes by key and path.
name='a '\''b" ; $(touch x) -rf'
cat >"$work/small.xml" <<XML
<domain type='qemu'><name>small</name><uuid>6d696773-6800-4c41-8000-0000000000d0</uuid><memory>8192</memory>
<os><type arch='x86_64' machine='q35'>hvm</type></os></domain>
XML
check "define" m -C source define "$work/small.xml"
check "domrename, to a hostile name" m -C source domrename small "$name"
expect "it is called so" 0 "^[0-9a-f-]+0d0$" -C source domuuid --domain "$name"
expect "a running one keeps its name" 10 'hint: shutdown stops it' domrename local1 other
expect "desc --title" 0 'title updated' -C source desc --domain "$name" --title "$name"
check "as virsh: desc --title" as_virsh desc --domain "$name" --title
expect "desc of a running guest, where it runs" 0 'updated' desc local1 --live "runs now"
expect "and not in its definition" 0 'No description' desc local1 --config
check "as virsh: desc" as_virsh desc local1
expect "metadata --set" 0 'Metadata modified' metadata local1 http://example.org/x --key k --set "<a b='&lt;'/>" --config --live
check "as virsh: metadata" as_virsh metadata local1 http://example.org/x
expect "metadata --remove" 0 'Metadata removed' metadata local1 http://example.org/x --remove --config --live
expect "it is gone" 3 'not found' metadata local1 http://example.org/x --config
check "as virsh: domxml-to-native" as_virsh domxml-to-native qemu-argv --domain "$name"
expect "domxml-from-native is not for QEMU" 11 'not supported by the connection driver' -C source domxml-from-native qemu-argv "$work/small.xml"

for n in one two; do
    parent=${parent:+<parent><name>$parent</name></parent>}
    echo "<domainsnapshot><name>$n</name>$parent<state>shutoff</state><creationTime>1700000000</creationTime>
<disks/>$(v dumpxml --domain "$name" --inactive)</domainsnapshot>" >"$work/$n.xml"
    check "snapshot-create --redefine $n" m -C source snapshot-create --domain "$name" "$work/$n.xml" --redefine --current
    parent=$n
done
check "as virsh: snapshot-info" as_virsh snapshot-info --domain "$name" one
check "as virsh: snapshot-info --current" as_virsh snapshot-info --domain "$name" --current
expect "snapshot-info: what libvirt counts is the children" 0 'Children: +1' -C source snapshot-info --domain "$name" one
check "… and the first error is told" gives 2 'error: .*unsupported flags' loses CHILDREN -C source snapshot-info --domain "$name" one
check "as virsh: snapshot-parent" as_virsh snapshot-parent --domain "$name" two
printf '#!/bin/sh\nsed -i "0,/<name>.*</s|<name>.*</name>|<name>deux</name>|" "$1"\n' >"$work/editor"
chmod 755 "$work/editor"
renames() {
    timeout 60 python3 "$here/lib/answer.py" "$here/lab" exec admin -- env EDITOR="$work/editor" "$migsh" -i "$work/nodes" -C source \
        snapshot-edit --domain "$name" two --rename | grep -F 'Snapshot two renamed to deux.'
}
check "snapshot-edit --rename" renames
expect "and the old name is gone" 0 '\A(?!.*\btwo\b).*^deux$' -C source snapshot-list --domain "$name" --name
check "undefine" m -C source undefine --domain "$name" --snapshots-metadata
v3=/var/lib/libvirt/images/v3.qcow2 # libvirt makes images of version 2, which have no room for bitmaps
on source qemu-img create -q -f qcow2 "$v3" 8M
v attach-disk local1 "$v3" vdb --subdriver qcow2 >/dev/null
expect "no bitmap in an image of version 2" 1 'Cannot store dirty bitmaps' checkpoint-create-as local1 daily
expect "checkpoint-create-as" 0 'checkpoint daily created' checkpoint-create-as local1 daily 'each day' --diskspec vda,checkpoint=no --diskspec vdb,bitmap=daily
expect "and another" 0 'checkpoint later created' checkpoint-create-as local1 later --diskspec vda,checkpoint=no --diskspec vdb
check "as virsh: checkpoint-info" as_virsh checkpoint-info local1 daily
check "as virsh: checkpoint-parent" as_virsh checkpoint-parent local1 later
expect "the first has none" 3 'has no parent' checkpoint-parent local1 daily
check "checkpoint-delete" m -C source checkpoint-delete local1 daily --children
v detach-disk local1 vdb >/dev/null

check "vol-create-as" m -C source vol-create-as default small 1M --format raw
path=$(v vol-path small default)
for c in "vol-key small default" "vol-name $path" "vol-pool $path" "vol-pool $path --uuid"; do
    read -r -a words <<<"$c"
    check "as virsh: $c" as_virsh "${words[@]}"
done
on source sh -c "echo secret >'$path'"
expect "vol-wipe" 0 'Vol small wiped' -C source vol-wipe small default
check "its data is gone" on source sh -c "test -s '$path' && ! grep -q secret '$path'"
echo "<volume><name>copy</name><capacity>1048576</capacity><target><format type='qcow2'/></target></volume>" >"$work/copy.xml"
expect "vol-create-from, into another format" 0 'created from input vol small' -C source vol-create-from default "$work/copy.xml" small --inputpool default
expect "it is one" 0 "qcow2" -C source vol-dumpxml copy default
for v in small copy; do check "vol-delete $v" m -C source vol-delete "$v" default; done
check "as virsh: find-storage-pool-sources-as" as_virsh find-storage-pool-sources-as netfs nfs
