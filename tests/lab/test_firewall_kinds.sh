#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# As test_firewall.sh, of a real ufw, and of a real firewalld where its packages can be had. A lab of its own
# (MIGSH_FIREWALLKINDS_SUBNET). About a minute.
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" firewallkinds 192.168.128
# shellcheck source=tests/lab/lib/firewalld.sh
. "$here/lib/firewalld.sh"

up --ready
three_nodes "$(lab address source)" "$(lab address dest)" "$(lab address nfs)"

rules() { on "${1:-dest}" nft -s list ruleset 2>/dev/null; }
untouched() { same "$work/rules" rules; }
closes() {
    local i
    for i in {1..120}; do
        untouched >/dev/null && return
        sleep 0.5
    done
    untouched
}
no() { ! "$@"; }
the_id() { sed -n 's/.*(migsh \([0-9]*\)).*/\1/p' "$work/out" | head -n 1; }
the_journal() { sed -n 's/^journal //p' "$work/out"; }

# --- ufw
on dest sh -c 'ufw allow 22/tcp; ufw --force enable' >/dev/null 2>&1
rules >"$work/rules"
expect "ufw keeps the ports" 12 '^ dest +ufw ' firewall-check dest --from source
expect "opened in front of it" 0 'blocked +passes' firewall-open dest --for 15s --from source --apply
check "no boot brings it back" no on dest grep -r migsh /etc/ufw
check "closed by itself" closes
expect "what is to stay is ufw's own rule" 0 'blocked +passes' firewall-open dest --keep --from source --ports 5000-5010 --apply
id=$(the_id)
check "with our comment" gives 0 "5000:5010/tcp +ALLOW IN +[0-9.]+ +# migsh $id keep" on dest ufw status numbered
expect "it is told" 12 "$id \(ufw, kept\)" firewall-check dest --from source
expect "and closed" 0 'changed' firewall-close dest "$id" --apply
check "the rules are the operator's again" untouched
expect "switched off, in so many words" 0 'every port is open to everyone' firewall-open dest --disable-firewall --apply
journal=$(the_journal)
check "it is" gives 0 'inactive' on dest ufw status
expect "and on again" 0 'reverted' journal-revert "$journal"
check "the rules are the operator's again" untouched
on dest ufw --force disable >/dev/null 2>&1

# --- firewalld
if firewalld_fetch && firewalld_start nfs >"$work/out" 2>&1; then
    rules nfs >"$work/nfs"
    expect "firewalld keeps the ports" 12 '^ nfs +firewalld ' firewall-check nfs --from source
    m firewall-open nfs --for 20s --from source --ports 2049 --apply >"$work/out" 2>&1
    check "opened by a rule that firewalld itself ends" gives 0 '^ nfs +ports 2049 open for 20 s.* changed' cat "$work/out"
    for _ in {1..120}; do same "$work/nfs" rules nfs >/dev/null && break; sleep 0.5; done
    check "it has closed it" same "$work/nfs" rules nfs
    expect "what is to stay passes" 0 '^ source +2049 +blocked +passes' firewall-open nfs --keep --from source --ports 2049 --apply
    check "by a permanent rule for that node" gives 0 "^rule priority=\"-$(the_id)\" family=\"ipv4\" source address=\"$(lab address source)\" port port=\"2049\"" on nfs firewall-cmd --permanent --list-rich-rules
    expect "and taken back" 0 'reverted' firewall-open nfs --revert
    check "both" prints '' on nfs firewall-cmd --permanent --list-rich-rules
    check "the rules are the operator's again" same "$work/nfs" rules nfs
else
    skip_one "firewalld" "its packages cannot be had, or it does not start here"
fi

finish
