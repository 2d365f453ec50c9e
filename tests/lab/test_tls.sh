#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Certificates on real hosts, from nothing: made, proved by qemu+tls from each node to each and by migrations whose
# stream shows none of the guest's memory, checked, renewed, taken back; and foreign ones, which are left alone. A lab
# of its own (MIGSH_TLS_SUBNET).
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" tls 192.168.93
up --ready
three_nodes
state=/root/state/migsh

# each_to_each: virsh lists over qemu+tls from every node to every node, by its name and by its address.
each_to_each() {
    local from to n=0
    for from in source dest; do
        for to in source dest "$subnet.100" "$subnet.102"; do
            on "$from" virsh -c "qemu+tls://$to/system" list --all >/dev/null && n=$((n + 1))
        done
    done
    echo "$n of 8"
}
# seen FILE ARGS…: m ARGS…, and what passed the source's link meanwhile.
seen() {
    local file=$1 pid
    shift
    rm -f "$file"
    (exec "$here/lab" exec source -- python3 "$here/lib/capture.py" br0 "$file" lab.ip= </dev/null) &
    pid=$!
    for _ in {1..300}; do [ -e "$file" ] && break; sleep 0.1; done
    m "$@" || return
    kill -TERM "$pid"
    wait "$pid"
    cat "$file"
}
# tree HOST: all that there is below /etc/pki: names, modes, owners, bytes.
tree() { on "$1" sh -c 'cd /etc; [ ! -e pki ] || { find pki -printf "%p %m %U:%G %l\n"; find pki -type f -exec sha256sum {} +; } | sort'; }

# --- from nothing
lab guest start share && lab guest define local1 && lab guest start local1 # they boot while keys are made
tree source >"$work/bare"
check "tls-check: there is nothing" gives 12 "source /etc/pki/CA/cacert.pem: it has none.*Cannot read CA certificate.*dest /etc/pki/qemu/ca-cert.pem.*Unable to access credentials /etc/pki/qemu/ca-cert.pem" m tls-check
check "tls-setup --plan touches nothing" gives 0 'signed when it has its keys, for source.*private keys +planned' m tls-setup --plan
check "… neither there" same "$work/bare" tree source
check "… nor here" prints no on admin sh -c "test -e $state/tls || echo no"
on source sh -c 'mkdir -p /etc/pki/qemu && cd /etc/pki/qemu && ssh-keygen -q -t rsa -N "" -f server-key.pem && cp server-key.pem client-key.pem'
check "tls-renew: without an authority nothing is signed" gives 3 'source: this console has no authority for qemu.*source +certificates +conflict' \
    m tls-renew source --apply
on source rm -r /etc/pki
check "tls-setup --apply" gives 0 'source +libvirt: certificate as a server +changed.*dest +qemu: certificate as a client +changed.*libvirtd may listen for qemu.tls +changed' \
    m tls-setup --apply --listen
check "once more: nothing to do" gives 0 '^(?!.* changed\b)' m tls-setup --apply --listen
m --json tls-check >"$work/check"
check "tls-check finds nothing" py 'assert not d["findings"] and all(n["libvirt"]==n["qemu"]=="pass" and n["days"]>700 for n in d["nodes"]), d' <"$work/check"
for host in source dest; do lab service $host libvirtd restart; done
check "every node to every node by qemu+tls" prints '8 of 8' each_to_each
check "no private key has left its node" gives 0 "^$state/tls/libvirt-ca.pem\n$state/tls/qemu-ca.pem\n\$" \
    on admin sh -c 'grep -rl "PRIVATE KEY" /root/state | sort'
check "… and the authority's is for nobody else" prints "600 600 700" on admin sh -c "stat -c %a $state/tls/*.pem $state/tls | xargs"

# --- migrations
for guest in share local1; do lab wait $guest; done
m pool-clone default dest --node source >"$work/out" 2>&1
report "a pool for copied disks"
plain() { seen "$work/plain" migrate share dest --live --unsafe && grep -qE '^lab.ip= [1-9]' "$work/plain"; }
check "without TLS a capture shows the guest's memory" plain
# What it wrote in the clear is there again and again, and none of it by TLS, though as much has passed.
hidden() {
    seen "$work/hidden" migrate share source --live --unsafe --tls "$@" || return
    awk 'NR==FNR { if ($1 == "bytes") n = $2; next } $1 == "bytes" { good = $2 > n / 2; next } $2 { exit 1 } END { exit !good }' \
        "$work/plain" "$work/hidden"
}
check "with --tls it does not" hidden
check "--tls and --parallel" m migrate share dest --live --unsafe --tls --parallel
check "live-migrate takes TLS by itself, and tells" gives 0 'memory is encrypted.*encryption +TLS at .* a core of each host' \
    m live-migrate share source --no-watch
check "… and leaves it out by --no-tls" gives 0 '^(?!.*encrypt)' m live-migrate share dest --no-watch --no-tls
check "--tls with copied disks" m migrate local1 dest --live --tls --copy-storage-all
check "the guest has lived through it" lab wait share

# --- what is wrong is told
on dest chmod 644 /etc/pki/libvirt/private/serverkey.pem
on source sh -c 'cp /etc/pki/CA/cacert.pem /root/ca && cat /etc/pki/qemu/ca-cert.pem >/etc/pki/CA/cacert.pem'
check "a readable key, another authority" gives 12 'source .*servercert.pem: /etc/pki/CA/cacert.pem does not lead to it.*failed validation against /etc/pki/CA/cacert.pem.*dest .*serverkey.pem: its mode is 0644' m tls-check
on source sh -c 'cp /etc/pki/qemu/server-cert.pem /root/cert && cat /etc/pki/qemu/client-cert.pem >/etc/pki/qemu/server-cert.pem'
check "live-migrate: what is not certain goes without" \
    gives 0 'memory is not encrypted: source: /etc/pki/qemu/server-cert.pem: it is not made for a server' \
    m live-migrate share source --plan
check "… and --tls insists, which preflight foretells" gives 12 '/etc/pki/qemu/server-cert.pem: it is not made for a server' \
    m live-migrate share source --tls --no-watch
on source cp /root/cert /etc/pki/qemu/server-cert.pem
check "tls-setup will have none of it" gives 4 'source +libvirt: certificates +conflict' m tls-setup source --apply
check "nor tls-revert of what was changed since" gives 10 'libvirt: the authority +conflict' m tls-revert source
on dest chmod 600 /etc/pki/libvirt/private/serverkey.pem
on source cp /root/ca /etc/pki/CA/cacert.pem
check "a node that does not answer is unknown" gives 7 '\[unknown\] nobody' m -c 'node-add nobody root@127.0.0.1 --port 1' -c 'tls-check nobody'
m -c 'node-remove nobody' >/dev/null 2>&1
check "what was taken back of it is made again" gives 0 'source +libvirt: certificate as a server +changed' m tls-setup --apply --listen
check "tls-check is content" m tls-check

# --- renewed
serial() { on "$1" sh -c "openssl x509 -noout -serial -in /etc/pki/libvirt/servercert.pem"; }
served() { on "$1" sh -c "openssl s_client -connect $1:16514 </dev/null 2>/dev/null | openssl x509 -noout -serial"; }
old=$(serial dest)
check "nothing ends soon: nothing is renewed" gives 0 '^(?!.* changed\b)' m tls-renew --apply
check "all are renewed" gives 0 'dest +libvirt: certificate as a server +changed' m tls-renew --all --days 20 --apply
check "… another one" test "$old" != "$(serial dest)"
check "… which the daemon shows, without a restart" prints "$(serial dest)" served dest
check "tls-check warns of the end" gives 0 'dest .*servercert.pem: it ends in (19|20) days.*remedy: tls-renew dest' m tls-check
check "node-test, too" gives 0 'dest +certificates +fail .*(19|20) days left' m node-test dest
check "tls-renew --revert takes back that alone" gives 0 'certificate as a server +reverted' m tls-renew --revert
check "… and the old one is back" prints "$old" serial dest
check "… and shown" prints "$old" served dest
check "node-test is content" gives 0 'dest +certificates +pass .*7\d\d days left' m node-test dest

# --- taken back
check "tls-revert" gives 0 'dest +qemu: private keys +reverted' m tls-revert
check "as if nothing had been" same "$work/bare" tree source
check "… in libvirtd.conf, too" on source grep -q '^listen_tls = 0' /etc/libvirt/libvirtd.conf

# --- foreign
on source sh -c 'mkdir -p /etc/pki/CA /etc/pki/libvirt/private && cd /etc/pki && echo "not ours; \$(x)" >CA/cacert.pem &&
    echo secret >libvirt/private/serverkey.pem && ln -s ../CA/cacert.pem libvirt/servercert.pem &&
    chmod 604 CA/cacert.pem && chmod 400 libvirt/private/serverkey.pem && chown 1234:4321 CA/cacert.pem'
tree source >"$work/foreign"
check "what is foreign is left alone" gives 4 'source: /etc/pki/CA/cacert.pem is not of this console.s making.*source +libvirt: certificates +conflict' m tls-setup source --apply
m tls-revert source >/dev/null 2>&1
check "… as it was" same "$work/foreign" tree source
check "--force sets it aside" gives 0 'libvirt: foreign files, set aside +changed.*libvirt: certificate as a server +changed' m tls-setup source --apply --force
check "… and all is good" m tls-check source
check "… and puts it back" gives 0 'set aside +reverted' m tls-revert source
check "… byte by byte, mode and owner" same "$work/foreign" tree source

finish
