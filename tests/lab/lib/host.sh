# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2153 # STATE and NAME come from `lab`
# The lab's processes. `lab_main` is the first process of a pid and network namespace that holds the switch (a bridge)
# and is the ancestor of everything; `host_main` is the first process of one host: network, mount, UTS and pid
# namespaces of its own. Ending either with SIGKILL ends all below it for certain, mounts and interfaces included.
# Nothing here touches the machine's own namespaces. Sourced by `lab` only.

PRIVATE_TOP=(root srv mnt mykvm) # empty, and the host's own
PRIVATE_VAR=(lib/libvirt cache/libvirt log lib/nfs) # the same below /var

# The whole of `up` happens below this process, so killing it also ends an `up` under way.
lab_main() {
    self_record >"$STATE/lab.pid.new"
    mv "$STATE/lab.pid.new" "$STATE/lab.pid"
    trap : TERM INT HUP
    ip link set lo up
    ip link add switch type bridge forward_delay 0
    ip link set switch up
    mkdir -p "$STATE/etc.base" "$STATE/keys"
    cp -a /etc/. "$STATE/etc.base/"
    clean_etc "$STATE/etc.base"
    make_keys
    if start_hosts; then
        touch "$STATE/ready"
    else
        touch "$STATE/failed"
    fi
    # bash reaps whatever is handed to it while it waits
    while :; do
        sleep 3600 &
        wait $! || true
    done
}

# Starts all hosts at once and returns when all are up, and prepared as the lab's readiness wants it.
start_hosts() {
    local host jobs=() job result=0
    for host in "${HOSTS[@]}"; do
        start_host "$host" &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do
        wait "$job" || result=1
    done
    ((result == 0)) || return 1
    if [[ $READY = yes ]]; then
        ready_after_start || return 1
    fi
}

start_host() {
    local host=$1
    ip link del "$host" 2>/dev/null || true
    make_host_files "$host"
    rm -f "$STATE/$host.up" "$STATE/$host.pid"
    setsid unshare --net --mount --uts --pid --fork --kill-child \
        bash "$LAB_DIR/lab" --name "$NAME" __host "$host" </dev/null >>"$STATE/$host.log" 2>&1 &
    disown
    wait_until 60 host_up_or_dead "$host" || true
    [[ -e $STATE/$host.up ]] && return
    echo "host '$host' did not come up; the end of $host.log:" >&2
    tail -n 5 "$STATE/$host.log" >&2
    return 1
}

host_up_or_dead() {
    [[ -e $STATE/$1.up ]] && return
    [[ -e $STATE/$1.pid ]] && ! recorded_pid "$STATE/$1.pid" >/dev/null
}

# What a fresh install of a machine would not have, or would have of its own.
clean_etc() {
    rm -rf "$1"/ssh/ssh_host_* "$1"/ssh/ssh_known_hosts "$1"/ssh/sshd_config.d "$1"/libvirt/storage \
        "$1"/libvirt/secrets "$1"/exports.d
    rm -rf "$1"/libvirt/qemu
    rm -f "$1"/exports "$1"/resolv.conf
    printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' >"$1/hosts"
    : >"$1/resolv.conf" # no name server: names are /etc/hosts or nothing, at once
    # Composing a message of the day is a sixth of a login, and there are ten in a migration.
    if [ -f "$1/pam.d/sshd" ]; then sed -i '/pam_motd/d' "$1/pam.d/sshd"; fi
}

# The host's private directories, as they are before anybody has used it. Libvirt's cache of what its QEMU can do
# is kept, as it takes seconds to make again.
make_host_files() {
    local host=$1 dir=$STATE/$1 sub
    rm -rf "$dir.old"
    [[ ! -d $dir ]] || mv "$dir" "$dir.old"
    mkdir -p "$dir"
    for sub in "${PRIVATE_TOP[@]}"; do
        mkdir "$dir/$sub"
    done
    for sub in "${PRIVATE_VAR[@]}"; do
        mkdir -p "$dir/var/$sub"
    done
    if [[ -d $dir.old/var/cache/libvirt ]]; then
        rmdir "$dir/var/cache/libvirt"
        mv "$dir.old/var/cache/libvirt" "$dir/var/cache/libvirt"
    fi
    rm -rf "$dir.old"
    mkdir -p "$dir/sbin" "$dir/var/lib/libvirt/images" "$dir/var/log/libvirt/qemu" "$dir/var/lib/nfs/ganesha"
    chmod 700 "$dir/root"
    cp -a "$STATE/etc.base" "$dir/etc"
    configure_host "$host" "$dir"
    [[ $READY = no ]] || ready_files "$host" "$dir"
}

host_main() {
    local host=$1
    self_record >"$STATE/$host.pid.new"
    mv "$STATE/$host.pid.new" "$STATE/$host.pid"
    trap : TERM INT HUP
    hostname "$host"
    join_switch "$host"
    build_root "$host"
    start_services "$host"
    touch "$STATE/$host.up"
    while :; do
        sleep 3600 &
        wait $! || true
    done
}

# One cable to the switch; the hosts with guests put it into a bridge br0, which has the address then.
join_switch() {
    local host=$1 nic=eth0 self switch mac
    mac=$(printf '02:4d:53:00:00:%02x' "${HOST_NUMBER[$host]}")
    self=$(recorded_pid "$STATE/$host.pid")
    switch=$(recorded_pid "$STATE/lab.pid")
    nsenter --net="/proc/$switch/ns/net" \
        ip link add "$host" type veth peer name eth0 address "$mac" netns "/proc/$self/ns/net"
    nsenter --net="/proc/$switch/ns/net" ip link set "$host" master switch up
    ip link set lo up
    if [[ $host = source || $host = dest ]]; then
        # A bridge without an address of its own takes the lowest of its ports', and libvirt gives a guest's tap the
        # same one on both hosts: in a migration the hosts could swap or share addresses.
        ip link add br0 address "$mac" type bridge forward_delay 0
        ip link set eth0 master br0 up
        nic=br0
    fi
    # Nor shall the taps to come send anything themselves from that address, as IPv6 would.
    echo 1 2>/dev/null >/proc/sys/net/ipv6/conf/default/disable_ipv6 || true
    ip link set "$nic" up
    ip addr add "$(address_of "$host")/24" dev "$nic"
}

# A root of the host's own: a tmpfs into which the machine's top-level directories are bound, but for those that a
# host must have for itself. So any new directory in / is the host's own too. No cgroups are mounted: libvirt would
# make directories there which nobody would remove.
build_root() {
    local host=$1 dir=$STATE/$1 new=/sys entry name
    mount -t tmpfs -o mode=755 "migsh-lab-$NAME" "$new"
    for entry in /*; do
        name=${entry#/}
        [[ -e $new/$name || -L $new/$name ]] && continue
        if [[ -L $entry ]]; then
            cp -a "$entry" "$new/"
        elif [[ -d $entry ]]; then
            mkdir "$new/$name"
            case $name in proc | sys | run | etc | lab | lost+found | root | srv | mnt | mykvm) ;;
            *) mount --rbind "$entry" "$new/$name" ;;
            esac
        fi
    done
    mkdir -p "$new/lab"
    mount --bind "$dir/etc" "$new/etc"
    mount -t tmpfs -o mode=755 run "$new/run"
    mkdir -p "$new/run/lock" "$new/run/sshd" "$new/run/migsh-lab"
    bind_private "$dir" "$new"
    mount -t proc proc "$new/proc"
    mount --bind "$(boot_dir)" "$new/lab"
    mount -o remount,bind,ro "$new/lab"
    bind_qemu "$new"
    if [[ -n $MOUNT_NFS ]]; then
        mount --bind "$MOUNT_NFS" "$new/usr/sbin/mount.nfs" # mount.nfs4 and umount.nfs are links to it
    fi
    # The tree under test has to be seen where the caller sees it, even below /root.
    if [[ ! -e $new$TREE/tests/lab/lab ]]; then
        mkdir -p "$new$TREE"
        mount --rbind "$TREE" "$new$TREE"
    fi
    # sysfs shows the interfaces of the namespace it was mounted from; mounted last, as it covers the new root.
    mkdir -p "$new/sys"
    cd "$new" || die "no $new"
    mount -t sysfs sysfs sys
    pivot_root . .
    umount -l .
    cd /
}

bind_private() {
    local dir=$1 new=$2 sub
    for sub in "${PRIVATE_TOP[@]}"; do
        mkdir -p "$new/$sub"
        mount --bind "$dir/$sub" "$new/$sub"
    done
    chmod 755 "$dir/srv" "$dir/mnt" "$dir/mykvm"
    for sub in "${PRIVATE_VAR[@]}"; do
        mount --bind "$dir/var/$sub" "$new/var/$sub"
    done
    mount --bind "$dir/sbin" "$new/usr/local/sbin"
    # In a container the files may lie on an overlay, which an NFS server cannot export: it has no file handles.
    if [[ $(stat -f -c %T "$dir") = overlayfs ]]; then
        mount -t tmpfs -o mode=755 srv "$new/srv"
        cp -a "$dir/srv/." "$new/srv/"
    fi
}
