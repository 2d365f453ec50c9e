#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# prepare-nodes from bare hosts that know a password only: to a live migration between them and back to the byte, killed
# in the middle, and failing. A lab of its own (MIGSH_PREPARETEST_SUBNET). MIGSH_PREPARETEST_KILLS=all kills at every
# record of every journal. Prints "ok N - …" lines and a last line with the counts.
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" preparetest 192.168.94
# shellcheck source=tests/lab/lib/bare.sh
. "$here/lib/bare.sh"
bare_hosts

# --- the third document's environment, and a migration in it
state %T@ >"$work/before-times"
state >"$work/before"
check "--plan tells the whole story" \
    gives 0 '1\. key-exchange test1 test2 nfs.*an ed25519 key +planned.*node-hostname test1.*\+test1.*hosts-sync.*^\+'"$subnet"'\.100 test1\r?$.*nfs-export nfs:/nfs.*^\+/nfs \*\(rw,sync,no_root_squash\).*depends on key-exchange.*pool-define nfspool: netfs, '"$subnet"'\.101:/nfs at /mykvm/nfspool.*test1 test2: plan' \
    person "${third[@]}" --plan
check "… and changes nothing" same "$work/before-times" state %T@
check "nobody to ask: nothing is done" gives 5 'step 1, key-exchange.*' migsh "${third[@]}" --apply
check "… and nothing was" same "$work/before-times" state %T@
check "without a mode: plan, question, done" \
    gives 0 'Make these changes\?.*key-exchange test1 test2 nfs +changed +11 changes.*node-hostname test1 +changed.*hosts-sync .* changed +4 changes.*pool nfspool +changed +8 changes.*\[ok\] +every login.*\[ok\] .*resolve.*\[ok\] +/mykvm/nfspool is shared' \
    person "${third[@]}"
as_documented() {
    [[ $(on source uname -n) == test1 && $(on dest uname -n) == test2 && $(on nfs cat /etc/exports) == "/nfs *(rw,sync,no_root_squash)" ]] &&
        on source ssh -o BatchMode=yes test2 true && on dest ssh -o BatchMode=yes test1 true &&
        for host in source dest; do on "$host" virsh -q pool-list --autostart | grep 'nfspool *active *yes' >/dev/null || return 1; done
}
check "names, keys, export and pools are as the document wants" as_documented
state %T@ >"$work/after"
again() {
    migsh --json "${third[@]}" --apply |
        py 'assert d["changed"]==0 and {s["state"] for s in d["steps"]}=={"unchanged"} and len(d["steps"])==7 and all(c["ok"] for c in d["checks"]), d'
}
check "again: 0 changes" again
check "… nothing touched" same "$work/after" state %T@
check "--verify" gives 0 'pool nfspool +verified.*\[ok\]' migsh "${third[@]}" --verify
check "journal-list has it, as one that is done" gives 0 "prepare-nodes +[-0-9: ]+ done +14 +- +-\s*$" migsh journal-list
check "… so there is nothing to continue" gives 10 'is done: there is nothing to continue' migsh resume "$(own prepare-nodes)"
check "journal-revert: what is a workflow rollback takes back" \
    gives 10 'is a journal of prepare-nodes.*hint: rollback .*-prepare-nodes-.* takes it back' migsh journal-revert "$(own prepare-nodes)"
check "journal-revert --plan of a step's journal" \
    gives 0 '^-# BEGIN MIGSH default.*names of the nodes +planned' migsh journal-revert "$(own hosts-sync)" --plan
check "… nothing touched" same "$work/after" state %T@
guest() {
    # shellcheck disable=SC1091,SC2034 # for the lab's own definition of the guest
    (. "$here/lib/base.sh" && . "$here/lib/guest.sh" && SUBNET=$subnet POOL_TARGET=/mykvm/nfspool &&
        guest_xml test1) >"$work/guest.xml" || return 1
    on source virsh vol-create-as nfspool test1.qcow2 64M --format qcow2 && on source virsh define "$work/guest.xml" &&
        on source virsh start test1 || return 1
    for _ in $(seq 100); do
        [[ $(on admin curl -s --max-time 2 "http://$subnet.11/") == hello ]] && return
        sleep 0.2
    done
    return 1
}
check "a guest on the pool runs on test1" guest
check "live-migrate test1 test2: it moves from node to node by qemu+ssh" \
    gives 0 'verdict: ok' migsh live-migrate test1@test1 test2 --p2p --unsafe --witness "http://$subnet.11/boot_id"
gone() {
    on dest virsh destroy test1; on dest virsh undefine test1; on source virsh undefine test1
    on source virsh vol-delete test1.qcow2 --pool nfspool
}
gone >"$work/out" 2>&1

# --- taking it back
edited() {
    on dest sed -i 's/^\(.* test1\)$/\1 other/' /etc/hosts
    gives 10 'hosts-sync .*failed.*^\+[^\n]* test1 other' migsh prepare-nodes test1 test2 --revert &&
        on dest grep -q 'test1 other' /etc/hosts
    local r=$?
    on dest sed -i 's/ other$//' /etc/hosts
    return $r
}
check "what someone else has changed is a conflict, and left alone" edited
check "--revert goes on" gives 0 'key-exchange test1 test2 nfs +reverted' person prepare-nodes test1 test2 --revert
check "all as before, to the byte" same "$work/before" state
check "again: nothing to take back" gives 0 'nothing to take back' migsh prepare-nodes test1 test2 --revert

# --- the first document's, and what fails
check "the share mounted at /mnt" gives 0 'nfs-mount nfs:/srv/image at /mnt +changed.*/mnt is shared' person "${first[@]}" --apply
mounted() { on source grep -q "$subnet.101:/srv/image /mnt " /etc/fstab && on dest mountpoint -q /mnt; }
check "… on both, for good" mounted
on switch ip link set dest down
check "a node that does not answer: --revert says so and what is left" \
    gives 8 'nfs-mount.* failed.*error: nfs-mount nfs:/srv/image at /mnt: test2: ' migsh prepare-nodes test1 test2 --revert
check "… and --apply does nothing" gives 8 'key-exchange.* failed.*hosts-sync.* skipped.*error: step 1, key-exchange' migsh "${first[@]}" --apply
on switch ip link set dest up
check "… --revert goes on when it is back" gives 0 'nfs-mount.* reverted.*nfs-export.* reverted' person prepare-nodes test1 test2 --revert
check "as before, to the byte" same "$work/before" state
sh_on dest 'mkdir /mykvm/full && echo mine >/mykvm/full/file'
check "what cannot be done is refused before anything is" \
    gives 9 'key-exchange.* planned.*nfs-mount.* failed.*error: step 4, nfs-mount nfs:/nfs at /mykvm/full: .*hint: .*nothing was done' \
    person prepare-nodes test1 test2 --nfs nfs:/nfs --at /mykvm/full --apply
sh_on dest 'rm -r /mykvm/full'
check "… as before, to the byte" same "$work/before" state
sh_on dest 'printf "#!/bin/sh\necho mount.nfs: access denied by server >&2; exit 32\n" >/usr/local/sbin/mount && chmod 755 /usr/local/sbin/mount'
check "a step that fails says which, what was done, and the way back" \
    gives 1 'nfs-export.* changed.*nfs-mount.* failed.*error: step 4, nfs-mount nfs:/nfs at /mykvm/full: .*hint: prepare-nodes test1 test2 --revert takes back' \
    person prepare-nodes test1 test2 --nfs nfs:/nfs --at /mykvm/full --apply
sh_on dest 'rm /usr/local/sbin/mount'
check "… and journal-list names it" gives 0 'prepare-nodes +[-0-9: ]+ failed +[0-9]+ +- +resume or rollback' migsh journal-list
check "… --apply goes on with the same journal" gives 0 "goes on with journal $(own prepare-nodes).*nfs-mount.* changed.*\[ok\]" \
    person prepare-nodes test1 test2 --nfs nfs:/nfs --at /mykvm/full --apply
check "rollback takes it back, though it is done" gives 0 'undone.* nfs-mount.*undone.* key-exchange.*taken back' person rollback "$(own prepare-nodes)"
check "as before, to the byte" same "$work/before" state
check "words that make no sense" gives 2 'needs --at' migsh prepare-nodes test1 test2 --nfs nfs:/nfs --plan
check "… a pair with itself" gives 2 'pair with itself' migsh prepare-nodes test1 test1 --plan
check "… two modes" gives 2 'are mutually exclusive' migsh prepare-nodes test1 test2 --plan --apply
check "… a path with .." gives 2 'not an absolute path' migsh prepare-nodes test1 test2 --nfs nfs:/nfs --at /a/../b --plan

# --- ways: bridges, ports, certificates, a user, between hosts that let in nobody but the admin
for host in source nfs dest; do
    lab exec $host -- nft -f - <<RULES
table inet filter {
  chain input { type filter hook input priority 0; policy drop; ct state established,related accept; iif lo accept; icmp type echo-request accept; ip saddr $subnet.1 accept; reject; }
}
RULES
done
for host in source dest; do
    sh_on $host "ip link set eth0 nomaster && ip link del br0 && ip addr add $(lab address $host)/24 dev eth0
        useradd plain; printf 'unix_sock_group = \"libvirt\"\nunix_sock_rw_perms = \"0770\"\n' >>/etc/libvirt/libvirtd.conf"
    lab service $host libvirtd restart >/dev/null
done
ways=(prepare-nodes test1 test2 --nfs nfs:/nfs --pool nfspool --at /mykvm/nfspool --bridge br0 --port eth0 --move-address
    --firewall --tls --listen --access plain)
state %T@ >"$work/before-times"
state >"$work/before"
refused() { gives "$@" && same "$work/before-times" state %T@; }
check "refused, and nothing touched: no such interface" \
    refused 3 'error: step 4, bridge-ensure br0 on test2: .*there is no network interface eth7.*hint: .*nothing was done' \
    quick prepare-nodes test1 test2 --bridge br0 --port test1:eth0 --port test2:eth7 --move-address --apply
check "… the interface of another node" \
    refused 2 "'nfs:eth0' is neither of test1 nor of test2" quick prepare-nodes test1 test2 --bridge br0 --port nfs:eth0 --apply
check "… of one of them alone" refused 2 'there is none of test2' quick prepare-nodes test1 test2 --bridge br0 --port test1:eth0 --apply
check "… a bridge without a port" refused 2 'needs --port' quick prepare-nodes test1 test2 --bridge br0 --apply
check "… whose name is sh" refused 2 'is no name of a bridge' quick prepare-nodes test1 test2 --bridge '$(reboot)' --port eth0 --apply
check "… no such user" refused 3 "step 3, access-grant nosuch on test1: .*there is no user 'nosuch'" \
    quick prepare-nodes test1 test2 --access nosuch --apply
sh_on dest 'mkdir -p /etc/pki/CA && echo foreign >/etc/pki/CA/cacert.pem'
state %T@ >"$work/before-times"
check "… foreign certificates" refused 4 'key-exchange.* planned.*error: step 3, tls-setup test1 test2: ' quick prepare-nodes test1 test2 --tls --apply
sh_on dest 'rm -r /etc/pki'
LIMIT=300
check "without a mode: all of it in the plan, the question, done and tested" \
    gives 0 '== 1. firewall-open test1 for test2: ssh,migration,16514.*bridge-ensure br0 on test1.*tls-setup test1 test2.*access-grant plain on test2.*firewall-open nfs for test1,test2: nfs.*Make these changes\?.*firewall-open test2 for nfs: ssh +changed.*bridge-ensure br0 on test2 +changed.*firewall-open nfs for test1,test2: nfs +changed.*\[ok\] +every login.*shared.*test1 is open for test2 .ssh,migration,16514.*test2 has the bridge br0.*the certificates are good.*plain may use libvirt on test2' \
    quick "${ways[@]}"
lab service dest libvirtd restart >/dev/null
check "from node to node by qemu+tls" gives 0 '' on source virsh -c qemu+tls://test2/system list
state %T@ >"$work/after"
ways_again() {
    quick --json "${ways[@]}" --apply | py 'assert d["changed"]==0 and {s["state"] for s in d["steps"]}=={"unchanged"}, d'
}
check "again: 0 changes" ways_again
check "… nothing touched" same "$work/after" state %T@
check "--revert" gives 0 'access-grant plain on test2 +reverted.*bridge-ensure br0 on test1 +reverted.*firewall-open test1 for test2: ssh,migration,16514 +reverted' quick prepare-nodes test1 test2 --revert
check "all as before, to the byte: files, rules, links" same "$work/before" state
ways_killed() {
    killed_by MIGSH_FAULT_STEP=bridge-ensure MIGSH_FAULT_WHEN=outcome -- prepare-nodes test1 test2 --bridge br0 --port eth0 --move-address --apply || { tail -n 5 "$work/killed"; return 1; }
    quick prepare-nodes test1 test2 --revert && same "$work/before" state
}
check "killed when a bridge was made: --revert" ways_killed
LIMIT=60
for host in source nfs dest; do on $host nft flush ruleset; done

# --- killed in the middle
state >"$work/before"
whole=0
# goes_on AT NEXT: killed at AT; then NEXT (apply or revert) works, and --revert leaves all as before.
goes_on() {
    killed "$1" "${third[@]}" --apply || { tail -n 5 "$work/killed"; echo "was not killed at record $1"; return 1; }
    [[ $2 == revert ]] || quick "${third[@]}" --apply || return 1
    quick prepare-nodes test1 test2 --revert && same "$work/before" state && whole=$((whole + 1))
}
back_goes_on() {
    quick "${third[@]}" --apply || return 1
    killed "$1" prepare-nodes test1 test2 --revert || { echo "was not killed"; return 1; }
    quick prepare-nodes test1 test2 --revert && same "$work/before" state
}
if [[ ${MIGSH_PREPARETEST_KILLS:-} == all ]]; then
    at=1
    while killed "$at" "${third[@]}" --apply; do
        quick prepare-nodes test1 test2 --revert >/dev/null 2>&1
        check "killed at record $at, --apply" goes_on "$at" apply
        check "killed behind record $at, --revert" goes_on "-$at" revert
        at=$((at + 1))
    done
    quick prepare-nodes test1 test2 --revert >/dev/null 2>&1
else
    check "killed among the keys, --revert" goes_on 9 revert
    check "killed at the hosts, --apply" goes_on -33 apply
    check "killed at the export, --revert" goes_on 50 revert
    check "killed at the pool, --apply" goes_on 66 apply
    check "killed behind a record of the pool, --revert" goes_on -61 revert
fi
check "--revert killed, --revert" back_goes_on 18
empty() { [[ -z $(migsh journal-list | awk '$4 == "interrupted" && $5 > 0') ]]; }
check "no journal is left behind as interrupted" empty

finish
