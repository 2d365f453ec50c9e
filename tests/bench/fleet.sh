# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2034 # what the sourcing script uses
# Sourced by hosts.sh and keys.sh: 20 nodes, each a real sshd with the defaults of its kind (MaxStartups 10:30:100), a
# name, an /etc and a /root of its own in namespaces at 10.66.0.N; the figures of both sides. All in a pid and a network
# namespace, so that the numbers of processes can be told from the pids, and nothing is left behind.
# Gives: work, rounds, migsh, nodes, all (n1,n2,…), and HOME with a key that the nodes let in.
[ "$(id -u)" -eq 0 ] || { echo "needs root"; exit 77; }
# A network of its own: loopback addresses are no addresses of a node.
[ -n "${MIGSH_BENCH_INSIDE:-}" ] || MIGSH_BENCH_INSIDE=1 exec unshare --net --pid --fork --kill-child --mount --mount-proc "$0" "$@"
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
ip link set lo up
rounds=${1:-5} nodes=${nodes:-20}
migsh=$(realpath "${MIGSH_PLAIN:-build/shell/migsh}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT # the sshds end with the pid namespace
export HOME="$work/home" XDG_CONFIG_HOME="$work/config" XDG_STATE_HOME="$work/state"
unset SSH_AUTH_SOCK
mkdir -m 700 "$HOME" "$HOME/.ssh"
ssh-keygen -q -t ed25519 -N '' -f "$HOME/.ssh/id_ed25519"
pids=()
for ((i = 1; i <= nodes; i++)); do
    ip address add "10.66.0.$i/32" dev lo
    cp -a /etc "$work/etc$i"
    printf '127.0.0.1 localhost\n' >"$work/etc$i/hosts"
    rm -f "$work/etc$i"/ssh/ssh_host_*
    ssh-keygen -q -t ed25519 -N '' -f "$work/etc$i/ssh/ssh_host_ed25519_key"
    mkdir -m 700 "$work/root$i" "$work/root$i/.ssh" # nobody's shell start-up files
    cp "$HOME/.ssh/id_ed25519.pub" "$work/root$i/.ssh/authorized_keys"
    cat >"$work/etc$i/ssh/sshd_config" <<TEXT
ListenAddress 10.66.0.$i
Port 2222
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile none
UsePAM no
TEXT
    unshare -m -u sh -c "hostname n$i; mkdir -p /run/sshd; mount --bind '$work/etc$i' /etc && mount --bind '$work/root$i' /root &&
        exec /usr/sbin/sshd -D -e" 2>"$work/log$i" &
    pids+=($!)
    echo "[10.66.0.$i]:2222 $(cut -d' ' -f1,2 "$work/etc$i/ssh/ssh_host_ed25519_key.pub")" >>"$HOME/.ssh/known_hosts"
    echo "node-add n$i root@10.66.0.$i --port 2222" >>"$work/nodes"
done
chmod 600 "$work/nodes"
for ((i = 1; i <= nodes; i++)); do
    for ((k = 0; k < 100; k++)); do
        (exec 3<>"/dev/tcp/10.66.0.$i/2222") 2>/dev/null && break
        sleep 0.05
    done
done
all=$(seq -f 'n%.0f' -s, 1 "$nodes")
ssh_to="ssh -F none -i $HOME/.ssh/id_ed25519 -o UserKnownHostsFile=$HOME/.ssh/known_hosts -o BatchMode=yes -p 2222"

# CPU ticks of all sshds and what they have waited for.
far_ticks() {
    local p sum=0 f
    for p in "${pids[@]}"; do
        read -ra f <"/proc/$p/stat"
        sum=$((sum + f[13] + f[14] + f[15] + f[16]))
    done
    echo "$sum"
}
# CPU ticks of what has ended here: commands, and what they left behind.
own_ticks() { awk '{ print $16 + $17 }' "/proc/$$/stat"; }
# timed NAME COMMAND…: appends "ms processes cpu_ms" to $work/NAME, of both sides; threads are processes too
timed() {
    local name=$1 from last ticks pid0 pid1
    shift
    ticks=$(($(far_ticks) + $(own_ticks)))
    read -r _ _ _ _ pid0 </proc/loadavg
    from=$EPOCHREALTIME
    "$@" >"$work/out" 2>&1 || { echo "$name failed:"; cat "$work/out"; exit 1; }
    last=$EPOCHREALTIME
    read -r _ _ _ _ pid1 </proc/loadavg
    sleep 0.2 # the far side ends
    ticks=$(($(far_ticks) + $(own_ticks) - ticks))
    awk -v a="$from" -v b="$last" -v p=$((pid1 - pid0 - 1)) -v t="$ticks" -v hz="$(getconf CLK_TCK)" \
        'BEGIN { printf "%.0f %d %.0f\n", (b - a) * 1000, p, t * 1000 / hz }' >>"$work/$name"
}
column() { sort -n -k "$2,$2" "$work/$1" | awk -v c="$2" '{ v[NR] = $c } END { print v[int((NR + 1) / 2)] }'; }
# report WHAT MIGSH PEER PEERNAME
report() {
    local k
    echo "$1, $nodes nodes, medians of $rounds rounds by turns; a node's share:"
    printf '%-24s %8s %10s %8s\n' '' ms processes 'CPU ms'
    for k in "$2:migsh" "$3:$4"; do
        awk -v w="${k#*:}" -v n="$nodes" -v a="$(column "${k%%:*}" 1)" -v b="$(column "${k%%:*}" 2)" -v c="$(column "${k%%:*}" 3)" \
            'BEGIN { printf "%-24s %8.1f %10.1f %8.1f\n", w, a / n, b / n, c / n }'
    done
    awk -v m="$(column "$2" 1)" -v s="$(column "$3" 1)" -v n="$nodes" 'BEGIN {
        printf "migsh %.1f ms a node (wanted 12), %.1f times less than %s (wanted 4)\n", m / n, s / m, "'"$4"'" }'
    echo "logins refused by an sshd: $(cat "$work"/log* | grep -ciE 'MaxStartups|drop connection|beginning MaxStartups')"
}
