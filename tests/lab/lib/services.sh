# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The daemons of the hosts: their configuration and how they are started, stopped and found alive. All are the
# distribution's own programs. `configure_host` writes files from outside the host, before it starts; the rest runs
# inside a host. Sourced by `lab` only.

services_of() {
    case $1 in
    source | dest) echo "sshd libvirtd" ;;
    nfs) echo "sshd rpcbind ganesha" ;;
    *) echo sshd ;;
    esac
}

# Host keys and libvirt's host_uuid are made once a lab, so that they are the same after `reset`.
make_keys() {
    local host
    for host in "${HOSTS[@]}"; do
        ssh-keygen -q -t ed25519 -N '' -C "root@$host" -f "$STATE/keys/host.$host.ed25519"
        ssh-keygen -q -t ecdsa -N '' -C "root@$host" -f "$STATE/keys/host.$host.ecdsa"
        ssh-keygen -q -t ed25519 -N '' -C "root@$host" -f "$STATE/keys/user.$host"
        tr -d '\n' </proc/sys/kernel/random/uuid >"$STATE/keys/uuid.$host"
    done
    [[ $TLS = no ]] || make_certificates
}

configure_host() {
    local host=$1 dir=$2 type
    echo "$host" >"$dir/etc/hostname"
    tr -d - <"$STATE/keys/uuid.$host" >"$dir/etc/machine-id"
    mkdir -p "$dir/etc/ssh"
    for type in ed25519 ecdsa; do
        cp "$STATE/keys/host.$host.$type" "$dir/etc/ssh/ssh_host_${type}_key"
        cp "$STATE/keys/host.$host.$type.pub" "$dir/etc/ssh/ssh_host_${type}_key.pub"
    done
    # What Debian ships, in few lines; a test may turn password login on here and set a password with chpasswd,
    # as /etc is the host's own.
    cat >"$dir/etc/ssh/sshd_config" <<CONF
HostKey /etc/ssh/ssh_host_ed25519_key
HostKey /etc/ssh/ssh_host_ecdsa_key
PermitRootLogin prohibit-password
KbdInteractiveAuthentication no
UsePAM yes
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp /usr/lib/openssh/sftp-server
CONF
    # The key exchange that ssh would choose takes a tenth of all processor time of a run of the tests.
    mkdir -p "$dir/etc/ssh/ssh_config.d"
    echo 'KexAlgorithms curve25519-sha256' >"$dir/etc/ssh/ssh_config.d/lab.conf"
    [[ $TLS = no ]] || tls_files "$host" "$dir"
    case $host in
    source | dest) configure_libvirt "$host" "$dir/etc/libvirt" ;;
    nfs) configure_nfs "$dir" ;;
    esac
}

configure_libvirt() {
    local host=$1 dir=$2
    mkdir -p "$dir/qemu/networks/autostart"
    cat >"$dir/libvirtd.conf" <<CONF
host_uuid = "$(cat "$STATE/keys/uuid.$host")"
listen_tls = $([[ $TLS = yes ]] && echo 1 || echo 0)
listen_tcp = 1
auth_tcp = "none"
auth_unix_ro = "none"
auth_unix_rw = "none"
log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
CONF
    # No cgroups and no mount namespaces of libvirt's own inside a host, and no virtlogd to hand the output to.
    cat >"$dir/qemu.conf" <<CONF
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
swtpm_user = "root"
swtpm_group = "root"
CONF
    # The emulated TPMs' certificates, in a directory of the host's own.
    [[ ! -e $dir/../swtpm-localca.conf ]] ||
        sed -i 's|/var/lib/swtpm-localca|/var/lib/libvirt/swtpm-localca|' "$dir/../swtpm-localca.conf"
}

# There is no kernel NFS server to be had in a namespace, so the host gets an exportfs of its own: it turns
# /etc/exports into ganesha's configuration. People and programs keep doing what they would on any server.
configure_nfs() {
    local dir=$1
    mkdir -p "$dir/etc/ganesha" "$dir/etc/exports.d"
    : >"$dir/etc/exports"
    cp "$LAB_DIR/exportfs" "$dir/sbin/exportfs"
    chmod 755 "$dir/sbin/exportfs"
    EXPORTS_ROOT=$dir "$LAB_DIR/exportfs" --write-only
}

start_services() {
    local service
    for service in $(services_of "$1"); do
        service_start "$service"
    done
    for service in $(services_of "$1"); do
        wait_until 40 service_answers "$service" || die "$service does not answer"
    done
}

# service_run NAME COMMAND... : in the background, cut loose from the caller's session and terminal.
service_run() {
    local name=$1
    shift
    setsid "$@" </dev/null >>"/var/log/$name.out" 2>&1 8>&- &
    echo $! >"/run/migsh-lab/$name.pid"
    disown
}

service_start() {
    case $1 in
    sshd) service_run sshd /usr/sbin/sshd -D -e ;;
    libvirtd) service_run libvirtd /usr/sbin/libvirtd --listen ;;
    rpcbind)
        mkdir -p /run/rpcbind
        service_run rpcbind /usr/sbin/rpcbind -f
        ;;
    ganesha)
        mkdir -p /run/ganesha
        wait_until 10 service_answers rpcbind || die "rpcbind does not answer"
        service_run ganesha /usr/bin/ganesha.nfsd -F -L /var/log/ganesha.log -f /etc/ganesha/ganesha.conf \
            -p /run/ganesha/ganesha.pid
        ;;
    *) die "no such service: $1" ;;
    esac
}

service_pid() {
    local pid
    pid=$(cat "/run/migsh-lab/$1.pid" 2>/dev/null) && kill -0 "$pid" 2>/dev/null && echo "$pid"
}

service_stop() {
    local pid
    pid=$(service_pid "$1") || return 0
    kill -TERM "$pid"
    if ! wait_until 5 service_gone "$1"; then
        kill -KILL "$pid"
        wait_until 5 service_gone "$1" || die "$1 does not end"
    fi
}

service_gone() { ! service_pid "$1" >/dev/null; }

service_answers() {
    case $1 in
    sshd) (exec 3<>/dev/tcp/127.0.0.1/22) 2>/dev/null ;;
    libvirtd) virsh --connect qemu:///system version >/dev/null 2>&1 ;;
    rpcbind) rpcinfo -T tcp 127.0.0.1 portmapper >/dev/null 2>&1 ;;
    # with no exports at all mountd still answers, with an empty list
    ganesha) showmount --no-headers --exports 127.0.0.1 >/dev/null 2>&1 ;;
    esac
}
