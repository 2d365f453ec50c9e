#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a domain consists of, and carrying it: domfiles, snapshots and checkpoints, managed save, export-domain and
# import-domain with the UEFI and TPM guest, and what an import must refuse.
# Prints "ok N - name" and "not ok N - name", last line the counts; 77 where there can be no lab.
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" guestfilestest 192.168.95
migsh=$plain
up --ready
cat >"$work/nodes" <<END
node-add source $(lab address source)
node-add dest $(lab address dest)
END
m() { lab exec admin -- env XDG_STATE_HOME=/root/state "$migsh" -i "$work/nodes" "$@"; }
on() { lab exec "$@"; }

# fails_with STATUS TEXT COMMAND…: ends with that status, and says TEXT.
fails_with() {
    local want=$1 text=$2 said status=0
    shift 2
    said=$("$@" 2>&1) || status=$?
    [ "$status" = "$want" ] || { echo "status $status, wanted $want: $said"; return 1; }
    grep -qF -- "$text" <<<"$said" || { echo "said: $said"; return 1; }
}
rows() { m --json domfiles "$1" | jq -r ".[] | $2"; }
images=/var/lib/libvirt/images
uuid=6d696773-6800-4c41-8000-000000000098

lab guest define uefi1 >/dev/null
check "a guest that was never started: without variables and TPM state" says "uefi1 exported to /root/new: 4 files" m export-domain uefi1 /root/new
# --- domfiles --------------------------------------------------------------------------------------------------------
lab guest start uefi1 >/dev/null
want="backing $images/uefi1-base.qcow2 qcow2 false
disk $images/uefi1.qcow2 qcow2 true
disk $images/uefi1-data.img raw true
disk $images/uefi1.iso raw false
nvram /var/lib/libvirt/qemu/nvram/uefi1_VARS.fd raw true"
check "a running guest's files, bases first, in use" prints "$want" rows uefi1 \
    'select(.kind != "tpm") | "\(.kind) \(.path) \(.format) \(.in_use)"'
check "the TPM's directory" prints "/var/lib/libvirt/swtpm/$uuid dir true" rows uefi1 \
    'select(.kind == "tpm") | "\(.path) \(.type) \(.exists and .size > 1000)"'
check "a relative reference is told" prints "$images/uefi1-base.qcow2 qcow2 true" rows uefi1 \
    'select(.path == "'$images'/uefi1.qcow2") | "\(.backing) \(.backing_format) \(.relative)"'
check "sizes, allocation, owner" prints "33554432 true root:root 0644" rows uefi1 \
    'select(.target == "vdb") | "\(.size) \(.allocation < 2097152) \(.owner):\(.group) \(.mode)"'
printf '<domaincheckpoint><name>c1</name><disks><disk name="vda"/><disk name="vdb" checkpoint="no"/></disks></domaincheckpoint>\n' >"$work/checkpoint.xml"
check "checkpoint-create" says "Domain checkpoint c1 created" m checkpoint-create uefi1 "$work/checkpoint.xml"
check "checkpoint-list" prints "c1" m checkpoint-list uefi1 --name
check "a running guest is not exported" fails_with 10 "uefi1 is running on source" m export-domain uefi1 /root/running
check "... and no directory is made" on admin -- test ! -e /root/running
lab guest stop uefi1 >/dev/null
check "off, nothing is in use" prints "6 0" m -c \
    '=#mig.domfiles"uefi1" .. " " .. #(function() local t = {} for _, r in ipairs(mig.domfiles"uefi1") do if r.in_use then t[#t+1] = r end end return t end)()'

hostile="$images/a 'b' \"c\"; \$(touch pwned) *.img"
on source -- truncate -s 1M -- "$hostile"
cat >"$work/hostile.xml" <<END
<domain type='qemu'><name>hostile</name><memory>1024</memory><os><type>hvm</type></os><devices>
<disk type='file'><driver name='qemu' type='raw'/><source file="$images/a 'b' &quot;c&quot;; \$(touch pwned) *.img"/><target dev='vda'/></disk>
<disk type='file'><driver name='qemu' type='qcow2'/><source file="$images/gone"/><target dev='vdb'/></disk>
</devices></domain>
END
m define "$work/hostile.xml" --node source >/dev/null
check "a hostile name is data, a missing file a row" prints "$hostile true
$images/gone false" rows hostile '"\(.path) \(.exists)"'
check "nothing was run" on source -- sh -c '! ls -A / /root "$HOME" | grep pwned >/dev/null'
check "a domain with a missing disk is not exported" fails_with 3 "$images/gone (vdb) is not there" m export-domain hostile /root/h
m undefine hostile >/dev/null
lab guest define test1 >/dev/null
check "a volume's pool" prints "/mykvm/nfspool/test1.qcow2 nfspool test1.qcow2" rows test1@source '"\(.path) \(.pool) \(.volume)"'

# --- managed save ----------------------------------------------------------------------------------------------------
lab guest start busy >/dev/null
check "managedsave" says "Domain 'busy' state saved by libvirt" m managedsave busy
check "dominfo shows it" says "Managed save:   yes" m dominfo busy@source
check "domfiles shows it" prints "/var/lib/libvirt/qemu/save/busy.save true" rows busy@source \
    'select(.kind == "save") | "\(.path) \(.exists)"'
check "it is not exported without it" fails_with 10 "managedsave-remove" m export-domain busy@source /root/busy
check "managedsave-remove" says "Removed managedsave image" m managedsave-remove busy@source
check "a second time" says "has no managed save image" m managedsave-remove busy@source

check "schedinfo" says "Scheduler      : posix" m schedinfo uefi1@source --config
check "schedinfo sets" says "cpu_shares     : 512" m schedinfo uefi1@source cpu_shares=512 --config
check "... for good" says "<shares>512</shares>" m dumpxml uefi1@source --inactive

# --- with a checkpoint -----------------------------------------------------------------------------------------------
check "export with a checkpoint" says "uefi1 exported to /root/checkpointed: 6 files" m export-domain uefi1 /root/checkpointed
check "import" says "uefi1 imported to dest: 6 files" m import-domain /root/checkpointed dest
check "the checkpoint is known there" prints "c1" m checkpoint-list uefi1@dest --name
check "checkpoint-delete --metadata" says "Domain checkpoint c1 deleted" m checkpoint-delete uefi1@dest c1 --metadata
m checkpoint-delete uefi1@source c1 --metadata >/dev/null
wipe_dest() {
    on dest -- sh -c 'virsh -q destroy uefi1; virsh -q undefine uefi1 --nvram --tpm --snapshots-metadata --checkpoints-metadata
        rm -rf /var/lib/libvirt/images/* /var/lib/libvirt/swtpm/* /var/lib/libvirt/qemu/nvram/*' >/dev/null 2>&1
}
wipe_dest

# --- snapshots -------------------------------------------------------------------------------------------------------
check "snapshot-create-as, external" says "Domain snapshot s 1 created" m snapshot-create-as uefi1@source 's 1' \
    --disk-only --diskspec "vda,snapshot=external,file=$images/over lay.qcow2" --diskspec vdb,snapshot=no --diskspec sda,snapshot=no
check "the overlay is the disk, over the rest of its chain" prints "$images/uefi1-base.qcow2
$images/uefi1.qcow2
$images/over lay.qcow2" rows uefi1@source 'select(.target == "vda") | .path'
m snapshot-dumpxml uefi1@source 's 1' --security-info >"$work/s1.xml"
check "snapshot-delete --metadata" says "Domain snapshot s 1 deleted" m snapshot-delete uefi1@source 's 1' --metadata
check "... forgot it" prints "" m snapshot-list uefi1@source --name
check "snapshot-create --redefine --current" says "Domain snapshot s 1 created" m snapshot-create uefi1@source "$work/s1.xml" --redefine --current
check "snapshot-current" prints "s 1" m snapshot-current uefi1@source --name

# --- export and import -----------------------------------------------------------------------------------------------
exported='/root/ex port'
check "export-domain" says "uefi1 exported to $exported: 7 files" m export-domain uefi1@source "$exported"
check "only its owner can read it" prints 700 on admin -- stat -c %a "$exported"
check "holes stay holes" on admin -- sh -c '[ "$(du -sk "$1" | cut -f 1)" -lt 12000 ]' sh "$exported"
check "a second export into it is refused" fails_with 13 "is not empty" m export-domain uefi1@source "$exported"
check "--plan touches nothing" says "tpm      07-tpm.tar.base64 -> /var/lib/libvirt/swtpm/$uuid" m import-domain "$exported" dest --plan
clean_dest() { # nothing of it is on dest
    [ "$(on dest -- sh -c 'virsh list --all --name | grep -c .; find /var/lib/libvirt/images /var/lib/libvirt/swtpm \
        /var/lib/libvirt/qemu/nvram -mindepth 1 2>/dev/null | wc -l' | tr '\n' ' ')" = "0 0 " ]
}
check "... nothing" clean_dest

# A copy of the directory in which one thing is wrong.
bad() {
    on admin -- sh -c 'rm -rf /root/bad && cp -a "$1" /root/bad && cd /root/bad && eval "$2"' sh "$exported" "$1"
}
edit() { bad "jq '$1' manifest.json >new && mv new manifest.json"; }
refused() { check "refused: $1" fails_with "$2" "$3" m import-domain /root/bad dest; }
bad "printf x | dd of=04-uefi1-data.img bs=1 seek=7340100 conv=notrunc 2>/dev/null"
refused "one byte of a disk is another" 12 "04-uefi1-data.img is not what was exported"
check "... and nothing is left" clean_dest
bad "truncate -s 1M 04-uefi1-data.img"
refused "a disk that is shorter" 12 "04-uefi1-data.img has 1048576 bytes"
bad "rm 06-uefi1_VARS.fd"
refused "a file that is gone" 3 "06-uefi1_VARS.fd is not in the directory"
bad "sed -i s/q35/xxx/ domain.xml"
refused "another definition" 12 "domain.xml is not what was exported"
bad "cp 05-uefi1.iso /root/elsewhere; ln -sf /root/elsewhere 05-uefi1.iso"
refused "a link out of the directory" 3 "05-uefi1.iso is not in the directory"
edit '.files[0].name = "../ex port/01-uefi1-base.qcow2"'
refused "a name that climbs out" 9 "is not the name of a file in the directory"
edit '.files[0].name = "/etc/passwd"'
refused "an absolute name" 9 "is not the name of a file in the directory"
edit '.descriptions[0].name = "../x.xml"'
refused "a description that climbs out" 9 "is not the name of a file in the directory"
edit '.files[0].path = "/var/lib/libvirt/images/../../../../etc/cron.d/x"'
refused "a path that climbs up" 9 "leads where a guest has no files"
edit '.files[0].path = "/etc/cron.d/x"'
refused "a path of the system" 9 "is a place of the system"
edit '.domain.uuid = "00000000-0000-0000-0000-000000000001"'
refused "a manifest of another domain" 9 "the definition is of another domain"
bad "rm manifest.json"
refused "no manifest" 3 "manifest.json is not a regular file"
check "nothing of all these is left" clean_dest

on dest -- sh -c 'echo mine >/var/lib/libvirt/images/uefi1-data.img'
check "a file that is there is not overwritten" fails_with 4 "dest has a file $images/uefi1-data.img already" m import-domain "$exported" dest
check "... it is as it was" prints mine on dest -- cat $images/uefi1-data.img
on dest -- rm $images/uefi1-data.img

interrupted() {
    interruptible import-domain "$exported" dest --bwlimit 300K >"$work/int" 2>&1 &
    local pid=$! i
    for ((i = 0; i < 300; i++)); do
        on dest -- sh -c 'ls -A /var/lib/libvirt/images | grep part >/dev/null' && break
        sleep 0.1
    done
    kill -INT $pid
    wait $pid
    [ $? = 130 ] || { cat "$work/int"; return 1; }
}
check "Ctrl-C while it imports" interrupted
check "... leaves nothing" clean_dest

sums() {
    on "$1" -- sh -c 'cd /var/lib/libvirt && sha256sum -- images/uefi1* images/over* qemu/nvram/uefi1_VARS.fd swtpm/*/tpm2/*permall'
}
# A console that dies at a record of its journal; one that dies while it sends.
killed_at() {
    lab exec admin -- env XDG_STATE_HOME=/root/state MIGSH_FAULT_STEP="${1%/*}" MIGSH_FAULT_WHEN="${1#*/}" LD_PRELOAD="$preload" "$migsh" -i "$work/nodes" \
        import-domain "$exported" dest </dev/null
    [ $? = 137 ]
}
killed_sending() {
    m import-domain "$exported" dest --bwlimit 300K </dev/null &
    local pid=$! i
    for ((i = 0; i < 300; i++)); do
        on dest -- sh -c 'ls -A /var/lib/libvirt/images | grep part >/dev/null' && break
        sleep 0.1
    done
    on admin -- pkill -KILL -f 'import-domain.*--bwlimit'
    wait $pid
    on dest -- sh -c 'ls -A /var/lib/libvirt/images | grep part'
}
last() { on admin -- sh -c 'basename -s .jsonl "$(ls /root/state/migsh/journal/*-import-domain-*.jsonl | tail -n 1)"'; }
for at in copy/intent copy/outcome define/intent define/outcome carry/outcome sending; do
    how=(killed_at "$at")
    [ $at != sending ] || how=(killed_sending)
    check "killed at $at" "${how[@]}"
    check "... the same is refused meanwhile" fails_with 10 "hint: resume" m import-domain "$exported" dest
    check "... taken back" says "taken back" m rollback "$(last)"
    check "... nothing is left" clean_dest
    check "killed at $at once more" "${how[@]}"
    check "... gone on with" says "uefi1 imported to dest: 7 files" m resume "$(last)"
    check "... all files are equal" prints "$(sums source)" sums dest
    check "... the snapshot is the current one" prints "s 1" m snapshot-current uefi1@dest --name
    wipe_dest
done
check "killed before the files are there" killed_at copy/intent
on dest -- sh -c 'echo mine >/var/lib/libvirt/images/uefi1-data.img'
check "... somebody else made one: not gone on with" fails_with 4 "dest has a new file $images/uefi1-data.img that was not there before" m resume "$(last)"
check "... taken back" says "taken back" m rollback "$(last)"
check "... it is as it was" prints mine on dest -- cat $images/uefi1-data.img
on dest -- rm $images/uefi1-data.img
check "nothing else is left" clean_dest

check "import-domain" says "uefi1 imported to dest: 7 files" m import-domain "$exported" dest
check "all files are equal" prints "$(sums source)" sums dest
check "holes are holes there" prints "1024" on dest -- sh -c "du -k $images/uefi1-data.img | cut -f 1"
check "the snapshot is the current one" prints "s 1" m snapshot-current uefi1@dest --name
check "the definitions are the same" prints "$(m dumpxml uefi1@source --inactive)" m dumpxml uefi1@dest --inactive
check "a domain that is there is refused" fails_with 4 "dest has a domain uefi1 already" m import-domain "$exported" dest
check "it starts there" says "Domain 'uefi1' started" m start uefi1@dest
check "... and runs" says running m domstate uefi1@dest
wipe_dest

on dest -- mkdir -p "/srv/o'ther dir"
check "import with --map" says '+      <source file="/srv/o'"'"'ther dir/over lay.qcow2"/>' m import-domain "$exported" dest --map "path=$images:/srv/o'ther dir"
check "the chain is of the new places" prints "/srv/o'ther dir/uefi1-base.qcow2 true
/srv/o'ther dir/uefi1.qcow2 true
/srv/o'ther dir/over lay.qcow2 true" rows uefi1@dest 'select(.target == "vda") | "\(.path) \(.exists)"'
check "a relative reference is still relative" prints uefi1-base.qcow2 on dest -- sh -c \
    "qemu-img info --output=json \"/srv/o'ther dir/uefi1.qcow2\" | jq -r '.\"backing-filename\"'"
check "the snapshot's XML was adapted too" says "ther dir/uefi1.qcow2'/>" m snapshot-dumpxml uefi1@dest 's 1'
check "it starts there, too" says "Domain 'uefi1' started" m start uefi1@dest

finish
