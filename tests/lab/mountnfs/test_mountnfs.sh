#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Tests the lab's mount.nfs against a real ganesha, in namespaces of its own: network, mounts and processes all vanish
# with the script, and nothing outside a temporary directory is written. Needs root; exits 77 where it cannot run.
# Says "ok N - what" or "not ok N - what", and last "N passed, N failed, N skipped"; exit 1 if anything failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

skip_all() { echo "test_mountnfs: $1"; exit 77; }

if [ "${1:-}" != --inside ]; then
    [ "$(id -u)" -eq 0 ] || skip_all "root is needed for namespaces and mounts"
    [ -e /dev/fuse ] || skip_all "there is no /dev/fuse"
    for tool in cc pkg-config ganesha.nfsd rpcbind showmount qemu-img qemu-io unshare ip python3 setpriv; do
        command -v "$tool" >/dev/null || skip_all "$tool is missing (scripts/install-packages.sh installs it)"
    done
    work=$(mktemp -d /tmp/mountnfs.XXXXXX)
    trap 'rm -rf "$work"' EXIT
    chmod 755 "$work"
    read -ra libraries <<<"$(pkg-config --cflags --libs fuse3 libnfs)"
    cc -O2 -Wall -Wextra -Werror -o "$work/mount.nfs" "$here"/*.c "${libraries[@]}"
    status=0
    timeout --kill-after=5 300 unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private \
        bash "${BASH_SOURCE[0]}" --inside "$work" || status=$?
    [ "$status" -ne 124 ] || echo "test_mountnfs: a test hung: stopped after 300 s"
    exit "$status"
fi

# ---- inside the namespaces ----

work=$2
cd "$work"
# Shown with its quotes, as it is data in every command below.
server=127.0.0.1 export_dir="$work/ex port" a="$work/a" b="$work/b"
passed=0 failed=0 skipped=0 number=0
ganesha_pid=

# check WHAT COMMAND…: one test, passed if the command succeeds. Its output is shown when it fails.
# The command runs in a subshell with set -e, outside any condition, so that each of its lines counts.
check() {
    local what=$1 status=0
    shift
    number=$((number + 1))
    set +e
    (set -e; "$@") >check.log 2>&1
    status=$?
    set -e
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok $number - $what"
    else
        failed=$((failed + 1))
        echo "not ok $number - $what"
        sed 's/^/# /' check.log
    fi
}

mount_nfs() { "$work/mount.nfs" "$server:$export_dir" "$@"; }
fails() { if "$@"; then echo "succeeded: $*"; return 1; fi; } # a plain ! would not end a test
same() { [ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }; }
md5() { md5sum <"$1"; }

start_ganesha() {
    ganesha.nfsd -F -f "$work/ganesha.conf" -L "$work/ganesha.log" -p /run/ganesha.pid -N NIV_WARN >/dev/null 2>&1 &
    ganesha_pid=$!
    disown "$ganesha_pid" # or bash reports its death, which the tests cause
    local i
    for ((i = 0; i < 100; i++)); do
        showmount -e "$server" 2>/dev/null | grep -F "$export_dir" >/dev/null && return 0
        sleep 0.1
    done
    echo "ganesha does not answer:"
    tail -n 5 "$work/ganesha.log"
    return 1
}

# wait_until COMMAND…: up to 10 s
wait_until() {
    local i
    for ((i = 0; i < 100; i++)); do
        "$@" && return 0
        sleep 0.1
    done
    echo "gave up waiting for: $*"
    return 1
}

set_up() {
    ip link set lo up
    # A neighbour that never answers: nobody at the other end has its address.
    ip link add blackhole type veth peer name hole
    ip address add 192.0.2.1/24 dev blackhole
    ip link set blackhole up
    ip link set hole up
    ip neighbour add 192.0.2.99 lladdr 02:00:00:00:00:99 dev blackhole
    mount -t tmpfs tmpfs /run
    mount -t tmpfs tmpfs /var/lib/nfs
    mkdir -p /run/rpcbind /run/ganesha /var/lib/nfs/ganesha "$export_dir" "$a" "$b" "$work/not-exported" "$work/small"
    chmod 755 "$export_dir"
    mount -t tmpfs -o size=2m tmpfs "$work/small"
    cat >ganesha.conf <<CONF
NFS_CORE_PARAM { Protocols = 3,4; NFS_Port = 2049; MNT_Port = 20048; Enable_NLM = false; Enable_RQUOTA = false; }
NFSV4 { Graceless = true; }
EXPORT {
    Export_Id = 1; Path = "$export_dir"; Pseudo = "/lab"; Access_Type = RW; Squash = No_Root_Squash;
    SecType = sys; Protocols = 3,4; FSAL { Name = VFS; }
}
EXPORT {
    Export_Id = 2; Path = "$work/small"; Pseudo = "/small"; Access_Type = RW; Squash = No_Root_Squash;
    SecType = sys; Protocols = 3,4; Filesystem_Id = 7.7; FSAL { Name = VFS; }
}
CONF
    rpcbind -w
    start_ganesha
}

# shellcheck source-path=SCRIPTDIR source=mount_cases.sh
. "$here/mount_cases.sh"
# shellcheck source-path=SCRIPTDIR source=file_cases.sh
. "$here/file_cases.sh"

set_up
check "mounts, as fuse.nfs from HOST:PATH, and obeys the options" test_mounted
check "a mount of version 4 works and is told that it is version 3" test_version4_served_with_3
check "mount -t nfs and umount" test_through_mount8
check "read-only" test_read_only
check "the daemon holds no pipe of its caller" test_daemon_leaves_nothing_open
check "an export that is missing" refused 32 'mount.nfs: 127.0.0.1:' \
    "$work/mount.nfs" "$server:$work/not-exported" /run/x
check "a server that refuses" refused 32 'mount.nfs: 127.0.0.9:' \
    "$work/mount.nfs" "127.0.0.9:$export_dir" /run/x -o port=9,mountport=9
check "a host that never answers" refused 32 'mount.nfs: 192.0.2.99:' "$work/mount.nfs" 192.0.2.99:/x /run/x
check "a host that cannot be reached" refused 32 'mount.nfs: 203.0.113.1:' "$work/mount.nfs" 203.0.113.1:/x /run/x
check "a name that does not resolve" refused 32 'mount.nfs: no-such-host:' "$work/mount.nfs" no-such-host:/x /run/x
check "a mount point that is missing" refused 32 'No such file' "$work/mount.nfs" "$server:$export_dir" /run/x/y
check "an unknown option" refused 1 'option sec=krb5 is not supported' \
    "$work/mount.nfs" "$server:$export_dir" /run/x -o sec=krb5
check "a source that is none" refused 1 'not of the form' "$work/mount.nfs" nonsense /run/x
check "write, append, overwrite, read" test_write_read
check "truncate up and down" test_truncate
check "rename over a file" test_rename
check "symbolic and hard links" test_links
check "make and remove directories" test_directories
check "a file removed while open" test_unlink_while_open
check "names with spaces, quotes, newlines, and of every length" test_odd_names
check "chmod, chown, one of two times" test_mode_owner_times
check "permissions of another user, and what he makes is his" test_permissions
check "statfs" test_statfs
check "a directory of 500 files" test_readdir_500
check "a sparse file" test_sparse
check "200 MiB there and back by the other mount" test_200_mib
show_speed
check "O_DIRECT" test_o_direct
check "200 writes, reads and truncates of odd sizes and offsets" test_odd_sizes_and_offsets
check "16 writers on two mounts" test_parallel_writers
check "fsync and fdatasync send COMMIT" test_fsync_commits
check "OFD locks hold on one host" test_locks_local
check "errors of the server keep their name; no fallocate" test_no_space
check "two hosts, file open on both: each sees the other's writes at once" test_coherent
check "two hosts: names appear and vanish at once" test_coherent_names
check "two hosts append to one file" test_append_from_both
check "qcow2 with each cache mode, read by the other host" test_qcow2
check "raw with native AIO, and qemu-img convert" test_raw_native_aio
check "QEMU's image lock" test_qemu_image_lock
check "the server is killed and comes back: writers wait, nothing is lost" test_server_restart
[ ! -s ganesha.pid ] || ganesha_pid=$(cat ganesha.pid)
check "waiting for a dead server costs no processor time" test_reconnect_does_not_spin
[ ! -s ganesha.pid ] || ganesha_pid=$(cat ganesha.pid)
check "a soft mount gives up, and recovers" test_soft_gives_up
check "umount -f -l while the server hangs ends the daemon" test_force_unmount_while_server_hangs
check "SIGTERM unmounts" test_sigterm_unmounts
check "SIGTERM unmounts while the server hangs" test_sigterm_while_server_hangs
check "umount ends the daemon" test_umount
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
