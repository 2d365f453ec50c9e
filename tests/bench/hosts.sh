#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# /etc/hosts of 20 nodes: `hosts-sync --apply` beside `xargs -P16 ssh` that writes the same file, by turns, medians. Each node
# is a real sshd with an /etc of its own, in a mount namespace at 10.66.0.N. Wanted: at most 12 ms a node, and at least 4
# times less than ssh. Usage: hosts.sh [ROUNDS] (default 5). Needs root.
set -uo pipefail
[ "$(id -u)" -eq 0 ] || { echo "needs root"; exit 77; }
# A network of its own: loopback addresses are no addresses of a node.
[ -n "${MIGSH_BENCH_NET:-}" ] || MIGSH_BENCH_NET=1 exec unshare -n "$0" "$@"
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
ip link set lo up
rounds=${1:-5} nodes=20
migsh=$(realpath "${MIGSH_PLAIN:-build/shell/migsh}")
work=$(mktemp -d)
export HOME="$work/home" XDG_CONFIG_HOME="$work/config" XDG_STATE_HOME="$work/state"
mkdir -m 700 "$HOME" "$HOME/.ssh"
pids=()
# shellcheck disable=SC2317 # the trap's
end() {
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$work"
}
trap end EXIT

ssh-keygen -q -t ed25519 -N '' -f "$HOME/.ssh/id_ed25519"
ssh-keygen -q -t ed25519 -N '' -f "$work/host"
cp "$HOME/.ssh/id_ed25519.pub" "$work/keys"
mkdir -m 700 "$work/root" # nobody's shell start-up files
for ((i = 1; i <= nodes; i++)); do
    ip address add "10.66.0.$i/32" dev lo
    cp -a /etc "$work/etc$i"
    printf '127.0.0.1 localhost\n' >"$work/etc$i/hosts"
    cat >"$work/conf$i" <<TEXT
ListenAddress 10.66.0.$i
Port 2222
HostKey $work/host
AuthorizedKeysFile $work/keys
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
TEXT
    unshare -m sh -c "mkdir -p /run/sshd; mount --bind '$work/etc$i' /etc && mount --bind '$work/root' /root && exec /usr/sbin/sshd -D -e -f '$work/conf$i'" 2>"$work/log$i" &
    pids+=($!)
    echo "[10.66.0.$i]:2222 $(cut -d' ' -f1,2 "$work/host.pub")" >>"$HOME/.ssh/known_hosts"
    echo "node-add n$i root@10.66.0.$i --port 2222" >>"$work/nodes"
done
chmod 600 "$work/nodes"
for ((i = 1; i <= nodes; i++)); do
    for ((k = 0; k < 100; k++)); do
        (exec 3<>"/dev/tcp/10.66.0.$i/2222") 2>/dev/null && break
        sleep 0.05
    done
done

ms() { echo $(($(date +%s%N) / 1000000)); }
all=$(seq -f 'n%.0f' -s, 1 "$nodes")
: >"$work/migsh" && : >"$work/ssh"
for ((r = 0; r < rounds; r++)); do
    a=$(ms)
    "$migsh" -i "$work/nodes" -q hosts-sync "$all" --apply >"$work/out" 2>&1 || { cat "$work/out"; exit 1; }
    b=$(ms)
    echo $((b - a)) >>"$work/migsh"
    grep -q 'n20$' "$work/etc7/hosts" || { echo "not written"; exit 1; }
    "$migsh" -i "$work/nodes" -q hosts-sync "$all" --revert >"$work/out" 2>&1 || { cat "$work/out"; exit 1; }
    a=$(ms)
    seq 1 "$nodes" | xargs -P16 -I{} ssh -F none -i "$HOME/.ssh/id_ed25519" -o UserKnownHostsFile="$HOME/.ssh/known_hosts" \
        -n -o BatchMode=yes -p 2222 root@10.66.0.{} 'cp /etc/hosts /etc/hosts.bak; { cat /etc/hosts.bak; seq -f "10.66.0.%.0f n" 1 20; } >/etc/hosts.new && sync /etc/hosts.new && mv /etc/hosts.new /etc/hosts' 2>"$work/err" ||
        { cat "$work/err"; exit 1; }
    b=$(ms)
    echo $((b - a)) >>"$work/ssh"
    for ((i = 1; i <= nodes; i++)); do printf '127.0.0.1 localhost\n' >"$work/etc$i/hosts"; done
done
median() { sort -n "$1" | sed -n "$((rounds / 2 + 1))p"; }
m=$(median "$work/migsh") s=$(median "$work/ssh")
awk -v m="$m" -v s="$s" -v n="$nodes" 'BEGIN {
    printf "hosts of %d nodes: migsh %d ms (%.1f ms a node, wanted 12), xargs -P16 ssh %d ms (%.1f a node): %.1f times less (wanted 4)\n", n, m, m / n, s, s / n, s / m
}'
