# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the callers use them; own.sh has them
# Bare hosts that know a password only, what prepare-nodes makes of them, and all that it could touch. Sourced behind
# own.sh.
hosts=(admin source nfs dest)
on() { local host=$1; shift; timeout 60 "$here/lab" exec "$host" -- "$@" </dev/null; }
sh_on() { on "$1" sh -c "$2"; }
# Without a terminal, and with a person who knows the password and says yes.
migsh() { on admin "$migsh" -i "$work/nodes" "$@"; }
# killed AT ARG…: a console that dies at that record of a journal (tests/fault/at_record.c). Fails if it did not.
killed() { killed_by "MIGSH_FAULT_AT=$1" -- "${@:2}"; }
# killed_by VARIABLE… -- ARG…: the same, by more of its variables.
killed_by() {
    local fault=()
    while [[ $1 != -- ]]; do fault+=("$1") && shift; done
    timeout "${LIMIT:-60}" python3 "$here/lib/answer.py" "$here/lab" exec admin -- env "${fault[@]}" \
        LD_PRELOAD="$preload" "$plain" -i "$work/nodes" "${@:2}" >"$work/killed" 2>&1
    [[ $? == 137 ]]
}
quick() { timeout "${LIMIT:-60}" python3 "$here/lib/answer.py" "$here/lab" exec admin -- "$plain" -i "$work/nodes" "$@"; }

# All there is on the hosts that could be touched: files with their hashes (and times if wanted), pools, mounts,
# exports, names, addresses, routes, the packet filter. Not the journals, backups (gpasswd's are group- and gshadow-),
# and what libvirt makes for itself: empty directories, /root/.cache.
state() {
    local host
    for host in "${hosts[@]}"; do
        # shellcheck disable=SC2016 # expanded on the host
        on "$host" sh -c 'find /root /etc /srv /mnt /nfs /mykvm -xdev ! -path "/root/.local*" ! -path "/root/.cache*" ! -name "*.migsh-*~" \
                ! -path /etc/group- ! -path /etc/gshadow- ! \( -type d -path "/etc/libvirt/storage*" \) \
                \( -type f -printf "%p %m %U:%G $1\n" -o -printf "%p %y %m %U:%G %l\n" \) 2>/dev/null | sort
            find /root/.ssh /etc -xdev -type f ! -name "*.migsh-*~" ! -path /etc/group- ! -path /etc/gshadow- -exec sha256sum {} + 2>/dev/null | sort
            virsh -q pool-list --all 2>/dev/null; grep -E " (fuse\.)?nfs4? " /proc/mounts; uname -n
            ip -o addr show scope global | sed "s/^[0-9]*: //; s/\\\\.*//"; ip route | sed "s/ linkdown//"
            ls /sys/class/net; nft -s list ruleset
            ls -A /run/migsh-nfs 2>/dev/null; exportfs -v 2>/dev/null' _ "${1:-}" >"$work/state.$host" &
    done
    wait
    for host in "${hosts[@]}"; do sed "s/^/$host /" "$work/state.$host"; done
}

# bare_hosts: they come up, and migsh has logged in to each.
bare_hosts() {
    up
    # As the documents name them. The third one's share is a pool, the first one's is mounted at /mnt.
    printf '%s\n' "node-add test1 root@$subnet.100" "node-add nfs root@$subnet.101" "node-add test2 root@$subnet.102" \
        >"$work/nodes"
    chmod 644 "$work/nodes"
    for host in source nfs dest; do
        sh_on "$host" 'echo root:secret | chpasswd; sed -i "s/^PermitRootLogin.*/PermitRootLogin yes/" /etc/ssh/sshd_config
            umount /mnt 2>/dev/null; :'
        lab service "$host" sshd restart >/dev/null
    done
    on admin sh -c 'mkdir -m 700 /root/.ssh && echo ConnectTimeout 3 >/root/.ssh/config'
    person exec all -- true >"$work/out" 2>&1 || { cat "$work/out"; echo "not ok 1 - the hosts take the password"; exit 1; }
}
# shellcheck disable=SC2054 # the commas are exports(5)'s
third=(prepare-nodes test1 test2 --nfs nfs:/nfs --pool nfspool --at /mykvm/nfspool/ --to '*'
    --export-options rw,sync,no_root_squash --hostname)
first=(prepare-nodes test1 test2 --nfs nfs:/srv/image --at /mnt)
own() { migsh journal-list | awk -v c="$1" '$2 == c { print $1 }' | tail -n 1; }
