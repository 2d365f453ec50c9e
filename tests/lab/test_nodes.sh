#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Nodes in the lab: exec on real hosts, every transport of node-test, and what they say when a daemon is gone. A lab of its
# own (MIGSH_NODESTEST_SUBNET). Prints "ok N - …".
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
migsh=$(realpath "${MIGSH:-$here/../../build-asan/shell/migsh}")
subnet=${MIGSH_NODESTEST_SUBNET:-192.168.85}
name=nodestest-$$
work=$(mktemp -d)
lab() { "$here/lab" --name "$name" --subnet "$subnet" "$@"; }
lab check || exit
trap 'lab down >/dev/null 2>&1; rm -rf "$work"' EXIT

count=0 failed=0
# expect NAME STATUS PATTERN ARGS…: migsh on admin; PATTERN is a Perl regex on stdout and stderr, ^ and $ mean lines.
expect() {
    local what=$1 status=$2 pattern=$3 got=0
    shift 3
    lab exec admin -- "$migsh" -i "$work/nodes" "$@" >"$work/out" 2>&1 </dev/null || got=$?
    count=$((count + 1))
    if [ "$got" = "$status" ] && grep -qzP -- "(?ms)$pattern" "$work/out"; then
        echo "ok $count - $what"
    else
        failed=$((failed + 1))
        echo "not ok $count - $what"
        { echo "status $got, wanted $status; wanted /$pattern/ in:"; cat "$work/out"; } | sed 's/^/# /'
    fi
}

cat >"$work/nodes" <<NODES
node-add source root@source
node-add dest root@dest
node-add nfs root@nfs --role storage
NODES
chmod 755 "$work"
chmod 644 "$work/nodes"

lab up >/dev/null 2>&1 || { echo "not ok 1 - the lab comes up"; exit 1; }
expect "bare hosts: a name that admin does not know" 7 "(no address is known for|cannot look up) \"source\"" exec source -- true
lab down >/dev/null 2>&1
lab up --ready --tls >/dev/null 2>&1 || { echo "not ok 1 - the lab comes up ready"; exit 1; }
lab guest define local1 >/dev/null
expect "exec on three hosts" 0 "^source: source\ndest: dest\nnfs: nfs\n" exec all -- hostname
expect "node-test: every transport passes" 0 \
    "source +ssh +pass.*source +qemu\+ssh +pass.*source +qemu\+libssh +pass.*source +qemu\+tcp +pass.*source +qemu\+tls +pass.*dest +ssh.*nfs +ssh +pass" \
    node-test
expect "node-test --json" 0 '^\[\{"node": ?"nfs", ?"transport": ?"ssh", ?"result": ?"pass"' --json node-test nfs
lab service dest libvirtd stop >/dev/null
expect "node-test: libvirtd is gone, ssh is not" 7 "dest +ssh +pass.*dest +qemu\+ssh +fail.*not reached: dest \(qemu\+ssh\)" \
    node-test dest
lab service dest libvirtd start >/dev/null
lab service dest sshd stop >/dev/null
expect "node-test: sshd is gone, libvirtd is not" 7 "dest +ssh +fail +.*refused.*dest +qemu\+tcp +pass" node-test dest
expect "exec: the other hosts still answer" 7 "^source: source\n.*error: dest: cannot reach dest port 22" exec source,dest -- hostname

lab service dest sshd start >/dev/null
daemon=$(lab exec dest -- pidof libvirtd)
lab exec dest -- kill -STOP "$daemon"
expect "list: a frozen libvirtd is given up after 20 s, the other host is listed" 8 \
    "^ source +- +local1 .*error: node dest: .* did not answer within 20" list --all
lab exec dest -- kill -CONT "$daemon"
expect "list: and it is asked again" 0 "^ source +- +local1 " list --all
# The same in one console: open, frozen, given up by keepalive, asked again.
(echo "list --all --name"; sleep 3; lab exec dest -- kill -STOP "$daemon"; echo "list --all --name"; sleep 33
    lab exec dest -- kill -CONT "$daemon"; echo "list --all --name") |
    lab exec admin -- "$migsh" -k -i "$work/nodes" >"$work/out" 2>&1
count=$((count + 1))
if [ "$(grep -c '^source local1' "$work/out")" = 3 ] && [ "$(grep -c 'keepalive' "$work/out")" = 1 ]; then
    echo "ok $count - a connection to a host that froze ends, and is opened anew"
else
    failed=$((failed + 1))
    echo "not ok $count - a connection to a host that froze ends, and is opened anew"
    sed 's/^/# /' "$work/out"
fi

echo "$((count - failed)) passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
