#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Nodes in the lab: exec on real hosts, every transport of node-test, and what they say when a daemon is gone. A lab of
# its own (MIGSH_NODESTEST_SUBNET). Prints "ok N - …".
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" nodestest 192.168.85
three_nodes

up
expect "bare hosts: a name that admin does not know" 7 "(no address is known for|cannot look up) \"source\"" exec source -- true
lab down >/dev/null 2>&1
up --ready --tls
lab guest define local1 >/dev/null
expect "exec on three hosts" 0 "^source: source\ndest: dest\nnfs: nfs\n" exec all -- hostname
evil='a b'\''";$(touch pwned) -rf'
lua="local n = mig.node 'dest'; return n:run('printf \"%s,\" \"\$@\"', [[$evil]], '', 7) .. n:run({'wc', '-c'}, {input = ('x'):rep(100000)})"
expect "node:run: arguments and input arrive as they are" 0 "^\\Q$evil\\E,,7,100000\$" -c "=(function() $lua end)()"
expect "node:run: what it said when it failed" 1 "error: dest: no such thing\$" -c "lua mig.node 'dest':run('echo no such thing >&2; exit 3')"
expect "node:run: or nothing" 1 "error: dest: exit status 3\$" -c "lua mig.node 'dest':run('exit 3')"
expect "node:run: a limit" 8 "error: .*dest: timed out" -c "lua mig.node 'dest':run('sleep 60', {timeout = '1s'})"
expect "node:run: cancelled by another" 0 "^timeout\$" \
    -c "=(function() local _, e = mig.try(mig.timeout, '1s', function() mig.node 'dest':run{'sleep', '60'} end); return e.code end)()"
expect "node:run: and the node is well afterwards" 0 "^dest\$" -c "=mig.node 'dest':run{'hostname'}"
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
# Never two running copies: the disk of local1 is not there on dest, but it need not be for being refused.
lab exec source -- virsh dumpxml local1 >"$work/local1.xml"
lab exec dest -- virsh define "$work/local1.xml" >/dev/null
lab guest start local1 >/dev/null
expect "start: it runs on another node: refused, and said where" 10 \
    "error: not started: domain 'local1' is running on source.*hint: .*shutdown local1@source" start local1@dest
expect "create: the same" 10 "error: not created.* is running on source" create "$work/local1.xml" --node dest
expect "from Lua, too" 0 "state\s+true" -c \
    '=(function() local _, e = mig.try(mig.start, {"local1@dest"}); return e.code, e.msg:find "running on source" ~= nil end)()'
lab exec source -- virsh suspend local1 >/dev/null
expect "start: a copy that is paused is one" 10 "is paused on source.*hint: resume local1@source" start local1@dest
expect "resume: nobody else runs it" 0 "resumed" resume local1@source
lab exec source -- virsh destroy local1 >/dev/null
expect "start: it does not run elsewhere" 0 "started" start local1@source
lab exec source -- virsh destroy local1 >/dev/null
nobody_knows() { lab exec admin -- env XDG_STATE_HOME="/root/other-$RANDOM" "$migsh" -i "$work/nodes" "$@" </dev/null; }
daemon=$(lab exec dest -- pidof libvirtd)
lab exec dest -- kill -STOP "$daemon"
expect "hostname: a frozen libvirtd is given up after 20 s" 8 "did not answer within 2[0-9]" hostname --node dest
expect "list: it is not waited for once others have answered" 8 \
    "^ source +- +local1 .*error: node dest: .* did not answer within 1?[0-9]\.[0-9]" list --all
check "… where nobody knows it: for 5 s" gives 8 "^ source +- +local1 .*did not answer within (1.|[5-9])\." nobody_knows list --all
expect "node-list: which node keeps silent, and since when" 0 "Silent since.*^ dest .* 20[0-9-]+ [0-9:]+$" node-list
begun=$SECONDS
expect "start: a node that does not answer may run it: refused" 7 \
    "error: not started: whether 'local1' runs on dest is not known: .* did not answer within" start local1@source
expect "but with --force it is warned of" 0 \
    "warning: whether 'local1' runs on dest is not known: .* did not answer within.*Domain 'local1' started" start local1@source --force
ended=$((SECONDS - begun))
check "and is not waited for until it is given up: $ended s for both" [ "$ended" -lt 30 ]
# It is given up before the 20 s of an opening; how long exactly hangs on how slow the others are today (test_silence).
expect "dominfo: where a guest runs is told, whatever a silent node has of it" 0 \
    "warning: looked for .local1. without an answer from dest: .* did not answer within 1?[0-9]\.[0-9] s.*State: +running" dominfo local1
check "… and where nobody knows yet that it is silent" gives 0 "did not answer within 1?[0-9]\.[0-9] s.*State: +running" nobody_knows dominfo local1
expect "suspend: what changes something waits longer, once" 0 \
    "looked for .local1. without an answer from dest: .* did not answer within 1?[0-9]\.[0-9] s.*suspended" suspend local1
expect "domstate: nor is there a wait for what was found" 0 "within 1?[0-9]\.[0-9] s.*paused" domstate local1
expect "undefine, managedsave …: which copy is meant is not guessed while a node is silent" 8 \
    "domain 'local1' is on source, and may be elsewhere: no answer from dest: .*hint: say which: local1@source" desc local1 text
lab exec source -- virsh resume local1 >/dev/null
expect "a name that nobody who answers has: all are waited for" 8 "domain 'nobody' was not found; no answer from dest: .* within (1.|[5-9])\." \
    domstate nobody
# A recipe asks all nodes at its beginning, in its middle and at its end.
expect "cleanup: a silent node is waited for once, for 5 s" 12 "dest +does not answer.*unknown: dest does not answer.*\((no answer within [0-9]+ s|.*did not answer within.*)\)" cleanup local1
begun=$SECONDS
expect "live-migrate: to a node that does not answer" 8 "did not answer within" live-migrate local1 dest --no-watch
ended=$((SECONDS - begun))
check "it is given up once, not for each step: $ended s" [ "$ended" -lt 38 ]
expect "in one console it is waited for once" 8 "within 1?[0-9]\..*within 1?[0-9]\..*within (1.|[5-9])\." -k -c "list" -c "list" -c "hostname --node dest"
lab exec source -- virsh destroy local1 >/dev/null
lab exec dest -- kill -CONT "$daemon"
expect "list: and it is asked again" 0 "^ source +- +local1 " list --all
[[ $(m node-list) != *Silent* ]]
report "node-list: it has answered"
lab exec dest -- kill -STOP "$daemon"
(echo "list --all"; echo; sleep 1; echo quit) |
    lab exec admin -- env XDG_STATE_HOME=/root/state script -qec "$migsh -i $work/nodes" /dev/null >"$work/out" 2>&1
lab exec dest -- kill -CONT "$daemon"
grep -q "migsh \[[0-9] nodes\] (dest silent)> " "$work/out"
report "the prompt tells it, too"
m list >/dev/null 2>&1
# The same in one console: open, frozen, given up by keepalive, asked again.
# Both hosts are listed before one is frozen.
listed() { for _ in $(seq 240); do ! grep -q "^dest local1" "$work/out" || return; sleep 0.25; done; }
: >"$work/out"
(echo "list --all --name"; listed; lab exec dest -- kill -STOP "$daemon"; echo "list --all --name"; sleep 28
    lab exec dest -- kill -CONT "$daemon"; echo "list --all --name") |
    lab exec admin -- "$migsh" -k -i "$work/nodes" >"$work/out" 2>&1
[ "$(grep -c '^source local1' "$work/out")" = 3 ] && [ "$(grep -c 'keepalive' "$work/out")" = 1 ]
report "a connection to a host that froze ends, and is opened anew"
daemon=$(lab exec dest -- pidof libvirtd)
: >"$work/out"
# shellcheck disable=SC2094 # the output tells how far it is
(echo "list --all --name"; listed; lab exec dest -- kill -STOP "$daemon"; echo "start local1@source --force"; echo "list --all --name"
    for _ in $(seq 120); do ! grep -q "dest: .* did not answer within [5-9]" "$work/out" || break; sleep 0.5; done
    lab exec dest -- kill -CONT "$daemon"; echo "destroy local1@source"; echo "start local1@source") |
    lab exec admin -- "$migsh" -k -i "$work/nodes" >"$work/out" 2>&1
asked=$(grep -c "whether 'local1' runs on dest is not known: it did not answer" "$work/out")
started=$(grep -c "Domain 'local1' started" "$work/out")
[ "$asked $started $(grep -c "dest: .* did not answer within [5-9]" "$work/out")" = "1 2 1" ]
report "start: an open connection to a host that froze is not waited for; who asks next opens another"
daemon=$(lab exec dest -- pidof libvirtd)
(sleep 6; lab exec dest -- kill -STOP "$daemon") &
begun=$SECONDS
expect "event: --timeout is obeyed where the host froze meanwhile" 8 "events received: 0.*timed out" -C dest event --all --loop --timeout 9
ended=$((SECONDS - begun))
check "and the end does not wait for that host: $ended s" [ "$ended" -lt 27 ]
lab exec dest -- kill -CONT "$daemon"

finish
