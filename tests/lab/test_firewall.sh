#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Ports that a firewall keeps, opened for a while and closed by the node itself, by nft, where two base chains drop.
# Whoever connects is another host. Whatever happens, the operator's rules are the same bytes afterwards. A lab of its
# own (MIGSH_FIREWALL_SUBNET). About a minute; other firewalls are in test_firewall_kinds.sh.
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" firewall 192.168.129

up --ready
three_nodes "$(lab address source)" "$(lab address dest)" "$(lab address nfs)"

# tiny NAME: a guest without a system or disks, running on source.
tiny() {
    cat >"$work/$1.xml" <<XML
<domain type='qemu'><name>$1</name><memory unit='MiB'>16</memory><vcpu>1</vcpu><os><type arch='x86_64'>hvm</type></os>
<features><acpi/></features><cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator><memballoon model='none'/></devices></domain>
XML
    on source virsh -q define "$work/$1.xml" && on source virsh -q start "$1"
}
rules() { on dest nft -s list ruleset; }
# The operator's, with nothing of ours: as they were, now or soon.
untouched() { same "$work/rules" rules; }
closes() {
    local i
    for i in {1..120}; do
        untouched >/dev/null && return
        sleep 0.5
    done
    untouched
}
# Is a port for migrations of dest reached from there? As a plain connection, by no part of migsh.
reached_from() {
    # shellcheck disable=SC2016 # perl's
    on dest perl -MSocket=:all -e 'socket(my $s, AF_INET, SOCK_STREAM, 0); setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
        bind($s, pack_sockaddr_in(49200, INADDR_ANY)) && listen($s, 1) or die; alarm 3; accept(my $c, $s)' &
    local listener=$! rc
    on "$1" timeout 2 bash -c "until (: </dev/tcp/$(lab address dest)/49200) 2>/dev/null; do sleep 0.2; done"
    rc=$?
    wait "$listener" 2>/dev/null
    return "$rc"
}
no() { ! "$@"; }
the_id() { sed -n 's/.*(migsh \([0-9]*\)).*/\1/p' "$work/out" | head -n 1; }
the_journal() { sed -n 's/^journal //p' "$work/out"; }

# --- nft
lab exec dest -- nft -f - <<'RULES'
table inet filter {
  chain input { type filter hook input priority 0; policy drop; ct state established,related accept; iif lo accept; icmp type echo-request accept; tcp dport 22 accept comment "mine; $(touch /pwned) migsh 12345 keep"; jump later; }
  chain later { tcp dport 16509 accept; }
}
table ip guard {
  chain in { type filter hook input priority 10; tcp dport 49152-49215 reject; }
  chain forward { type filter hook forward priority 0; policy drop; }
}
RULES
rules >"$work/rules"
tiny one >"$work/out" 2>&1 && tiny two >>"$work/out" 2>&1 && tiny three >>"$work/out" 2>&1
report "three guests run"
expect "what is blocked is told, and what opens it" 12 '^ dest +nft .*^ source +dest +passes +blocked +passes .*hint: firewall-open dest --from source --ports migration --for 1h --apply' firewall-check dest
m --json firewall-check dest --from source 2>/dev/null | grep '"nodes"' >"$work/json"
check "as JSON" py "n = d['nodes'][0]; w = [x for x in d['ways'] if x['service'] == 'migration'][0]
assert n['backends'] == ['nft'] and n['drops'] == ['nft inet filter input', 'nft ip guard in'] and n['opened'] == [], n
assert w['state'] == 'blocked' and w['needed'] and 49152 <= w['port'] <= 49215, w" <"$work/json"
expect "preflight names it, with the command that mends it" 12 'fail. ports .*remedy: firewall-open dest --from source --for 1h --apply' preflight one@source dest
expect "to all for ever: refused" 2 'needs --for or --keep' firewall-open dest --apply
expect "for a while and for ever: refused" 2 'for|keep' firewall-open dest --for 1h --keep --apply
expect "for no time: refused" 2 'a second to 30 days' firewall-open dest --for 0 --apply
expect "a hostile word is no port" 2 "'.\(touch /pwned\)' is not a port" firewall-open dest --for 1h --ports "migration,\$(touch /pwned)" --apply
expect "nobody's node" 3 "no node 'nobody'" firewall-open nobody --for 1h --apply
expect "nothing to switch off" 11 'no firewalld or ufw that runs' firewall-open dest --disable-firewall --apply
expect "no SELinux to switch off" 11 'no SELinux that enforces' firewall-open dest --disable-selinux --apply
expect "close what?" 2 'needs ID or --all' firewall-close dest --apply
expect "a number that is none" 2 '10000' firewall-close dest 5 --apply
expect "nothing of ours: nothing is closed, whatever a comment says" 0 'nothing to do' firewall-close dest --all --apply
expect "a plan opens nothing" 0 'ports 49152-49215 open for 20 s, for [0-9.]+ \(migsh [0-9]+\) +planned' firewall-open dest --for 20s --from source --plan
expect "and is not verified" 12 'ports open +failed' firewall-open dest --from source --verify
check "nobody's rules were touched, nothing hostile ran" untouched
check "nobody gets in" no reached_from source

expect "opened for one node" 0 '^ dest .* changed$.*^ source +49152-49215 +blocked +passes' firewall-open dest --for 10m --from source --apply
first=$(the_id) journal=$(the_journal)
check "it gets in" reached_from source
check "the other does not" no reached_from nfs
expect "a guest migrates" 0 '' migrate --live one@source dest
expect "another opening, for the other node" 0 '^ nfs +49152-49215 +blocked +passes' firewall-open dest --for 20s --from nfs --apply
second=$(the_id)
check "the other gets in" reached_from nfs
gone() { for _ in {1..120}; do rules | grep -F "migsh $1 " >/dev/null || return 0; sleep 0.5; done; return 1; }
check "the second closes by itself" gone "$second"
check "the other does not get in any more" no reached_from nfs
expect "the first is still open, and told with its end; and all is verified" 0 "ports open +verified.*^ dest .*$first \(nft, closes in [0-9]+ s\)" -c 'firewall-open dest --from source --verify' -c 'firewall-check dest --from source'
expect "its journal takes it back" 0 'reverted' journal-revert "$journal"
check "the rules are the operator's again, to the byte" untouched

# --- killed
lab exec admin -- sh -c 'echo $$ >/root/console; exec env XDG_STATE_HOME=/root/state "$@"' sh "$migsh" -i "$work/nodes" -c 'firewall-open dest --for 8s --from source --apply' -c 'exec dest sleep 600' </dev/null >"$work/console" 2>&1 &
for _ in {1..60}; do grep passes "$work/console" >/dev/null && break; sleep 0.5; done
check "open" reached_from source
# shellcheck disable=SC2016 # the host's
on admin sh -c 'kill -9 "$(cat /root/console)"'
check "its console is killed; the node closes by itself" closes
check "nobody gets in" no reached_from source
check "and nothing is left of any" prints '' on dest sh -c 'ls /run/migsh | grep firewall; ps ax | grep "[r]un/migsh/firewall-"; true'

# --- fix
expect "live-migrate --fix opens, migrates" 0 'rollback .*takes it back.*two' live-migrate two dest --fix --no-watch
check "and closes" untouched
expect "the guest is there" 0 '^running$' domstate two@dest
expect "preflight --fix opens" 0 'rollback [^ ]+ takes it back' preflight three@source dest --fix
id=$(sed -n 's/.*rollback \([^ ]*\) takes.*/\1/p' "$work/out" | head -n 1)
check "it gets in" reached_from source
expect "rollback closes" 0 '' rollback "$id"
check "the rules are the operator's again" untouched

# --- silent
printf 'node-add %s\n' "source root@$(lab address source)" "dest root@$(lab address dest)" "ghost root@${MIGSH_LAB_SUBNET}.77" >"$work/ghosts"
g() { lab exec admin -- env XDG_STATE_HOME=/root/state "$migsh" -i "$work/ghosts" "$@" </dev/null; }
check "a node that does not answer is not called blocked" gives 7 '^ source +ghost +unknown' g firewall-check ghost --from source
check "and cannot be opened" gives 7 'ghost' g firewall-open ghost --for 1h --apply
check "for a node that does not answer it is opened by its address" gives 7 'ghost does not answer: .* changed' g firewall-open dest --for 1h --apply
check "all of it is closed" gives 0 'changed' g firewall-close dest --all --apply
check "the rules are the operator's again" untouched

# --- for good, where the operator lets in one port of the range, then all of it
for chain in "inet filter input" "ip guard in"; do
    # shellcheck disable=SC2086 # words
    on dest nft insert rule $chain tcp dport 49152 accept
done
expect "what comes in by one port of a range is not all of it" 0 'ports 49152-49215 open.* planned' firewall-open dest --keep --from source --plan
for chain in "inet filter input" "ip guard in"; do
    # shellcheck disable=SC2086
    on dest nft insert rule $chain tcp dport 49152-49215 accept
done
expect "what is open already is left so" 0 'is open for them already.*nothing to do' firewall-open dest --keep --from source --apply

finish
