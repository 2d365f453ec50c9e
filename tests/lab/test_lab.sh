#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The lab's own test: it comes up, holds real hosts and guests, and leaves nothing behind, crashes included. Prints
# "ok N - name" and "not ok N - name" lines and a last line with the counts. Uses labs and subnets of its own
# (MIGSH_LABTEST_SUBNET and the next one), so it can run beside others.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
subnet=${MIGSH_LABTEST_SUBNET:-192.168.81}
other_subnet=${subnet%.*}.$((${subnet##*.} + 1))
name=labtest-$$
other=labtest-$$-b
state=/var/tmp/migsh-lab-$name
work=$(mktemp -d)
# shellcheck source=tests/lab/lib/tap.sh
. "$here/lib/tap.sh"

lab() { "$here/lab" --name "$name" --subnet "$subnet" "$@"; }
lab_b() { "$here/lab" --name "$other" --subnet "$other_subnet" "$@"; }

clean_up() {
    lab down
    lab_b down
    rm -rf "$work"
}

quick() { # quick SECONDS COMMAND...: succeeds, and does not hang: far more than it takes on a quiet machine
    local limit=$1 start=${EPOCHREALTIME/./}
    shift
    "$@" || return 1
    local took=$(((${EPOCHREALTIME/./} - start) / 1000))
    echo "took $took ms"
    ((took <= limit * 1000))
}

gives() { # gives EXPECTED COMMAND...
    local want=$1 got
    shift
    got=$("$@" 2>/dev/null)
    [[ $got == "$want" ]] || { echo "got '$got', wanted '$want'"; return 1; }
}

status_is() { # status_is EXPECTED COMMAND...
    local want=$1 got=0
    shift
    "$@" || got=$?
    [[ $got == "$want" ]] || { echo "status $got, wanted $want"; return 1; }
}

# The machine as seen from outside: what a lab must not change.
machine() {
    cut -d' ' -f4- /proc/self/mountinfo | sort
    ip -o link | cut -d: -f2 | sort
    ip netns list | sort
    ls -d /var/tmp/migsh-lab-"$name"* /run/netns/* /tmp/*"$name"* 2>/dev/null
    true
}

# Identities of the namespaces of the lab and its hosts; every process of the lab is in one of them.
namespaces() {
    local record pid
    for record in "$state"/*.pid; do
        read -r pid _ <"$record" && readlink "/proc/$pid/ns/pid" "/proc/$pid/ns/net" "/proc/$pid/ns/mnt"
    done | sort -u | grep -vxFf <(readlink /proc/self/ns/pid /proc/self/ns/net /proc/self/ns/mnt)
}

ticks() { # since boot, as in /proc/PID/stat
    local now
    read -r now _ </proc/uptime
    echo "${now/./}"
}

# processes_in FILE [TICKS]: those in the namespaces listed there, or naming the lab. Of those that started after TICKS
# only the latter: the kernel gives a namespace's number to the next one, which may be another lab's.
processes_in() {
    local p ns line fields
    for p in /proc/[0-9]*; do
        ns=$(readlink "$p/ns/pid" "$p/ns/net" "$p/ns/mnt" | grep -cxFf "$1")
        line=$(tr '\0' ' ' <"$p/cmdline")
        if [[ $line != *"--name $name __"* ]]; then
            ((ns > 0)) || continue
            read -r fields <"$p/stat" || continue
            read -r -a fields <<<"${fields##*) }"
            ((fields[19] <= ${2:-fields[19]})) || continue
        fi
        echo "${p#/proc/} $line"
    done 2>/dev/null
}

nothing_left() { # nothing_left TICKS: when the lab's end was asked for
    local left=$work/left
    machine >"$work/after"
    diff "$work/before" "$work/after" || return 1
    processes_in "$work/namespaces" "$1" >"$left"
    [[ ! -s $left ]] || { cat "$left"; return 1; }
}

# The test of the test: with the lab up, all kinds of traces are seen.
traces_are_seen() {
    namespaces >"$work/namespaces"
    machine >"$work/after"
    [[ $(processes_in "$work/namespaces" | grep -cE 'libvirtd|sshd|ganesha|rpcbind') -ge 8 ]] &&
        ! diff -q "$work/before" "$work/after"
}

# Guests that wait for a server which is stopped, and a migration under way: nothing of that may hold up the end.
down_in_trouble() {
    lab guest start busy && lab guest start share && lab wait share || return 1
    lab exec source -- sh -c 'virsh migrate --live --bandwidth 4 busy qemu+tcp://dest/system >/dev/null 2>&1 &'
    lab exec source -- sh -c 'virsh migrate --live --unsafe --bandwidth 4 share qemu+tcp://dest/system >/dev/null 2>&1 &'
    sleep 1
    # shellcheck disable=SC2016
    lab exec nfs -- sh -c 'kill -STOP "$(cat /run/migsh-lab/ganesha.pid)"'
    sleep 3
    quick 60 down_leaves_nothing
}

down_leaves_nothing() {
    namespaces >"$work/namespaces"
    [[ -s $work/namespaces ]] || { echo "found no namespaces of the lab"; return 1; }
    local now
    now=$(ticks)
    lab down && nothing_left "$now"
}

http() { lab exec admin -- curl --silent --max-time 3 "http://$(lab address "$1")/$2"; }

status_table() {
    lab status >"$work/status" || return 1
    cat "$work/status"
    local node daemons
    while read -r node daemons; do
        grep -Eq "^$node +$subnet\.[0-9]+ +$daemons *$" "$work/status" || { echo "wrong: $node"; return 1; }
    done <<'TABLE'
admin sshd
source sshd libvirtd
nfs sshd rpcbind ganesha
dest sshd libvirtd
TABLE
}

bare_nodes() {
    local node
    for node in admin source nfs dest; do
        lab exec "$node" -- sh -c 'test ! -e /root/.ssh && ! grep -q 192 /etc/hosts' || return 1
    done
    for node in source dest; do
        gives "" lab exec "$node" -- virsh -q list --all && gives "" lab exec "$node" -- virsh -q pool-list --all &&
            gives "" lab exec "$node" -- virsh -q net-list --all || return 1
    done
    gives "" lab exec admin -- showmount --no-headers -e "$(lab address nfs)"
}

different_uuids() {
    local a b
    a=$(lab exec source -- virsh capabilities | sed -n 's/.*<uuid>\(.*\)<.*/\1/p')
    b=$(lab exec dest -- virsh capabilities | sed -n 's/.*<uuid>\(.*\)<.*/\1/p')
    [[ -n $a && -n $b && $a != "$b" ]]
}

# The command inside gets the signal, and its status comes out.
term_reaches() {
    local pid
    # not through the function lab: the signal has to go to that very process
    "$here/lab" --name "$name" exec admin -- bash -c 'trap "exit 9" TERM; echo up; sleep 20 & wait' >"$work/term" &
    pid=$!
    until [[ -s $work/term ]]; do sleep 0.05; done
    kill -TERM "$pid"
    status_is 9 wait "$pid"
}

# A real terminal: Ctrl-C must reach the command, and only it.
qemu_is_told() {
    local told
    told=$(lab status | sed -n 's/^QEMU \([0-9.]*\), .*/\1/p')
    [[ -n $told ]] && lab exec source -- qemu-system-x86_64 --version | grep -F "version $told" &&
        lab exec dest -- virsh version --daemon | grep -F "QEMU $told"
}
terminal() {
    python3 - "$here/lab" "$name" <<'PY'
import os, pty, signal, sys, time
pid, fd = pty.fork()
if pid == 0: # started from a job in the background SIGINT is ignored, and then a shell cannot trap it
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(sys.argv[1], ["lab", "--name", sys.argv[2], "exec", "admin", "--", "bash", "-c",
             "tty >/dev/null || exit 1; trap 'exit 6' INT; echo ready; sleep 20 & wait"])
seen = b""
while b"ready" not in seen:
    seen += os.read(fd, 1024)
time.sleep(0.2)
os.write(fd, b"\x03")
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(f"status {status}, wanted 6; seen {seen}")
sys.exit(status != 6)
PY
}

ssh_everywhere() {
    local node
    for node in admin source nfs dest; do
        gives "$node" lab exec admin -- ssh -o BatchMode=yes "$node" hostname || return 1
    done
    gives source lab exec admin -- ssh -o BatchMode=yes "$(lab address source)" hostname &&
        gives dest lab exec source -- ssh -o BatchMode=yes test2 hostname &&
        gives source lab exec dest -- ssh -o BatchMode=yes test1 hostname
}

uris() {
    local uri
    for uri in qemu+ssh://root@dest/system qemu+tcp://dest/system; do
        gives dest lab exec source -- virsh -c "$uri" hostname || return 1
    done
}

share_is_shared() {
    lab exec source -- sh -c 'echo witness >/srv/nfs/witness' && gives witness lab exec dest -- cat /srv/nfs/witness &&
        gives witness lab exec nfs -- cat /srv/nfs/witness && lab exec nfs -- rm /srv/nfs/witness
}

# Etc is the host's own: a password for root touches no other host, nor the machine.
private_etc() {
    cp /etc/shadow "$work/shadow"
    lab exec source -- sh -c 'echo root:secret | chpasswd' && cmp /etc/shadow "$work/shadow" &&
        ! lab exec dest -- grep -q '^root:\$' /etc/shadow
}

# Runs after private_etc, which set the password.
password_login() {
    printf '#!/bin/sh\necho secret\n' >"$work/askpass"
    chmod 755 "$work" "$work/askpass"
    local try=(lab exec admin -- env SSH_ASKPASS="$work/askpass" SSH_ASKPASS_REQUIRE=force
        ssh -o PreferredAuthentications=password source hostname)
    status_is 255 "${try[@]}" || return 1
    lab exec source -- sed -i 's/^PermitRootLogin.*/PermitRootLogin yes/' /etc/ssh/sshd_config
    lab service source sshd restart && gives source "${try[@]}"
}

# Rename over a file is what careful editing does, and what a bind mount of the file would refuse.
hosts_renamed() { lab exec source -- sh -c 'cp /etc/hosts /etc/hosts.new && mv /etc/hosts.new /etc/hosts'; }

guest_up() { lab guest start "$1" && lab wait "$1"; }

# Even with a tap whose address is lower than that of the cable.
bridge_keeps_address() {
    local host before
    for host in source dest; do
        before=$(lab exec "$host" -- cat /sys/class/net/br0/address)
        lab exec "$host" -- sh -c 'ip link add low address 02:00:00:00:00:01 type veth && ip link set low master br0 up' &&
            gives "$before" lab exec "$host" -- cat /sys/class/net/br0/address &&
            lab exec "$host" -- ip link del low || return 1
    done
}

# The guest is the same after a migration: it goes on living, with its disk, and the other host runs it.
migrate() { # migrate GUEST FROM TO OPTION...
    local guest=$1 from=$2 to=$3 boot disk errors
    shift 3
    boot=$(http "$guest" boot_id)
    disk=$(http "$guest" disk)
    lab exec "$from" -- virsh migrate --live --persistent "$@" "$guest" "qemu+ssh://root@$to/system" || return 1
    gives running lab exec "$to" -- virsh -q domstate "$guest" || return 1
    sleep 2.5
    gives hello http "$guest" "" && gives "$boot" http "$guest" boot_id || return 1
    read -r now errors <<<"$(http "$guest" disk)"
    echo "disk: $disk, then $now $errors"
    ((now > ${disk% *} && errors == 0))
}

migrate_tls() {
    lab exec source -- virsh migrate --live --unsafe --tls share qemu+tls://dest/system && gives hello http share ""
}

migrate_with_disk() {
    lab exec dest -- sh -c 'virsh -q pool-define-as default dir --target /var/lib/libvirt/images &&
        virsh -q pool-start default' && migrate local1 source dest --copy-storage-all &&
        lab exec dest -- test -s /var/lib/libvirt/images/local1.qcow2
}

never_converges() {
    lab guest start busy && lab wait busy && sleep 1 || return 1
    status_is 124 lab exec source -- timeout 6 virsh migrate --live --bandwidth 4 busy qemu+tcp://dest/system
    # the client is gone; the job, or the abort of it, has left the guest where it was
    lab exec source -- virsh -q domjobabort busy
    gives running lab exec source -- virsh -q domstate busy
}

converges_freely() {
    sleep 1
    lab exec source -- timeout 30 virsh migrate --live busy qemu+tcp://dest/system &&
        gives running lab exec dest -- virsh -q domstate busy
}

refuses_second_copy() { ! lab guest start share; }

shutdown_works() {
    lab exec "$1" -- virsh -q shutdown share || return 1
    local try
    for try in $(seq 100); do
        [[ $(lab exec "$1" -- virsh -q domstate share) == "shut off" ]] && return
        sleep 0.2
    done
    echo "still running after $try tries"
    return 1
}

reset_is_clean() {
    lab exec dest -- sh -c 'echo "10.0.0.1 stray" >>/etc/hosts; mkdir /stray; sleep 1000 >/dev/null 2>&1 &'
    quick 120 lab reset || return 1
    lab exec dest -- sh -c '! grep -q stray /etc/hosts && test ! -e /stray && ! pgrep -x sleep -f "sleep 1000"' || return 1
    gives "" lab exec source -- virsh -q list --all && gives "" lab exec dest -- virsh -q list --all &&
        gives "" lab exec source -- ls /srv/nfs && ssh_everywhere && status_table
}

# The cables end in the namespace `switch`, under the hosts' names.
cable_cut() {
    lab exec switch -- ip link set dest down && ! lab exec admin -- ping -q -c 1 -W 1 dest &&
        lab exec switch -- ip link set dest up && lab exec admin -- ping -q -c 3 -W 1 -i 0.2 dest
}

# A host's first process has to bury what is left to it, or a killed daemon would look alive.
no_zombies() {
    lab exec source -- sh -c 'for i in 1 2 3; do (sleep 0.2 &) ; done; sleep 1; ! ps -eo stat | grep ^Z >/dev/null' || return 1
    # shellcheck disable=SC2016
    lab exec dest -- sh -c 'kill -KILL "$(cat /run/migsh-lab/libvirtd.pid)"' && sleep 0.2
    lab status | grep 'libvirtd dead' && lab service dest libvirtd start && lab exec dest -- virsh -q list
}

# A caller whose environment differs finds the lab all the same.
other_environment() { gives source env XDG_CACHE_HOME="$work/cache" "$here/lab" --name "$name" exec source -- hostname; }

services_restart() {
    lab service dest libvirtd stop && ! lab exec dest -- virsh -q list && lab status | grep 'libvirtd dead' &&
        lab service dest libvirtd start && lab exec dest -- virsh -q list
}

# kill -9 at this moment of an `up`; then everything can be found and removed.
killed_up() { # killed_up SECONDS
    setsid "$here/lab" --name "$name" --subnet "$subnet" up --ready &
    local pid=$!
    sleep "$1"
    kill -KILL -- "-$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    sleep 0.2
    # an up killed before it made its first file has nothing to be found
    namespaces >"$work/namespaces" 2>/dev/null || echo none >"$work/namespaces"
    local now
    now=$(ticks)
    lab down && nothing_left "$now"
}

killed_first_process() {
    local pid
    read -r pid _ <"$state/lab.pid"
    kill -KILL "$pid"
    sleep 0.5
    quick 120 lab up --ready && status_table
}

refused() { # refused REASON COMMAND...: status 77 and one line
    local reason=$1
    shift
    status_is 77 "$@" 2>"$work/refused" && cat "$work/refused" && [[ $(wc -l <"$work/refused") == 1 ]] &&
        grep -q "$reason" "$work/refused"
}

"$here/lab" check || exit # 77, with the reason
trap clean_up EXIT
lab fetch || exit 1
machine >"$work/before"

if setpriv --reuid 65534 --clear-groups test -r "$here/lab" 2>/dev/null; then
    check "without root: one line, status 77" refused root setpriv --reuid 65534 --clear-groups "$here/lab" up
else
    skip_one "without root: one line, status 77" "the tree cannot be read by others"
fi
check "without namespaces: one line, status 77" refused namespaces \
    setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$here/lab" up

check "up" quick 120 lab up
check "status" status_table
check "status tells which QEMU the hosts run, and it is that one" qemu_is_told
check "nodes are bare" bare_nodes
check "host_uuid differs" different_uuids
# shellcheck disable=SC2016
check "exec passes stdin, stdout and status" status_is 7 lab exec source -- sh -c 'read -r n; echo "$n"; exit "$n"' <<<7
check "exec passes SIGTERM" term_reaches
check "exec on a terminal, Ctrl-C" terminal
check "share on bare nodes" guest_up share
check "what a lab leaves would be seen" traces_are_seen
check "down leaves nothing" down_leaves_nothing
check "down again" lab down

check "up --ready" quick 120 lab up --ready
check "ssh with keys, by name and address" ssh_everywhere
check "libvirt over ssh and tcp" uris
check "the export is one directory" share_is_shared
check "/etc is private" private_etc
check "password login can be allowed" password_login
check "/etc/hosts can be replaced" hosts_renamed
check "two labs at once" quick 120 lab_b up
check "each has its own address" gives "$other_subnet.100/24" lab_b exec source -- \
    sh -c "ip -4 -o addr show br0 | sed 's/.*inet \([^ ]*\).*/\1/'"
check "they do not see each other" status_is 2 lab_b exec source -- ping -q -c 1 -W 1 "$subnet.100"
check "down of one" lab_b down
check "the bridges keep their addresses" bridge_keeps_address
check "guest share answers" guest_up share
check "a guest is not started twice" refuses_second_copy
check "guest test1 answers" guest_up test1
check "guest local1 answers" guest_up local1
check "share migrates" migrate share source dest --unsafe
check "share migrates back" migrate share dest source --unsafe --undefinesource
check "test1 migrates, p2p" migrate test1 source dest --unsafe --p2p
check "local1 migrates with its disk" migrate_with_disk
check "share is shut down by virsh shutdown" shutdown_works source
check "busy never converges at 4 MiB/s" never_converges
check "busy converges without a limit" converges_freely
check "a service is stopped and started" services_restart
check "a cable is cut and mended" cable_cut
check "no zombies, and a killed daemon is seen" no_zombies
check "found from another environment" other_environment
check "reset is quick and complete" reset_is_clean
check "guest share after reset" guest_up share
check "down with a guest running leaves nothing" down_leaves_nothing
check "up again" quick 120 lab up --ready
check "down amid migrations, with the NFS server stopped" down_in_trouble

for moment in 0.1 0.3 0.6 1.0 1.5 2.5; do
    check "kill -9 of up after $moment s, down leaves nothing" killed_up "$moment"
done
check "up after that" quick 120 lab up --ready
check "up after the first process was killed" killed_first_process
check "down leaves nothing at last" down_leaves_nothing
check "up --ready --tls" quick 120 lab up --ready --tls
check "libvirt over tls" gives dest lab exec admin -- virsh -c qemu+tls://dest/system hostname
check "guest share answers" guest_up share
check "share migrates over tls, encrypted" migrate_tls
check "down" lab down
finish
