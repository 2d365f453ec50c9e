#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Pools and volumes on real hosts, from admin: the documents' netfs pool, pool-clone with what can go wrong on the other
# side, uploads and downloads with full disks, Ctrl-C and a daemon that does not answer.
# Prints "ok N - name" and "not ok N - name", last line the counts; 77 where there can be no lab.
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" poolstest 192.168.86
migsh=$plain
up --ready
source_address=$(lab address source) dest_address=$(lab address dest) nfs_address=$(lab address nfs)
cat >"$work/nodes" <<END
node-add source $source_address
node-add dest $dest_address
END
# Short: what is typed at the prompt of admin.
m() { lab exec admin -- "$migsh" -i "$work/nodes" "$@"; }
on() { lab exec "$@"; }

fails() { ! "$@"; }
# fails_with TEXT COMMAND…: fails, and says TEXT.
fails_with() {
    local text=$1 said
    shift
    if said=$("$@" 2>&1); then echo "it succeeded: $said"; return 1; fi
    grep -qF -- "$text" <<<"$said" || { echo "said: $said"; return 1; }
}
same_sum() { [ "$(sha256sum <"$1")" = "$(sha256sum <"$2")" ]; }
export_dir() { # export_dir DIR CLIENT
    on nfs -- sh -c "mkdir -p $1 && echo '$1 $2(rw,sync,no_root_squash)' >>/etc/exports && exportfs -ra"
}

# --- the documents' pool, on both nodes -----------------------------------------------------------------------------
export_dir /srv/nfspool '*'
for node in source dest; do
    check "pool-define-as, -build, -start, -autostart on $node" prints 'Pool nfspool defined
Pool nfspool built
Pool nfspool started
Pool nfspool marked as autostarted' m -C "$node" -c "pool-define-as nfspool --type netfs --source-host $nfs_address \
--source-path /srv/nfspool --target /mykvm/nfspool/; pool-build nfspool; pool-start nfspool; pool-autostart nfspool"
done
check "vol-create-as" prints "Vol test01 created" m -C source vol-create-as nfspool test01 5G --format qcow2
check "the other node sees it after pool-refresh" prints "Pool nfspool refreshed" m -C dest pool-refresh nfspool
listed() {
    [ "$(m -q vol-list nfspool --node all | tr -s ' ')" = "$(printf ' %s test01 /mykvm/nfspool/test01\n' source dest)" ]
}
check "vol-list --node all shows it on both" listed
pools() {
    [ "$(m -q pool-list --all --node all | tr -s ' ' | sed 's/ *$//')" = "$(printf ' %s nfspool active yes\n' source dest)" ]
}
check "pool-list --all --node all" pools
check "the volume is a qcow2 of 5 GiB" says "5368709120 bytes" m -C dest vol-info test01 nfspool --bytes
check "vol-resize" says "successfully changed to 6G" m -C source vol-resize test01 6G nfspool
check "vol-resize by a delta that shrinks" says "changed by -1G" m -C source vol-resize test01 -1G nfspool --delta --shrink
check "vol-clone on the host" says "cloned from test01" m -C source vol-clone /mykvm/nfspool/test01 test02
check "vol-delete" prints "Vol test02 deleted" m -C source vol-delete test02 nfspool
check "pool-autostart --disable, -destroy, -undefine" prints 'Pool nfspool unmarked as autostarted
Pool nfspool destroyed
Pool nfspool has been undefined' m -C dest -c 'pool-autostart nfspool --disable; pool-destroy nfspool; pool-undefine nfspool'
on dest -- rmdir /mykvm/nfspool

# --- pool-clone -----------------------------------------------------------------------------------------------------
on_dest() { on dest -- virsh -q "$@"; }
check "pool-clone" says "Pool nfspool cloned from source to dest" m pool-clone nfspool dest --node source
check "the pool runs on dest and starts at boot" pools
check "a second pool-clone changes nothing" says "is on dest already" m pool-clone nfspool dest --node source
steps() { [ "$(m -j pool-clone nfspool dest --node source | tail -n 1 | grep -o '"steps":.*')" = '"steps":['"$1"']}' ]; }
check "and has no step" steps ''
on_dest pool-destroy nfspool >/dev/null
check "only what is missing is done" steps '"start"'
check "to itself it is refused" fails_with "that is where it would be cloned to" m pool-clone nfspool source --node source
check "a pool that is not there" fails_with "failed to get pool 'nosuch'" m pool-clone nosuch dest --node source

# The server does not let dest in: start fails behind define and build.
export_dir /srv/only "$source_address"
m -C source pool-define-as only netfs --source-host "$nfs_address" --source-path /srv/only --target /mykvm/only >/dev/null
m -C source pool-start only --build >/dev/null
check "a start that fails there" fails_with "failed to start pool 'only' on dest" m pool-clone only dest --node source
undone() { fails on_dest pool-info only && fails on dest -- test -e /mykvm/only && on source -- mountpoint -q /mykvm/only; }
check "leaves neither definition nor directory, and the source alone" undone
on dest -- mkdir -m 751 /mykvm/only
check "with an empty directory that was there" fails_with "dest is as it was before" m pool-clone only dest --node source
kept() { fails on_dest pool-info only >/dev/null 2>&1 && [ "$(on dest -- stat -c %a /mykvm/only)" = 751 ]; }
check "the directory stays" kept
on dest -- rmdir /mykvm/only
m -C source -q -c 'pool-define-as deep dir --target /mykvm/deep/er; pool-start deep --build' >/dev/null
on dest -- touch /mykvm/deep
check "a build that fails there" fails_with "failed to build pool 'deep' on dest" m pool-clone deep dest --node source
check "leaves no definition" fails on_dest pool-info deep
check "and the file that was in the way" prints "regular empty file" on dest -- stat -c %F /mykvm/deep
on dest -- rm /mykvm/deep
on source -- chmod 750 /mykvm/deep/er
m -C source -q pool-refresh deep
check "a pool on a new directory" says '"steps":["define","build","start"]' m -j pool-clone deep dest --node source
check "which gets the mode of the first one" prints 750 on dest -- stat -c %a /mykvm/deep/er
on_dest pool-define-as only dir --target /mykvm/other >/dev/null
before=$(on_dest pool-dumpxml only)
check "another definition of that name is refused" fails_with "with another definition; nothing was changed" \
    m pool-clone only dest --node source
check "and is left alone" prints "$before" on_dest pool-dumpxml only
on_dest pool-undefine only >/dev/null
m -C source pool-destroy only >/dev/null
check "a pool that is off is only defined" says '"steps":["define"]' m -j pool-clone only dest --node source
check "no probe is left" prints "" on dest -- sh -c 'virsh -q pool-list --all --name | grep migsh-probe'

# --- hostile names --------------------------------------------------------------------------------------------------
name="a 'b' \"c\"; \$(touch x) <&>"
check "a hostile pool" says "defined" m -C source pool-define-as "$name" dir --target "/mykvm/$name"
check "is built and started" says "started" m -C source pool-start "$name" --build
check "a hostile volume" says "created" m -C source vol-create-as "$name" "-$name" 1M
check "has its path" prints "/mykvm/$name/-$name" m -C source vol-path --pool "$name" --vol "-$name"
check "and is deleted" says "deleted" m -C source vol-delete --pool "$name" --vol "-$name"

# --- transfers ------------------------------------------------------------------------------------------------------
on source -- mkdir -p /var/lib/libvirt/images/local
m -C source -q -c 'pool-define-as local dir --target /var/lib/libvirt/images/local; pool-start local' >/dev/null
head -c 70M /dev/urandom >"$work/dense"
truncate -s 300M "$work/sparse"
for at in 0 100 280; do
    dd if="$work/dense" of="$work/sparse" bs=1M count=3 seek=$at conv=notrunc status=none
done
m -C source -q -c 'vol-create-as local dense 70M --allocation 0; vol-create-as local sparse 300M --allocation 0
vol-create-as local long 20G --allocation 0; vol-create-as nfspool shared 70M --allocation 0' >/dev/null
upload() { m -C source vol-upload "$@"; }
download() { m -C source vol-download "$@"; }
for pool_vol in local/dense nfspool/shared; do
    check "upload to $pool_vol" upload "${pool_vol#*/}" "$work/dense" "${pool_vol%/*}"
    check "download from $pool_vol" download "${pool_vol#*/}" "$work/back" "${pool_vol%/*}"
    check "the same bytes" same_sum "$work/dense" "$work/back"
done
check "a sparse upload" upload sparse "$work/sparse" local --sparse
check "a sparse download" download sparse "$work/back" local --sparse
check "the same bytes" same_sum "$work/sparse" "$work/back"
small() { [ "$(du -k "$work/back" | cut -f 1)" -lt 20000 ] && [ "$(on source -- du -k /var/lib/libvirt/images/local/sparse | cut -f 1)" -lt 20000 ]; }
check "holes are holes on both sides" small
part() { download dense "$work/part" local --offset 1M --length 40M && cmp "$work/part" <(tail -c +1048577 "$work/dense" | head -c 40M); }
check "--offset and --length of a download" part
part_up() {
    upload dense "$work/sparse" local --offset 2M --length 1M && download dense "$work/part" local &&
        cmp "$work/part" <(head -c 2M "$work/dense"; head -c 1M "$work/sparse"; tail -c +3145729 "$work/dense")
}
check "--offset and --length of an upload" part_up
keeps_mode() { chmod 640 "$work/part" && download dense "$work/part" local && [ "$(stat -c %a "$work/part")" = 640 ]; }
check "a file keeps its mode when it is replaced" keeps_mode
check "wrong local path" fails_with "No such file or directory" download dense "$work/nosuch/file" local
check "wrong volume" fails_with "failed to get vol 'nosuch'" upload nosuch "$work/dense" local
check "a directory for a file" fails_with "Is a directory" download dense "$work" local

# Full disks: a 20 MiB tmpfs on either side.
on admin -- mount -t tmpfs -o size=20m tmpfs /mnt
check "the admin's disk full" fails_with "No space left on device" download dense /mnt/back local
check "leaves nothing" prints "" on admin -- ls -A /mnt
on source -- sh -c 'mkdir /mykvm/small && mount -t tmpfs -o size=20m tmpfs /mykvm/small'
m -C source -q -c 'pool-define-as small dir --target /mykvm/small; pool-start small
vol-create-as small v 70M --allocation 0' >/dev/null
full() { ! upload v "$work/dense" small >"$work/said" 2>&1 && grep "No space left on device" "$work/said"; }
check "the host's disk full" full
check "and it says what the volume holds" grep "the volume holds a part of" "$work/said"

# --- Ctrl-C -----------------------------------------------------------------------------------------------------------
# interrupted SECONDS COMMAND…: gets SIGINT that time after it could hear it; must then end as cancelled within 3.5 s.
interrupted() {
    local after=$1 pid status=0 from
    shift
    interruptible -C source "$@" >"$work/said" 2>&1 &
    pid=$!
    hears "$here/lab" || return
    sleep "$after"
    kill -INT "$pid" || { cat "$work/said"; echo "it had ended before"; return 1; }
    from=$SECONDS
    wait "$pid" || status=$?
    cat "$work/said"
    [ "$status" -ne 0 ] && [ $((SECONDS - from)) -le 3 ] && grep -q cancelled "$work/said"
}
printf old >"$work/target"
check "Ctrl-C ends a download" interrupted 1.5 vol-download long "$work/target" local
check "the old file is whole" prints old cat "$work/target"
check "no half file is beside it" prints "" find "$work" -name 'target.part*'
check "Ctrl-C ends an upload" interrupted 1.5 vol-upload long /dev/zero local
check "which tells what the volume holds" grep -q "the volume holds a part of" "$work/said"
daemon=$(on source -- cat /run/libvirtd.pid)
frozen() {
    (hears "$here/lab" && sleep 0.8; on source -- kill -STOP "$daemon") &
    interrupted 1.8 "$@"
    local r=$?
    on source -- kill -CONT "$daemon"
    return $r
}
check "Ctrl-C ends a download from a daemon that is frozen" frozen vol-download long "$work/target" local
check "the old file is whole" prints old cat "$work/target"
check "no half file is beside it" prints "" find "$work" -name 'target.part*'
check "Ctrl-C ends an upload to a daemon that is frozen" frozen vol-upload long /dev/zero local
check "the host works again" says "local" m -C source pool-list

# --- memory
# The reader of the pipe stops for 3 s; the host goes on sending as long as anybody takes it.
mkfifo "$work/pipe"
bounded() {
    python3 -c 'import sys, time
f = open(sys.argv[1], "rb", buffering=0)
f.read(1)
time.sleep(3)
while f.read(1 << 20):
    pass' "$work/pipe" &
    sleep 0.3
    lab exec admin -- python3 -c 'import resource, subprocess, sys
status = subprocess.call(sys.argv[1:], stdout=sys.stderr)
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, "status", status)
' "$migsh" -i "$work/nodes" -C source vol-download long "$work/pipe" local --length 200M >"$work/peak" 2>&1
    wait $!
    cat "$work/peak"
    read -r _ peak _ status < <(grep ^peak "$work/peak")
    [ "$status" = 0 ] && [ "$peak" -lt $((80 * 1024)) ]
}
check "a slow reader costs less than 80 MiB" bounded

finish
