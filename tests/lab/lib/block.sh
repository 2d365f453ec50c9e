# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# For the tests of disks on block devices: a lab, loop devices in it under /srv/dev, domains with such disks. All hosts
# share one kernel, so each device is known to the machine: the trap gives all of them back. Sourced only, with $here
# set.
# shellcheck disable=SC2154 # the caller's $here
lab=$here/lab
"$lab" check || exit
export MIGSH_LAB_NAME=${MIGSH_BLOCK_LAB:-block-$$} MIGSH_LAB_SUBNET=${MIGSH_BLOCK_SUBNET:-192.168.120}
migsh=$(realpath "${MIGSH_PLAIN:-$here/../../build/shell/migsh}")
preload=$(realpath "$(dirname "$migsh")/../tests/fault/at_record.so")
work=$(mktemp -d "${TMPDIR:-/tmp}/migsh-block.XXXXXX")
chmod 755 "$work"
: >"$work/loops" # lines DEVICE IMAGE: one that was given back may be another lab's by now
behind() { losetup -n -O BACK-INO,BACK-MAJ:MIN "$1" 2>/dev/null | tr -d ' \n'; }
# shellcheck disable=SC2317,SC2329 # the trap's
give_back() {
    "$lab" down >/dev/null 2>&1
    local loop image
    while read -r loop image; do
        [ "$(behind "$loop")" != "$image" ] || losetup -d "$loop"
    done <"$work/loops"
    rm -rf "$work"
}
trap give_back EXIT
trap 'exit 143' TERM INT HUP
# shellcheck source=tests/lab/lib/tap.sh
. "$here/lib/tap.sh"

"$lab" up --ready >"$work/up" 2>&1 || { cat "$work/up"; echo "not ok 1 - the lab comes up ready"; exit 1; }
eval "$("$lab" env)"
# shellcheck disable=SC2153 # of the lab
printf '%s\n' "node-add source root@$LAB_SOURCE" "node-add dest root@$LAB_DEST" >"$work/nodes"
chmod 600 "$work/nodes"

on() { local host=$1; shift; "$lab" exec "$host" -- "$@" </dev/null; }
for host in source dest; do on $host mkdir -p /srv/dev; done
quick() { timeout 180 "$lab" exec admin -- env XDG_STATE_HOME="$work/state" "$migsh" -i "$work/nodes" "$@" </dev/null; }
# expect NAME STATUS PATTERN ARGS…: migsh on admin; PATTERN is a Perl regex on all it prints.
expect() {
    local what=$1 status=$2 pattern=$3 got=0
    shift 3
    quick "$@" >"$work/out" 2>&1 || got=$?
    judge "$what" "$status" "$got" "$pattern"
}
# same NAME WANTED COMMAND…: the command prints just that.
same() {
    local what=$1 want=$2
    shift 2
    "$@" >"$work/out" 2>&1
    [ -n "$want" ] && [ "$(cat "$work/out")" = "$want" ]
    verdict "$what" $? "wanted: $want"
}
# sum HOST PATH [BYTES]
sum() { on "$1" sh -c 'head -c "${2:--0}" -- "$1" | sha256sum' sh "$2" "${3:--0}" | cut -d ' ' -f 1; }
journals() { on admin find "$work/state" -name '*.jsonl' 2>/dev/null | sort; }
last_id() { basename "$(journals | tail -n 1)" .jsonl; }

# disk HOST NAME SIZE [fill]: a device of that size, empty or full of what does not compress.
disk() {
    local loop
    loop=$(on "$1" sh -c 'truncate -s "$2" "/srv/dev/.$1.img" && losetup -f --show "/srv/dev/.$1.img"' sh "$2" "$3") || return
    echo "$loop $(behind "$loop")" >>"$work/loops"
    on "$1" ln -sfn "$loop" "/srv/dev/$2"
    [ -z "${4:-}" ] || on "$1" sh -c 'head -c "$2" /dev/urandom | dd of="/srv/dev/$1" bs=1M status=none; sync "/srv/dev/$1"' sh "$2" "$3"
}
nodisk() { on "$1" sh -c 'losetup -d "$(realpath "/srv/dev/$1")"; rm -f "/srv/dev/$1" "/srv/dev/.$1.img"' sh "$2"; }
blank() { on "$1" sh -c 'head -c "$(blockdev --getsize64 "/srv/dev/$1")" /dev/zero | dd of="/srv/dev/$1" bs=1M conv=fsync status=none' sh "$2"; }

block_disk() { # TARGET FORMAT PATH
    echo "<disk type='block' device='disk'><driver name='qemu' type='$2'/><source dev='$3'/><target dev='$1' bus='virtio'/></disk>"
}
file_disk() {
    echo "<disk type='file' device='disk'><driver name='qemu' type='$2'/><source file='$3'/><target dev='$1' bus='virtio'/></disk>"
}
volume_disk() { # TARGET FORMAT POOL VOLUME
    echo "<disk type='volume' device='disk'><driver name='qemu' type='$2'/><source pool='$3' volume='$4'/><target dev='$1' bus='virtio'/></disk>"
}
guest_on() { # HOST NAME DISKS: a domain that is off
    cat >"$work/guest.xml" <<XML
<domain type='qemu'><name>$2</name><memory unit='MiB'>32</memory><os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>$3</devices></domain>
XML
    chmod 644 "$work/guest.xml"
    on "$1" virsh -q define "$work/guest.xml" >/dev/null
}
guest() { guest_on source "$@"; }
# No such domain and no journal any more.
forget() {
    for host in source dest; do on $host virsh -q undefine "${1:-one}" >/dev/null 2>&1; done
    rm -rf "$work/state"
}
xml_has() { # HOST NAME TEXT…
    local host=$1 name=$2 text
    shift 2
    on "$host" virsh dumpxml "$name" --inactive >"$work/out"
    for text; do grep -qF "$text" "$work/out" || return; done
}
# killed STEP intent|outcome ARG…: a console that dies behind the step's intent, or before its outcome.
killed() {
    local step=$1 when=$2 rc=0
    shift 2
    timeout 180 "$lab" exec admin -- env XDG_STATE_HOME="$work/state" MIGSH_FAULT_STEP="$step" MIGSH_FAULT_WHEN="$when" \
        LD_PRELOAD="$preload" "$migsh" -i "$work/nodes" "$@" </dev/null >"$work/killed" 2>&1 || rc=$?
    cat "$work/killed"
    [ $rc = 137 ]
}
