#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An ssh login with its first command, and later commands on the same connection, beside `ssh HOST true`: loopback, a
# real sshd in namespaces of its own, pairs in alternating order, medians. The bars: login and first command at most 1/5
# of `ssh`, later commands at most 5 ms, one connection for all commands.
#     tests/bench/ssh_login.sh [PAIRS]
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
pairs=${1:-21}
driver=$(realpath "${DRIVER:-$here/../build/tests/lab/remote_driver}")
migsh=$(realpath "${MIGSH_PLAIN:-$here/../build/shell/migsh}")
if [ "${SSH_LOGIN_INSIDE:-}" != 1 ]; then
    if [ "$(id -u)" != 0 ] || ! unshare --mount --net --pid --fork --mount-proc true 2>/dev/null; then
        echo "skipped: needs root and namespaces"
        exit 77
    fi
    export SSH_LOGIN_INSIDE=1
    exec unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private "$(realpath "$0")" "$@"
fi

ip link set lo up
mount -t tmpfs -o mode=755 tmpfs /run
dir=/run/bench
mkdir -p /run/sshd "$dir/root/.ssh"
chmod 700 "$dir/root" "$dir/root/.ssh"
mount --bind "$dir/root" /root # no ~/.bashrc that would be measured instead
export HOME=/root
unset SSH_AUTH_SOCK
cd "$dir"
ssh-keygen -q -t ed25519 -N '' -f host
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys
printf '%s\n' "Port 22" "ListenAddress 127.0.0.1" "HostKey $dir/host" "PidFile $dir/pid" "UsePAM no" \
    "PermitRootLogin yes" "LogLevel INFO" >conf
/usr/sbin/sshd -f "$dir/conf" -E "$dir/log"
for _ in $(seq 100); do [ -s pid ] && break; sleep 0.05; done
echo "127.0.0.1 $(cut -d' ' -f1,2 host.pub)" >/root/.ssh/known_hosts
echo "node-add n root@127.0.0.1" >nodes

ms() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", (b - a) * 1000}'; }
# timed FILE COMMAND…: adds the wall time of the whole process to FILE
timed() {
    local file=$1 start=$EPOCHREALTIME
    shift
    "$@" >/dev/null 2>>errors
    ms "$start" "$EPOCHREALTIME" >>"$file"
    echo >>"$file"
}
ours() {
    "$driver" -t -n 11 127.0.0.1 true 2>steps
    awk '/login_ms/ {l = $2} /exec_ms/ && !n++ {print l + $2 >> "first"; print l >> "login"; next}
        /exec_ms/ {print $2 >> "later"}' steps
}
median() { sort -n "$1" | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
spread() { sort -n "$1" | awk '{v[NR] = $1} END {printf "%s … %s", v[int(NR * 0.1) + 1], v[int(NR * 0.9 + 0.5)]}'; }

timed warm ssh 127.0.0.1 true
ours
timed warm "$migsh" -i nodes exec n -- true
rm -f first login later
for ((i = 0; i < pairs; i++)); do
    if ((i % 2)); then
        timed ssh ssh 127.0.0.1 true
        timed curve ssh -o KexAlgorithms=curve25519-sha256 127.0.0.1 true
        ours
        timed migsh "$migsh" -i nodes exec n -- true
    else
        timed migsh "$migsh" -i nodes exec n -- true
        ours
        timed curve ssh -o KexAlgorithms=curve25519-sha256 127.0.0.1 true
        timed ssh ssh 127.0.0.1 true
    fi
done

before=$(grep -c '^Accepted' log)
ours
connections=$(($(grep -c '^Accepted' log) - before))
ratio=$(awk -v a="$(median first)" -v b="$(median ssh)" 'BEGIN {printf "%.3f", a / b}')
printf '%-58s %8s   %s\n' "$pairs pairs, ms" median "10 % … 90 %"
row() { printf '%-58s %8s   %s\n' "$1" "$(median "$2")" "$(spread "$2")"; }
row "ssh HOST true (process)" ssh
row "ssh HOST true, same key exchange (curve25519)" curve
row "migsh exec NODE -- true (process, start to end)" migsh
row "login and first command" first
row "  of it the login" login
row "later commands on the same connection" later
echo "login and first command / ssh HOST true: $ratio (bar: 0.2); connections for 11 commands: $connections (bar: 1)"
rc=0
check() { if [ "$2" = 1 ]; then echo "ok - $1"; else echo "not ok - $1"; rc=1; fi; }
check "login and first command at most 1/5 of ssh" "$(awk -v r="$ratio" 'BEGIN {print r <= 0.2}')"
check "later commands at most 5 ms" "$(awk -v m="$(median later)" 'BEGIN {print m <= 5}')"
check "one connection" "$((connections == 1))"
exit $rc
