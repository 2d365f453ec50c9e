#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a guest's definition, its images, an exported directory or the node that it comes from may not make us do:
# import-domain of definitions that name what is not theirs, cold-migrate onto places of the system, passwords and TPM
# state where others could read them, and an export that is torn by a start. A lab of its own
# (MIGSH_HOSTILEGUESTTEST_SUBNET).
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" hostileguesttest 192.168.136
migsh=$plain
up --ready
cat >"$work/nodes" <<END
node-add source $(lab address source)
node-add dest $(lab address dest)
END
on() { lab exec "$@" </dev/null; }
images=/var/lib/libvirt/images
uuid=6d696773-6800-4c41-8000-0000000000e1 other=6d696773-6800-4c41-8000-0000000000e2

# guest NAME UUID DISK-ELEMENT…: its XML.
guest() {
    local name=$1 id=$2
    shift 2
    cat <<XML
<domain type='qemu'><name>$name</name><uuid>$id</uuid><memory unit='MiB'>32</memory>
<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
$(printf '%s\n' "$@")
<graphics type='vnc' passwd='s3cr3tHG'/></devices></domain>
XML
}
disk() { echo "<disk type='file' device='disk'><driver name='qemu' type='$2'/><source file='$1'/><target dev='$3' bus='virtio'/></disk>"; }
on source -- sh -c "cd $images && qemu-img create -q -f qcow2 imp.qcow2 16M && qemu-io -c 'write -P 7 1M 1M' imp.qcow2 >/dev/null"
guest imp $uuid "$(disk $images/imp.qcow2 qcow2 vda)" >"$work/imp.xml"
guest other $other >"$work/other.xml"
m define "$work/imp.xml" --node source >/dev/null
m snapshot-create-as imp@source before >/dev/null
m define "$work/other.xml" --node dest >/dev/null
on dest -- virsh dumpxml other >"$work/other.before"
check "a guest is exported" says "imp exported" m export-domain imp@source /root/exported
check "... and nothing of it is strange" gives 0 '^imp to dest: plan(?!.*names)' m import-domain /root/exported dest --plan

# A copy of the directory, with other text in one description, by sed; its manifest fits.
bad() { # FILE SED-EXPRESSION
    on admin -- sh -c 'rm -rf /root/bad && cp -a /root/exported /root/bad && cd /root/bad && sed -i "$2" "$1" &&
        jq --arg n "$1" --arg s "$(sha256sum "$1" | cut -d " " -f 1)" --argjson z "$(stat -c %s "$1")" \
            "(.files, .descriptions)[] |= if .name == \$n then .sha256 = \$s | .size = \$z else . end" manifest.json >new &&
        mv new manifest.json' sh "$1" "$2"
}
nothing() { # of it is on dest, and the other one is as it was
    [ "$(on dest -- virsh list --all --name | grep -c .)" = 1 ] && ! on dest -- sh -c "ls -A $images | grep imp >/dev/null" &&
        same "$work/other.before" on dest -- virsh dumpxml other
}
refused() { # NAME PATTERN [OPTION…]
    local what=$1 pattern=$2
    shift 2
    check "refused: $what" gives 9 "$pattern" m import-domain /root/bad dest "$@"
    check "... nothing of it is there" nothing
}

bad domain.xml "s|<name>imp</name>|<!--<name>imp</name><uuid>$uuid</uuid>--><name>other</name>|; s|<uuid>$uuid</uuid>\$|<uuid>$other</uuid>|"
refused "another domain behind a comment" 'the manifest is of imp .*the definition is of another domain'
bad snapshot-1.xml "s|<uuid>$uuid</uuid>|<uuid>$other</uuid>|"
refused "a snapshot of another domain" 'snapshot-1.xml is of another domain'
add() { bad domain.xml "s|</devices>|$1</devices>|"; }
add "<disk type='file' device='cdrom'><source file='/etc/shadow'/><target dev='hdc'/><readonly/></disk>"
refused "a file of the host" 'path /etc/shadow \(disk/source/@file in domain.xml\): refused without --allow-host-path /etc/shadow'
check "--plan shows it" gives 9 'names +path /etc/shadow .disk/source/@file' m import-domain /root/bad dest --plan
check "... nothing is there" nothing
while IFS='~' read -r what element pattern; do
    add "$element"
    refused "$what" "$pattern"
done <<END
a device of the host~<disk type='block' device='disk'><source dev='/dev/vda'/><target dev='vdz'/></disk>~path /dev/vda
a directory of the host~<filesystem type='mount'><source dir='/root/.ssh'/><target dir='x'/></filesystem>~path /root/.ssh
a file to be written~<serial type='file'><source path='/etc/cron.d/x'/></serial>~path /etc/cron.d/x .serial/source
another's volume~<disk type='volume' device='disk'><source pool='default' volume='theirs'/><target dev='vdz'/></disk>~volume default/theirs
a host's device~<hostdev mode='subsystem' type='pci'><source><address domain='0' bus='0' slot='1' function='0'/></source></hostdev>~hostdev hostdev subsystem pci
a connection to a service of the host~<serial type='tcp'><source mode='connect' host='127.0.0.1' service='16509'/><protocol type='raw'/></serial>~socket connect 127.0.0.1:16509
END
bad domain.xml "s|<domain type='qemu'>|<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:commandline><qemu:arg value='-version'/></qemu:commandline>|"
refused "words for QEMU itself" 'namespace qemu:commandline'
bad domain.xml "s|<emulator>.*</emulator>|<emulator>/bin/sh</emulator>|"
refused "another program for an emulator" 'path /bin/sh .devices/emulator'
bad domain.xml "s|</domain>|<seclabel type='none'/></domain>|"
refused "no confinement" 'seclabel none'
bad snapshot-1.xml "0,\|$images/imp.qcow2|s||/etc/shadow|"
refused "a file of the host in a snapshot" 'path /etc/shadow .*snapshot-1.xml'
bad domain.xml "s|</devices>|<nonsense/></devices>|"
check "what libvirt's schema does not know is refused" gives 2 'failed to define domain: XML document failed to validate' m import-domain /root/bad dest
check "... nothing of it is there" nothing

# An image that names a file of the host; a file that is to be where nobody keeps images.
on admin -- sh -c 'cp /root/exported/01-imp.qcow2 /root/header && qemu-img rebase -u -b /etc/shadow -F raw /root/header'
bad domain.xml ""
on admin -- sh -c 'cd /root/bad && cp /root/header 01-imp.qcow2 && jq --arg s "$(sha256sum 01-imp.qcow2 | cut -d " " -f 1)" \
    --argjson z "$(stat -c %s 01-imp.qcow2)" ".files[0].sha256 = \$s | .files[0].size = \$z" manifest.json >new && mv new manifest.json'
refused "an image with a file of the host below it" 'names /etc/shadow there'
for place in /root/imp.qcow2 /home/imp.qcow2 /opt/imp.qcow2 /var/lib/imp.qcow2; do
    bad domain.xml "s|$images/imp.qcow2|$place|"
    on admin -- sh -c "cd /root/bad && jq '.files[0].path = \"$place\"' manifest.json >new && mv new manifest.json"
    refused "a file at $place" 'is in no directory of images'
done
lab exec admin -- cat /root/exported/01-imp.qcow2 | lab exec dest -- sh -c "cat >$images/theirs.qcow2"
bad domain.xml "s|$images/imp.qcow2|$images/theirs.qcow2|"
on admin -- sh -c "cd /root/bad && jq '.files[0].path = \"$images/theirs.qcow2\" | .files[0].readonly = true | .files[0].kind = \"backing\" | .descriptions |= map(select(.what == \"domain\"))' manifest.json >new && mv new manifest.json"
check "refused: an equal file that others may have, which the guest would write to" gives 4 'dest has a file .*theirs.qcow2 already' m import-domain /root/bad dest
check "... nothing of it is there" nothing
check "--allow-host-path must be a path" gives 2 'no.* absolute path|is not the absolute path' m import-domain /root/exported dest --allow-host-path etc
check "--allow-host must be a kind" gives 2 'not one of the kinds' m import-domain /root/exported dest --allow-host everything

on dest -- sh -c 'mkdir -p /srv/iso && echo iso >/srv/iso/x.iso'
add "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='/srv/iso/x.iso'/><target dev='hdc'/><readonly/></disk>"
refused "a file that could be anybody's" 'path /srv/iso/x.iso'
check "allowed, it is imported" gives 0 'imp imported to dest' m import-domain /root/bad dest --allow-host-path /srv/iso
check "... with its password" says "passwd='s3cr3tHG'" m dumpxml imp@dest --security-info
check "... and its snapshot" prints before m snapshot-list imp@dest --name
check "a domain that came meanwhile is not replaced" gives 4 'dest has a domain imp already' m import-domain /root/exported dest
on dest -- sh -c "virsh -q undefine imp --snapshots-metadata; rm -f $images/imp.qcow2"

# --- a source that is not to be believed -----------------------------------------------------------------------------
evil() { # PATH: a guest there with a disk of that name
    on source -- sh -c 'mkdir -p "${1%/*}" && printf "* * * * * root touch /pwned\n" >"$1" && truncate -s 1M "$1"' sh "$1"
    guest evil 6d696773-6800-4c41-8000-0000000000e3 "$(disk "$1" raw vda)" >"$work/evil.xml"
    m define "$work/evil.xml" --node source >/dev/null
}
on dest -- sh -c 'mkdir -p /srv/www /srv/new /srv/vms /root/somebody && echo hello >/srv/www/index.html && ln -s /etc/cron.d /srv/link && : >/srv/vms/a.qcow2'
while IFS='~' read -r path pattern; do
    evil "$path"
    check "cold-migrate does not write $path" gives 9 "$pattern" m cold-migrate evil dest
    check "... --plan says so" gives 9 "$pattern" m cold-migrate evil dest --plan
    check "... nothing is there" on dest -- test ! -e "$path"
    on source -- rm -f "$path"
done <<'END'
/etc/cron.d/vmdisk~is a place of the system
/root/vmdisk~is in no directory of images
/root/somebody/vmdisk~is in no directory of images
/var/lib/libvirt/hooks/qemu~is in no directory of images
/srv/www/vmdisk~/srv/www holds other things than images
/srv/link/vmdisk~is a place of the system
/srv/new/.vmdisk~leads where a guest has no files
END
evil /srv/www/vmdisk
check "the operator's word is enough" gives 0 'evil: is defined on dest' m cold-migrate evil dest --allow-host-path /srv/www --undefine-source
on dest -- virsh -q undefine evil
for path in /srv/new/vmdisk /srv/vms/vmdisk; do
    evil $path
    check "$path, an empty directory or one of images, needs no word" gives 0 'evil: is defined on dest' m cold-migrate evil dest --undefine-source
    on dest -- virsh -q undefine evil
done
evil /srv/new/vmdisk
check "nor does what --map names" gives 0 'evil: is defined on dest' m cold-migrate evil dest --undefine-source --map path=/srv/new:/root/somebody
on dest -- virsh -q undefine evil
evil /root/pool/vmdisk
on dest -- sh -c 'mkdir /root/pool && virsh -q pool-define-as kept dir --target /root/pool' >/dev/null
check "nor a pool's directory" gives 0 'evil: is defined on dest' m cold-migrate evil dest --undefine-source
on dest -- virsh -q undefine evil

# --- secrets ---------------------------------------------------------------------------------------------------------
spy() { # HOST WORD…: in the background; what it finds is in $work/spied
    lab exec "$1" -- python3 "$here/lib/spy.py" "${@:2}" >"$work/spied" 2>&1 </dev/null &
    spying=$!
    until grep -q looking "$work/spied"; do sleep 0.1; done
}
unseen() {
    kill $spying
    wait $spying
    cat "$work/spied"
    [ "$(cat "$work/spied")" = looking ]
}
spy admin files /tmp s3cr3tHG
check "a guest with a password moves" gives 0 'imp: is defined on dest' m cold-migrate imp@source dest
check "its password was in no file of /tmp" unseen
check "it is there" says "passwd='s3cr3tHG'" m dumpxml imp@dest --security-info
check "and on the source, too" says "passwd='s3cr3tHG'" m dumpxml imp@source --security-info
killed() {
    lab exec admin -- env XDG_STATE_HOME=/root/state MIGSH_FAULT_STEP=define MIGSH_FAULT_WHEN=outcome LD_PRELOAD="$preload" \
        "$migsh" -i "$work/nodes" cold-migrate imp@dest source </dev/null
    [ $? = 137 ]
}
last() { on admin -- sh -c 'basename -s .jsonl "$(ls /root/state/migsh/journal/*-cold-migrate-*.jsonl | tail -n 1)"'; }
check "on its way back the console is killed" killed
check "... taken back" says "taken back" m rollback "$(last)"
check "... the definition that it left has its password" says "passwd='s3cr3tHG'" m dumpxml imp@source --security-info
no_secret() { ! on admin -- grep -rqF s3cr3tHG /root/state; }
check "no journal has it" no_secret

lab guest define uefi1 >/dev/null
lab guest start uefi1 >/dev/null
lab guest stop uefi1 >/dev/null
tpm=/var/lib/libvirt/swtpm/$("$here/lab" exec source -- virsh domuuid uefi1 | head -n 1)
spy dest words '[A-Za-z0-9+/]{4000}'
check "a guest with a TPM moves" gives 0 'uefi1: is defined on dest' m cold-migrate uefi1 dest
check "its state was in no command line" unseen
tpm_sum() { on "$1" -- sh -c 'cd "$1" && find . -type f ! -name ".lock" -exec sha256sum {} + | sort' sh "$tpm"; }
check "it arrived" prints "$(tpm_sum source)" tpm_sum dest

# --- an export that is torn ------------------------------------------------------------------------------------------
on source -- sh -c "cd $images && truncate -s 1M first.img && dd if=/dev/urandom of=second.img bs=1M count=4 status=none"
guest torn 6d696773-6800-4c41-8000-0000000000e4 "$(disk $images/first.img raw vda)" "$(disk $images/second.img raw vdb)" >"$work/torn.xml"
m define "$work/torn.xml" --node source >/dev/null
# torn PATTERN COMMAND…: while the second disk is copied, the command runs on source.
torn() {
    local pattern=$1 got=0 i
    shift
    m export-domain torn /root/torn --bwlimit 1M >"$work/said" 2>&1 &
    local pid=$!
    for ((i = 0; i < 600; i++)); do
        on admin -- sh -c 'ls -A /root/torn 2>/dev/null | grep 02-second.*part >/dev/null' && break
        sleep 0.1
    done
    on source -- "$@"
    wait $pid || got=$?
    cat "$work/said"
    [ $got = 10 ] && grep -q "$pattern" "$work/said"
}
check "a disk that is written to while the next one is exported" torn 'first.img on source was changed while torn was exported' \
    dd if=/dev/urandom of=$images/first.img bs=4k count=1 conv=notrunc status=none
check "... nothing of the export is left" on admin -- test ! -e /root/torn
check "a guest that ran for a moment meanwhile" torn 'was changed while' sh -c 'virsh -q start torn && virsh -q destroy torn'
check "... nothing of the export is left" on admin -- test ! -e /root/torn
check "left alone, it is exported" says "torn exported" m export-domain torn /root/torn

finish
