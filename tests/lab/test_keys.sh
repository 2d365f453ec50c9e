#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# key-exchange, key-verify and key-revoke on real hosts that begin with nothing but a password. A lab of its own
# (MIGSH_KEYSTEST_SUBNET). Prints "ok N - …" lines and a last line with the counts.
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" keystest 192.168.89
sh_on() { lab exec "$1" -- sh -c "$2"; }
migsh() { timeout 60 "$here/lab" exec admin -- "$migsh" -i "$work/nodes" "$@" </dev/null; }

nodes() { printf '%s\n' "$@" >"$work/nodes"; chmod 644 "$work/nodes"; }
three() {
    nodes "node-add source root@$subnet.100" "node-add nfs root@$subnet.101 --role storage" \
        "node-add dest root@$subnet.102"
}
bare() {
    local host
    lab reset >/dev/null 2>&1 || return 1
    for host in source nfs dest; do
        sh_on "$host" 'echo root:secret | chpasswd; sed -i "s/^PermitRootLogin.*/PermitRootLogin yes/" /etc/ssh/sshd_config'
        lab service "$host" sshd restart >/dev/null || return 1
    done
}
# All there is to know of the hosts' key files, with times if wanted; without backups.
state() {
    local host
    for host in admin source nfs dest; do
        # shellcheck disable=SC2016 # expanded on the host
        on "$host" sh -c 'cd /root; find .ssh keys ! -name "*.migsh-*~" -printf "$1 %p %y %m %U %l $2\n" 2>/dev/null | sort
            find .ssh keys -type f ! -name "*.migsh-*~" -exec sha256sum {} + 2>/dev/null | sort' _ "$host" "${1:-}"
    done
}

up
three
bare || { echo "not ok 1 - the hosts take passwords"; exit 1; }

# --- from bare hosts, and back
check "nobody to ask: an unknown host key is refused, with what to do" \
    gives 6 'host key is not known.*SHA256:.*compare it' migsh key-exchange --plan
check "--plan shows what would be done" gives 0 'an ed25519 key +planned.*host keys of the others +planned' \
    person key-exchange --plan
plan_touches_nothing() { ! on source ls /root/.ssh && ! on dest ls /root/.ssh && ! on admin ls /root/.ssh/id_ed25519; }
check "… and does nothing" plan_touches_nothing
state >"$work/before"
on source hostname bank.example # a node that would like to be somebody else
check "from passwords to keys" gives 0 'an ed25519 key +changed.*who may log in +changed.*journal' person key-exchange --apply
no_bank() { ! { for h in admin nfs dest; do on "$h" cat /root/.ssh/known_hosts; done | grep -i bank; }; }
check "a name that a node gives itself is nobody's in known_hosts" no_bank
on source hostname source
check "every login works" gives 0 '\(admin\) .*ms .*source +- .*dest +\d+ ms' migsh key-verify
matrix() { migsh --json key-verify | py 'assert len(d)==9 and all(l["ok"] and l["ms"]>0 for l in d), d'; }
check "… in JSON too" matrix
modes() {
    sh_on dest 'stat -c "%a %n" /root/.ssh /root/.ssh/authorized_keys /root/.ssh/known_hosts /root/.ssh/id_ed25519' |
        diff - <(printf '%s\n' "700 /root/.ssh" "600 /root/.ssh/authorized_keys" "600 /root/.ssh/known_hosts" \
            "600 /root/.ssh/id_ed25519")
}
check "modes 0700 and 0600" modes
check "libvirt goes from source to dest by qemu+ssh" on source virsh -c "qemu+ssh://root@$subnet.102/system" list
state '%T@' >"$work/done"
state >"$work/exchanged"
second() {
    migsh --json key-exchange --apply |
        py 'assert d["changed"]==0 and {i["state"] for i in d["items"]}=={"unchanged"}, d' && same "$work/done" state '%T@'
}
check "again: 0 changes, nothing touched" second
check "--verify says so, and logs in" gives 0 'verified.*From . to' migsh key-exchange --verify

# --- revoke
check "key-revoke" gives 0 'source +who may log in +changed.*journal' migsh key-revoke dest --apply
revoked() {
    local key host
    key=$(on dest cut -d' ' -f2 /root/.ssh/id_ed25519.pub)
    for host in admin source nfs; do
        ! on "$host" grep -rF "$key" /root/.ssh || return 1
        ! on "$host" grep -rF "$(on dest cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub)" /root/.ssh || return 1
    done
    on dest ssh -o BatchMode=yes "root@$subnet.100" true && return 1
    on source ssh -o BatchMode=yes "root@$subnet.101" true
}
check "its keys are nowhere, not in a backup either, the others' are there" revoked
check "once more: there is nothing to revoke" gives 3 'has a key of dest' migsh key-revoke dest --apply
check "key-revoke --revert" migsh key-revoke dest --revert
check "… to the byte" same "$work/exchanged" state
lab service dest sshd stop >/dev/null
check "a node that does not answer can be revoked" gives 7 'source +who may log in +changed' migsh key-revoke dest --apply
forgotten() { ! on source grep -rF migsh:dest /root/.ssh; }
check "… its keys are gone" forgotten
lab service dest sshd start >/dev/null
check "… and come back" migsh key-revoke dest --revert
check "key-exchange --revert" migsh key-exchange --revert
check "as before, to the byte" same "$work/before" state

# --- what is there already is left as it is
# shellcheck disable=SC2016 # expanded on the host
odd_files() {
    sh_on source 'mkdir -m 775 /root/.ssh; cd /root/.ssh; ssh-keygen -q -t rsa -b 2048 -N "" -C old -f id_rsa
        printf "%s\n" "# ; rm -rf \$(x) \`y\` '\'' \" migsh:dest" "" > authorized_keys
        printf "from=\"192.0.2.0/24\",command=\"echo a # b; \$(c)\" ssh-ed25519 %s c d\r\n" "$(ssh-keygen -q -t ed25519 -N "" -f /tmp/k.$$ && cut -d" " -f2 /tmp/k.$$.pub)" >> authorized_keys
        printf "no key at all" >> authorized_keys; rm -f /tmp/k.$$*; chmod 664 authorized_keys
        printf "%s\n" "# a comment" "" "@cert-authority *.lan ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEl" "bad line" > known_hosts'
    sh_on dest 'mkdir -m 700 /root/.ssh /root/keys; cd /root/.ssh; : > ../keys/mine; ln -s ../keys/mine authorized_keys; chmod 640 ../keys/mine'
    # A server with an RSA key only.
    sh_on nfs 'ssh-keygen -q -t rsa -b 2048 -N "" -f /etc/ssh/ssh_host_rsa_key
        sed -i /^HostKey/d /etc/ssh/sshd_config; echo HostKey /etc/ssh/ssh_host_rsa_key >> /etc/ssh/sshd_config'
    lab service nfs sshd restart
}
bare
check "hosts with files of all kinds" odd_files
person exec all -- true >/dev/null # first contact, so that what follows changes nothing but what is meant
check "the hosts are known" gives 0 'id_rsa' person exec source -- ls -a /root/.ssh
state >"$work/before"
on source cat /root/.ssh/authorized_keys >"$work/odd"
check "key-exchange with them" gives 0 'not writable by others.* +changed' person key-exchange --apply
check "every login works, RSA-only server and old RSA key included" gives 0 'nfs +\d+ ms' migsh key-verify
untouched() {
    [[ $(on nfs sshd -T | grep -c '^hostkey ') == 1 ]] &&
    on source cat /root/.ssh/authorized_keys | head -c "$(stat -c %s "$work/odd")" | cmp - "$work/odd" &&
        ! on source ls /root/.ssh/id_ed25519 && on dest grep -q "^ssh-rsa .*migsh:source$" /root/keys/mine &&
        [[ $(on dest stat -c '%F %a' /root/.ssh/authorized_keys) == "symbolic link 777" ]] &&
        [[ $(on dest stat -c %a /root/keys/mine) == 640 ]] &&
        [[ $(on source grep -c "^$subnet.101,nfs ssh-rsa .*migsh:nfs$" /root/.ssh/known_hosts) == 1 ]]
}
check "odd lines, options, the old key, a symlink: as they were" untouched
state '%T@' >"$work/done"
check "again: 0 changes, nothing touched" second
limited() { on source sh -c 'cd /root/.ssh; sed -i "s/^\(.*migsh:dest\)$/restrict \1/; s/^restrict #/#/" authorized_keys'; }
limited
check "a key with options is left alone, and told of" \
    gives 0 'migsh:dest is there already, limited by options.*source +who may log in +unchanged' migsh key-exchange --apply
on source sed -i 's/^restrict //' /root/.ssh/authorized_keys
check "key-exchange --revert" migsh key-exchange --revert
check "as before, to the byte" same "$work/before" state

# --- what must not be done
person key-exchange --apply >/dev/null
wrong_line() {
    local wrong
    wrong=$(on admin cut -d' ' -f2 /root/.ssh/id_ed25519.pub)
    on source sed -i "s#^$subnet.102,dest ssh-ed25519 [^ ]*#$subnet.102 ssh-ed25519 $wrong#" /root/.ssh/known_hosts || return 1
    on source sha256sum /root/.ssh/known_hosts >"$work/wrong"
    gives 6 "source: ~/.ssh/known_hosts line \d+ has another host key for $subnet.102 than dest has.*ssh-keygen -R.*source +host keys +conflict" \
        migsh key-exchange --apply && diff "$work/wrong" <(on source sha256sum /root/.ssh/known_hosts)
}
check "another key under the same name on a node: refused, left alone" wrong_line
check "… and key-verify sees it" gives 12 'source to dest: .*(CHANGED|changed|verification failed)' migsh key-verify
new_host_key() {
    sh_on nfs 'rm /etc/ssh/ssh_host_rsa_key*; ssh-keygen -q -t rsa -b 2048 -N "" -f /etc/ssh/ssh_host_rsa_key'
    lab service nfs sshd restart
    gives 6 'nfs: .*THE HOST KEY HAS CHANGED.*ssh-keygen -R.*dest +who may log in +unchanged.*nfs +keys +failed' \
        migsh key-exchange --apply --accept-new
}
check "a changed host key is refused, --accept-new or not; the others go on" new_host_key
node_down() {
    on admin sh -c 'echo ConnectTimeout 3 >/root/.ssh/config'
    on switch ip link set nfs down
    gives 8 'dest +who may log in +unchanged.*nfs +keys +unreachable' migsh key-exchange --apply
    local r=$?
    on switch ip link set nfs up
    return $r
}
check "a node that is down stops nobody else" node_down

# --- other accounts, other ways
two() { nodes "node-add source $1@$subnet.100" "node-add dest $1@$subnet.102"; }
add_user() {
    local host
    for host in source dest; do
        sh_on "$host" 'useradd -d /srv/op -m -s /bin/sh op && echo op:secret | chpasswd && chmod 755 /srv/op' || return 1
    done
}
bare
check "an account that is not root, on two hosts" add_user
two op
check "--accept-new: unseen, but said aloud" \
    gives 0 "op@$subnet.100 is not known yet. Its key is ssh-ed25519 SHA256:.*accepted without comparing it.*journal" \
    person key-exchange --accept-new --apply
check "it logs in both ways, without sudo" gives 0 'dest +\d+ ms' migsh key-verify
owned() {
    on source sh -c 'cd /srv/op && stat -c "%U %a" .ssh .ssh/authorized_keys .ssh/id_ed25519' |
        diff - <(printf '%s\n' 'op 700' 'op 600' 'op 600') && ! on source ls /root/.ssh
}
check "the files are its own, root's are not touched" owned
# What a login that is not root's cannot give a new file: written in place, or refused with what to do.
keyfile=/srv/op/.ssh/authorized_keys
foreign_group() {
    on source chgrp daemon $keyfile
    gives 0 'a reader could have seen it.*source +who may log in +changed' migsh key-revoke dest --apply &&
        on source stat -c '%U:%G %a' $keyfile | diff - <(echo op:daemon 600) && ! on source grep -r migsh:dest /srv/op/.ssh &&
        gives 0 'source +who may log in +reverted' migsh key-revoke dest --revert &&
        on source stat -c '%U:%G %a' $keyfile | diff - <(echo op:daemon 600) && on source grep -q migsh:dest $keyfile
}
check "a file of a foreign group keeps it, and is written all the same" foreign_group
foreign_owner() {
    on source sh -c "chown root:root $keyfile; chmod 644 $keyfile"
    on source sha256sum $keyfile >"$work/owned"
    gives 1 'source: .*authorized_keys belongs to root:root.*left as it was.*hint: log in as its owner or as root' \
        migsh key-revoke dest --apply && on source sha256sum $keyfile | diff "$work/owned" - || return 1
    ! on source sh -c 'ls -A /srv/op/.ssh | grep -F .migsh.' || return 1
    on source sh -c "chown op:op $keyfile; chmod 600 $keyfile"
    migsh key-revoke dest --revert
}
check "a file of a foreign owner is left as it was, with what to do" foreign_owner
if on source sh -c 'command -v sudo' >/dev/null; then
    for host in source dest; do
        sh_on "$host" 'mkdir -p /etc/sudoers.d; echo "op ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/op; chmod 440 /etc/sudoers.d/op'
    done
    check "--user root, by sudo" gives 0 'source +an ed25519 key +changed' migsh key-exchange --user root --apply
    check "libvirt's way: root on source to root on dest" on source virsh -c "qemu+ssh://root@$subnet.102/system" list
    check "key-verify --user root" gives 0 'dest +\d+ ms' migsh key-verify --user root
else
    skip_one "--user root, by sudo" "no sudo here"
    two root
    person key-exchange --apply >/dev/null
fi
nodes "node-add source root@$subnet.100" "node-add again root@$subnet.100" "node-add dest root@$subnet.102"
twice() {
    gives 0 'again is root@.* once more under another name' migsh key-exchange --apply &&
        [[ $(on dest grep -c 'migsh:source$' /root/.ssh/authorized_keys) == 1 ]] &&
        on dest grep -q '^again .*migsh:again$' /root/.ssh/known_hosts && ! on source grep migsh:again /root/.ssh/known_hosts
}
check "one host under two names is one host" twice
check "… and has nothing to do the second time" gives 0 '"changed":0' migsh --json key-exchange --apply
on admin sh -c "printf '%s\n' 'Host behind' 'HostName $subnet.102' 'ProxyJump root@$subnet.100' >/root/.ssh/config"
on dest sh -c "rm -r /root/.ssh/known_hosts; echo 'AllowUsers root@$subnet.100 op' >>/etc/ssh/sshd_config"
lab service dest sshd restart >/dev/null
nodes "node-add source root@$subnet.100" "node-add dest root@behind"
check "a node behind ProxyJump" gives 0 'dest +host keys of the others +changed' migsh key-exchange --apply
check "… logs in" on dest ssh -o BatchMode=yes -o StrictHostKeyChecking=yes "root@$subnet.100" true
check "a name that is none" gives 2 "is not a user name" migsh key-exchange --user 'x;reboot' --apply
check "no such node" gives 3 '' migsh key-revoke nowhere --apply
two root
on dest sed -i /^AllowUsers/d /etc/ssh/sshd_config
lab service dest sshd restart >/dev/null
# By name: the journals also know nfs as it was before the lab began anew, with keys it has no longer.
check "key-exchange --revert takes all of it back" migsh key-exchange source dest --revert

finish
