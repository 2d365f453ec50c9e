# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2154 # work, server, export_dir, a and b come from test_mountnfs.sh
# What mount.nfs is as a mount: its command line, and how it lives through faults and ends. Functions only, each one
# test. Sourced by test_mountnfs.sh, which runs them in a subshell with set -e.

# ---- mounting ----

test_mounted() {
    mount_nfs "$a" -o rw,hard,timeo=600,nolock,_netdev,rsize=1048576,noatime,nodev,nosuid,noexec
    findmnt -n -o FSTYPE,SOURCE,OPTIONS --mountpoint "$a" | tee mounts
    grep -q '^fuse.nfs ' mounts
    grep -qF "$server:$export_dir" mounts
    grep -q 'nosuid,nodev,noexec,noatime.*default_permissions,allow_other' mounts
}
test_version4_served_with_3() {
    mount_nfs "$b" -v -o vers=4.2 2>said
    grep -q 'version 4.2 was asked for; version 3 is used' said
}
test_through_mount8() { # as mount(8) and libvirt call it
    mkdir -p /run/c
    [ -e /sbin/mount.nfs ]
    mount --bind "$work/mount.nfs" "$(readlink -f /sbin/mount.nfs)"
    mount -t nfs -o nfsvers=3,nodev,nosuid,noexec "$server:$export_dir" /run/c
    echo through >"$export_dir/mount8"
    same "$(cat /run/c/mount8)" through
    umount /run/c
    fails mountpoint -q /run/c
}
# refused STATUS PATTERN COMMAND…: fails with that status, says PATTERN on stderr, leaves nothing mounted on /run/x
refused() {
    local wanted=$1 pattern=$2 status=0
    shift 2
    mkdir -p /run/x
    timeout 20 "$@" 2>said || status=$?
    cat said
    same "$status" "$wanted"
    grep -q -- "$pattern" said
    fails mountpoint -q /run/x
}
test_read_only() {
    mkdir -p /run/ro
    mount_nfs /run/ro -o ro
    echo x >"$export_dir/ro-file"
    same "$(cat /run/ro/ro-file)" x
    fails touch /run/ro/new 2>said
    grep -q 'Read-only' said
    umount /run/ro
}
test_daemon_leaves_nothing_open() { # libvirt waits for the end of file on the helper's output
    mkdir -p /run/d
    # shellcheck disable=SC2016 # expanded by the inner shell
    timeout 10 bash -c 'out=$("$0" "$1" /run/d 2>&1); [ -z "$out" ]' "$work/mount.nfs" "$server:$export_dir"
    umount /run/d
}

# ---- faults ----

test_server_restart() {
    exec 8<>"$a/restart"
    echo before >&8
    kill -9 "$ganesha_pid"
    wait "$ganesha_pid" 2>/dev/null || true
    (echo during >&8; cat "$a/restart" >during.txt) &
    local writer=$!
    sleep 1.5
    [ ! -s during.txt ] # a hard mount waits
    start_ganesha
    echo "$ganesha_pid" >ganesha.pid # this test runs in a subshell
    wait "$writer"
    same "$(cat during.txt)" $'before\nduring'
    exec 8>&-
}
test_reconnect_does_not_spin() {
    local pid before after
    pid=$(mount_pid "$a")
    kill -9 "$ganesha_pid"
    (stat "$a" >/dev/null) &
    local waiter=$!
    sleep 0.3
    before=$(awk '{print $14 + $15}' "/proc/$pid/stat")
    sleep 2
    after=$(awk '{print $14 + $15}' "/proc/$pid/stat")
    start_ganesha
    echo "$ganesha_pid" >ganesha.pid
    wait "$waiter"
    echo "$((after - before)) ticks in 2 s"
    [ $((after - before)) -lt 20 ]
}
mount_pid() { # the daemon that serves a mount point
    local p
    for p in /proc/[0-9]*; do
        if [ "$(tr '\0' '\n' <"$p/cmdline" 2>/dev/null | sed -n 3p)" = "$1" ]; then
            basename "$p"
            return 0
        fi
    done
    return 1
}
no_daemon() { ! mount_pid "$1" >/dev/null; }
test_soft_gives_up() {
    mkdir -p /run/soft
    mount_nfs /run/soft -o soft,timeo=10,retrans=1
    kill -STOP "$ganesha_pid"
    local status=0 begin=$SECONDS
    timeout 15 stat /run/soft/f 2>said || status=$?
    local took=$((SECONDS - begin))
    kill -CONT "$ganesha_pid"
    cat said
    same "$status" 1
    grep -q 'Input/output error' said
    [ "$took" -ge 1 ] && [ "$took" -le 8 ]
    wait_until stat /run/soft/f
    umount /run/soft
}
test_force_unmount_while_server_hangs() {
    mkdir -p /run/hung
    mount_nfs /run/hung
    kill -STOP "$ganesha_pid"
    local i pids=()
    for ((i = 0; i < 15; i++)); do # more than there are workers
        stat /run/hung/f >/dev/null 2>&1 &
        pids+=($!)
    done
    sleep 0.5
    umount -f -l /run/hung
    local status=0
    wait_until no_daemon /run/hung || status=$?
    kill -CONT "$ganesha_pid"
    for i in "${pids[@]}"; do
        wait "$i" || true
    done
    return "$status"
}
test_sigterm_while_server_hangs() {
    mkdir -p /run/term2
    mount_nfs /run/term2
    kill -STOP "$ganesha_pid"
    stat /run/term2/f >/dev/null 2>&1 &
    local waiter=$! status=0
    sleep 0.3
    kill "$(mount_pid /run/term2)"
    wait_until no_daemon /run/term2 || status=$?
    kill -CONT "$ganesha_pid"
    wait "$waiter" || true
    fails mountpoint -q /run/term2
    return "$status"
}
test_sigterm_unmounts() {
    mkdir -p /run/term
    mount_nfs /run/term
    kill "$(mount_pid /run/term)"
    wait_until no_daemon /run/term
    fails mountpoint -q /run/term
}
test_umount() {
    umount "$a" "$b"
    fails mountpoint -q "$a"
    wait_until no_daemon "$a"
    wait_until no_daemon "$b"
}
