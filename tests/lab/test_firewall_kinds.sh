#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# As test_firewall.sh, of a real ufw, and of a real firewalld where its packages can be had. What the lab's hosts cannot
# have, systemd and SELinux, are recording fakes. A lab of its own (MIGSH_FIREWALLKINDS_SUBNET). A minute and a half.
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
on dest sh -c 'ufw allow 22/tcp; ufw allow proto tcp from 192.0.2.1 to any port 7000 comment "migsh 12345 mine"; ufw --force enable' >/dev/null 2>&1
rules >"$work/rules"
expect "ufw keeps the ports" 12 '^ dest +ufw ' firewall-check dest --from source
expect "opened in front of it" 0 'blocked +passes' firewall-open dest --for 15s --from source --apply
check "no boot brings it back" no on dest grep -r migsh /etc/ufw
check "closed by itself" closes
lab exec dest -- sh -c 'cat >/usr/local/bin/iptables; chmod 755 /usr/local/bin/iptables' <<'END'
#!/bin/sh
[ ! -e /run/fake.silent ] || exit 4
case $* in
*-I\ INPUT*) sleep "$(cat /run/fake.slow 2>/dev/null || echo 0)" ;;
*-D\ INPUT*) [ ! -e /run/fake.stuck ] || exit 4 ;;
esac
exec /usr/sbin/iptables "$@"
END
on dest sh -c 'echo 3 >/run/fake.slow'
expect "opening that takes longer than it was to be open opens nothing" 1 'took longer than it was to be open' firewall-open dest --for 2s --from source --apply
check "not for ever" closes
on dest rm /run/fake.slow
m firewall-open dest --for 8s --from source --apply >"$work/out" 2>&1
on dest touch /run/fake.silent
sleep 9
check "where iptables does not answer it is still open, and is not forgotten" on dest sh -c 'ls /run/migsh | grep firewall-'
on dest mv /run/fake.silent /run/fake.stuck
expect "and is told as late" 12 'iptables, should have closed [0-9]+ s ago' firewall-check dest --from source
on dest rm /run/fake.stuck
check "it is tried again, and closed" closes
on dest rm /usr/local/bin/iptables
expect "what is to stay is ufw's own rule" 0 'blocked +passes' firewall-open dest --keep --from source --ports 5000-5010 --apply
id=$(the_id)
check "with our comment" gives 0 "5000:5010/tcp +ALLOW IN +[0-9.]+ +# migsh $id keep" on dest ufw status numbered
expect "it is told" 12 "$id \(ufw, kept\)" firewall-check dest --from source
expect "and closed" 0 'changed' firewall-close dest "$id" --apply
check "the rules are the operator's again" untouched
expect "ufw's own rule once more" 0 'blocked +passes' firewall-open dest --keep --from source --ports 5000-5010 --apply
on dest ufw --force disable >/dev/null 2>&1
expect "all is closed, while ufw is switched off" 0 'changed' firewall-close dest --all --apply
on dest ufw --force enable >/dev/null 2>&1
check "it does not come back; nor is anything of the operator's gone" untouched
expect "switched off, in so many words" 0 'every port is open to everyone' firewall-open dest --disable-firewall --apply
journal=$(the_journal)
check "it is" gives 0 'inactive' on dest ufw status
expect "and on again" 0 'reverted' journal-revert "$journal"
check "the rules are the operator's again" untouched
on dest ufw --force disable >/dev/null 2>&1

# --- fakes
# fake HOST NAME: the script on stdin is that command there.
fake() { lab exec "$1" -- sh -c 'mkdir -p /run/systemd/system && cat >/usr/local/sbin/"$1" && chmod 755 /usr/local/sbin/"$1"' sh "$2"; }
for host in dest nfs; do
    fake "$host" systemd-run <<'END'
#!/bin/sh
echo "systemd-run $*" >>/run/fake
while [ "${1#-}" != "$1" ]; do
  case $1 in --on-active=*) s=${1#*=} ;; esac
  shift
done
(sleep "$s"; exec "$@") </dev/null >/dev/null 2>&1 &
END
    fake "$host" systemctl <<'END'
#!/bin/sh
echo "systemctl $*" >>/run/fake
case $*:$(cat /run/fake.firewalld 2>/dev/null) in
is-active*:stop) exit 3 ;;
stop\ firewalld:* | start\ firewalld:*) echo "$1" >/run/fake.firewalld ;;
esac
END
done
printf '#!/bin/sh\ncat /run/fake.selinux 2>/dev/null || echo Enforcing\n' | fake dest getenforce
printf '#!/bin/sh\ncase $1 in 0) echo Permissive ;; *) echo Enforcing ;; esac >/run/fake.selinux\n' | fake dest setenforce
on dest nft flush ruleset
on dest nft add table inet t
on dest nft 'add chain inet t in { type filter hook input priority 0; policy drop; }'
on dest nft add rule inet t in tcp dport 22 accept
on dest nft add rule inet t in ct state established,related accept
rules >"$work/rules"
fake dest rpcinfo <<'END'
#!/bin/sh
printf ' %s\n' 'program vers proto   port  service' '100000 4 tcp 111 portmapper' '100005 3 tcp 20048 mountd' '100005 3 udp 20048 mountd' '100004 2 tcp 834 ypserv'
END
expect "NFS is an NFS server's ports alone" 0 'ports 111 20048 2049 open for 10 s' firewall-open dest --for 10s --from source --ports nfs --plan
expect "with systemd" 0 'blocked +passes' firewall-open dest --for 10s --from source --apply
id=$(the_id)
check "a timer closes" gives 0 "^systemd-run -q --unit=migsh-firewall-$id --on-active=10 --timer-property=AccuracySec=1s /bin/sh /run/migsh/firewall-$id$" on dest cat /run/fake
check "it does" closes
expect "another" 0 'blocked +passes' firewall-open dest --for 1h --from source --apply
id=$(the_id) journal=$(the_journal)
expect "taken back" 0 'reverted' journal-revert "$journal"
check "its timer is stopped" gives 0 "^systemctl stop migsh-firewall-$id.timer$" on dest cat /run/fake
check "the rules are the operator's again" untouched
expect "SELinux switched off, in so many words" 0 'SELinux permissive until a boot: nothing confines guests .* changed' firewall-open dest --disable-selinux --apply
check "it is" prints Permissive on dest getenforce
expect "and on again" 0 'reverted' firewall-open dest --revert
check "it is" prints Enforcing on dest getenforce

# --- firewalld
if unpack firewalld nfs; then
    check "firewalld is in force" firewalld_start nfs
    for zone in home public; do on nfs firewall-cmd -q --set-default-zone=$zone; done # a zone that was in use keeps its chains
    rules nfs >"$work/nfs"
    expect "firewalld keeps the ports" 12 '^ nfs +firewalld ' firewall-check nfs --from source
    m firewall-open nfs --for 20s --from source --ports 2049 --apply >"$work/opened" 2>&1 # by then it may be closed
    check "opened by a rule that firewalld itself ends" gives 0 '^ nfs +ports 2049 open for 20 s.* changed' cat "$work/opened"
    for _ in {1..120}; do same "$work/nfs" rules nfs >/dev/null && break; sleep 0.5; done
    check "it has closed it" same "$work/nfs" rules nfs
    expect "what is to stay passes" 0 '^ source +2049 +blocked +passes' firewall-open nfs --keep --from source --ports 2049 --apply
    check "by a permanent rule for that node" gives 0 "^rule priority=\"-$(the_id)\" family=\"ipv4\" source address=\"$(lab address source)\" port port=\"2049\"" on nfs firewall-cmd --permanent --list-rich-rules
    on nfs firewall-cmd -q --set-default-zone=home
    expect "and taken back, although the zone is no active one any more" 0 'reverted' firewall-open nfs --revert
    on nfs firewall-cmd -q --set-default-zone=public
    check "both" prints '' on nfs firewall-cmd --permanent --list-rich-rules
    check "the rules are the operator's again" same "$work/nfs" rules nfs
    expect "firewalld is stopped, in so many words" 0 'firewalld stopped: every port is open to everyone' firewall-open nfs --disable-firewall --apply
    expect "and started again" 0 'reverted' firewall-open nfs --revert
    check "by systemctl (a fake)" gives 0 '^systemctl stop firewalld$.*^systemctl start firewalld$' on nfs cat /run/fake
else
    skip_one "firewalld" "its packages cannot be had"
fi

finish
