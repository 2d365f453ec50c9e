# shellcheck shell=bash disable=SC2034
# domfiles on the files of this machine: a chain with a relative reference, hostile names, files that are missing or in
# use. disk-rebase.
command -v qemu-img >/dev/null || { echo "qemu-img is not installed (scripts/packages.txt, group lab)"; exit 1; }
PATH=$PATH:/usr/sbin
hostile="a b;\$(touch pwned)'\"
-rf"
mkdir -p "images/$hostile" other
qemu-img create -q -f qcow2 images/base.qcow2 1M
qemu-img create -q -f qcow2 -b ../base.qcow2 -F qcow2 "images/$hostile/mid.qcow2"
qemu-img create -q -f qcow2 -b "$PWD/images/$hostile/mid.qcow2" -F qcow2 images/top.qcow2
truncate -s 1M images/raw.img
# What a guest wrote itself: it must not be believed.
qemu-img create -q -f qcow2 -u -b /etc/hostname -F raw images/liar.img 1M
exec 7<>images/raw.img
disk() { printf "<disk type='file'><driver name='qemu' type='%s'/><source file='%s'/><target dev='%s'/></disk>" "$1" "$PWD/images/$2" "$3"; }
cat >g.xml <<XML
<domain type='test'><name>g</name><memory>1024</memory><os><type>hvm</type></os><devices>
$(disk qcow2 top.qcow2 vda)$(disk raw raw.img vdb)$(disk raw liar.img vdc)$(disk qcow2 nosuch.qcow2 vdd)
<disk type='file' device='cdrom'><target dev='hda'/><readonly/></disk>
<disk type='volume'><source pool='default-pool' volume='nosuch'/><target dev='vdf'/></disk>
<disk type='network'><source protocol='rbd' name='pool/image'><host name='h'/></source><target dev='vdg'/></disk>
</devices></domain>
XML
list() {
    m --json -c 'define g.xml; domfiles g' | tail -n 1 |
        jq -c '.[] | [.kind, .target, .type, .format, .path, .name, .exists, .in_use, .backing, .backing_format, .relative, .problem]'
}
m -q -c 'define g.xml; domfiles g' | sed -E -e 's/[0-9.]+ KiB/N KiB/g' -e 's/ +/ /g' | grep -v -e '^-*$'
list
echo "--- a missing base"
mv images/base.qcow2 other/
list | head -n 3
echo "--- rebased"
r() { m -c "disk-rebase $*"; echo "status $?"; }
mid=$PWD/images/$hostile/mid.qcow2
mid="'${mid//\'/\'\\\'\'}'" # quoted as migsh reads it
r "$mid" "$PWD/other/base.qcow2"
r "$mid" "$PWD/other/base.qcow2"
list | head -n 3
r "$PWD/images/top.qcow2" "$PWD/other/nosuch.qcow2"
r "$PWD/images/nosuch.qcow2" "$PWD/other/base.qcow2"
r images/top.qcow2 "$PWD/other/base.qcow2"
r "$PWD/images/top.qcow2" "$PWD/images/top.qcow2"
r "$PWD/images/top.qcow2" "$PWD/other/base.qcow2" --format "'qcow2;x'"
r "$PWD/images/top.qcow2" "$PWD/images/raw.img" --format raw
list | head -n 2
exec 7>&-
echo "--- no qemu-img"
mkdir bin
for tool in sh find xargs stat tr du cut printf; do ln -s "$(command -v $tool)" bin/; done
PATH=$PWD/bin m -c 'define g.xml; domfiles g'
[ ! -e pwned ] && echo "nothing was run"
