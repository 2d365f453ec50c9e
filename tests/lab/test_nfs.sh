#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# NFS in the lab: export (by exportfs and by ganesha alone), show, mount, test, adopt, umount, and each of them back to
# the byte. A lab of its own (MIGSH_NFSTEST_SUBNET), other directories than those it exports. Prints "ok N - …".
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" nfstest 192.168.90
sums() { on nfs sh -c 'sha256sum /etc/exports; stat -c %a:%u:%g /etc/exports; cd /etc && ls exports.migsh* 2>/dev/null; ls -d /srv/* /run/migsh-nfs 2>/dev/null'; }
# shellcheck disable=SC2016 # for the shell over there
# Everything below a directory: names, modes, contents.
tree() { on "$1" sh -c 'cd "$1" || exit; find . -print0 | sort -z | xargs -0 stat -c "%n %a %u %F %s"; find . -type f -print0 | sort -z | xargs -0 sha256sum' sh "$2"; }

three_nodes
up --ready

# --- export, by exportfs
on nfs sh -c 'printf "# kept: as it is\n/srv/nfs *(rw,sync,no_root_squash) \\\\\n   # and this\n" >/etc/exports; chmod 640 /etc/exports'
dir='/srv/my images'
before=$(sums)
expect "export: the plan shows the entry and the words" 0 \
    "^\+\"$dir\" $subnet\.100\(rw,sync,no_root_squash,no_subtree_check\) $subnet\.102\(.*exportfs -ra.*export +planned" \
    nfs-export nfs "$dir" --to source,dest --plan
check "export: the plan changes nothing" prints "$before" sums
expect "export: not asked, nothing done" 2 "there is no terminal to ask on.*--apply" nfs-export nfs "$dir" --to source
expect "export: verify says that it is not there" 12 "not as wanted|not done" nfs-export nfs "$dir" --to source,dest --verify
expect "export: applied" 0 "export +changed.*exports read by the server +changed" nfs-export nfs "$dir" --to source,dest --apply
mtime=$(on nfs stat -c %y:%i /etc/exports)
expect "export: a second time, 0 changes" 0 "directory.*unchanged.*export +unchanged.*read by the server +unchanged" \
    nfs-export nfs "$dir" --to source,dest --apply
expect "export: verified" 0 "export +verified" nfs-export nfs "$dir" --to source,dest --verify
check "export: the file was not touched again" prints "$mtime" on nfs stat -c %y:%i /etc/exports
expect "export: one more client with other options joins the entry" 0 "2 changed|changed" \
    nfs-export nfs "$dir" --to 10.1.0.0/16 --options ro,sync,no_subtree_check --apply
check "export: one entry, the rest as it was" prints "1" on nfs sh -c "grep -c '^\"$dir\" .*100(rw.*102(rw.* 10.1.0.0/16(ro,sync' /etc/exports"
expect "export: and is taken out" 0 "export +changed" nfs-export nfs "$dir" --to 10.1.0.0/16 --remove --apply
expect "show: both exports, seen from the nodes" 0 "nfs +$dir +$subnet\.100/32,$subnet\.102/32 +source,dest +mountd" \
    nfs-show nfs --from source,dest
expect "export: * with no_root_squash is warned of" 0 "warning: \* with no_root_squash" \
    nfs-export nfs /srv/open --to '*' --options rw,sync,no_root_squash,no_subtree_check --plan
expect "export: unknown option" 2 "did you mean no_root_squash" nfs-export nfs /srv/x --to source --options rw,no_root_sqash
expect "export: contradiction" 2 "rw and ro contradict" nfs-export nfs /srv/x --to source --options rw,ro --apply
expect "export: a client with a line end is refused" 2 'x0a.*is not a client' nfs-export nfs /srv/x --to $'a\n/etc *(rw)' --apply
expect "export: relative path" 2 "not an absolute path" nfs-export nfs srv --to source --apply
expect "export: no such node" 3 "no node 'nosuch'" nfs-export nosuch /srv/x --to source --apply

# --- mount on both, a test, and back
share="nfs:$dir" at='/mnt/a b'
fstab=$(on source sha256sum /etc/fstab)
expect "mount: the plan shows a command once, not for each node" 0 \
    "source runs: .*mount -t nfs.*source runs: .*dest runs: the same as above.*dest runs: the same script with '/etc/fstab'" \
    nfs-mount source dest "$share" "$at" --persist --plan
expect "mount: on two nodes, with fstab" 0 "source +mounted at boot +changed.*dest +mounted at boot +changed" \
    nfs-mount source dest "$share" "$at" --persist --apply
expect "mount: a second time, 0 changes" 0 "source +mount .*unchanged.*dest +mounted at boot +unchanged" \
    nfs-mount source dest "$share" "$at" --persist --apply
check "mount: fstab masks the blanks" prints "$subnet.101:/srv/my\\040images /mnt/a\\040b nfs _netdev 0 0" on source tail -n 1 /etc/fstab
expect "test: shared both ways" 0 "source +fuse.* root +no +[0-9.]+ .*source +dest +root +pass.*dest +source +qemu +pass.*shared: yes" \
    nfs-test source dest "$at"
check "test: leaves nothing behind" prints "" on nfs ls -A "$dir"
expect "test --json" 0 '"latency_ms": ?[0-9.]+.*"shared": ?true|"shared": ?true' --json nfs-test source dest "$at"
expect "test: two directories of their own are not shared" 12 "does not see what.*|shared: no" nfs-test source dest /root
check "test: leaves nothing behind there either" prints "" on source sh -c 'ls -A /root | grep test'
on source sh -c 'sed -i "s/^user.*/user = \"libvirt-qemu\"/; s/^group.*/group = \"kvm\"/" /etc/libvirt/qemu.conf'
expect "test: QEMU's user may not write" 12 "libvirt-qemu +no .*libvirt-qemu cannot write: Permission denied" nfs-test source dest "$at"
on nfs chmod 1777 "$dir"
expect "export: root is squashed from now on" 0 "export +changed" \
    nfs-export nfs "$dir" --to source,dest --options rw,sync,root_squash,no_subtree_check --apply
expect "test: tells of root_squash" 12 "source +fuse\S* +libvirt-qemu +yes" nfs-test source dest "$at"
expect "export: root is no longer squashed" 0 "export +changed" nfs-export nfs "$dir" --to source,dest --apply
on source sh -c 'cd /mnt && mkdir full && touch "full/one; two" full/b'
expect "mount: a directory with something in it is refused, the other node goes on" 9 \
    "dest +mount .*changed.*source +mount +failed.*not empty \(b, one; two\).*nfs-adopt source" nfs-mount source,dest "$share" /mnt/full --apply
expect "mount: taken back where it was done" 0 "dest +mount .*reverted" nfs-mount source,dest "$share" /mnt/full --revert
expect "mount: another share on top is refused" 10 "is mounted at /mnt/a b already" nfs-mount source nfs:/srv/nfs "$at" --apply
expect "mount: no such export" 1 "source +mount .*failed|error" nfs-mount source nfs:/srv/nosuch /mnt/nosuch --apply
expect "mount: and back" 0 "directory /mnt/nosuch +reverted" nfs-mount source nfs:/srv/nosuch /mnt/nosuch --revert
expect "mount: a path with a line end is refused" 2 'x0a.*control characters' nfs-mount source nfs:/srv/nfs $'/mnt/a\nb' --apply
expect "mount: no source" 2 "not SERVER:PATH" nfs-mount source nfs /mnt/x --apply
expect "umount: of no NFS is refused" 10 "is not NFS" nfs-umount source /srv --apply
expect "umount: with fstab" 0 "source +unmount .*changed.*source +no longer mounted at boot +changed" \
    nfs-umount source,dest "$at" --persist --apply
expect "umount: a second time, 0 changes" 0 "source +unmount .*unchanged" nfs-umount source,dest "$at" --persist --apply
expect "umount: taken back" 0 "unmount .*reverted" nfs-umount source,dest "$at" --revert
check "umount: mounted again" prints "1" on source grep -c 'a.040b.*fuse.nfs' /proc/self/mountinfo
lab service dest sshd stop >/dev/null
expect "umount: a node that does not answer stops no other" 7 "source +unmount .*changed.*dest +unmount +unreachable" \
    nfs-umount source,dest "$at" --apply
lab service dest sshd start >/dev/null
expect "umount: and back" 0 "source +unmount .*reverted" nfs-umount source "$at" --revert
expect "mount: taken back" 0 "directory /mnt/a b +reverted" nfs-mount source,dest "$share" "$at" --revert
check "mount: fstab to the byte" prints "$fstab" on source sha256sum /etc/fstab

# --- adopt
# shellcheck disable=SC2016
on source sh -c 'mkdir -p /mnt/old/sub && cd /mnt/old && chmod 711 . && head -c 3000000 /dev/urandom >"a b.qcow2" &&
    truncate -s 8M sparse.img && echo hi >"sub/it is; \$(x)" && ln -s sub/x link'
old=$(tree source /mnt/old)
on source sh -c 'exec sleep 300 <"/mnt/old/a b.qcow2"' &
holder=$!
sleep 0.3
expect "adopt: refused while a file is in use" 9 "/mnt/old is in use: sleep \(process" nfs-adopt source "$share" /mnt/old --apply
# shellcheck disable=SC2016
on source sh -c 'for p in /proc/[0-9]*; do [ "$(cat $p/comm)" != sleep ] || kill "${p#/proc/}"; done'
wait "$holder" 2>/dev/null
on nfs sh -c 'echo other >"/srv/my images/sparse.img"'
expect "adopt: another file of the same name on the share is an error" 1 "sparse.img is on the share already" \
    nfs-adopt source "$share" /mnt/old --apply
expect "adopt: taken back after that" 0 "aside, as .*reverted" nfs-adopt source "$share" /mnt/old --revert
check "adopt: all as it was" prints "$old" tree source /mnt/old
check "adopt: the share's own file is still there, and no other" prints "sparse.img" on nfs ls -A "$dir"
on nfs rm -f "$dir/sparse.img"
expect "adopt: applied" 0 "aside, as .*changed.*copied onto the share, checksums compared +changed" \
    nfs-adopt source "$share" /mnt/old --apply
check "adopt: all on the share" prints "$(echo "$old" | grep -v '^\. ')" sh -c "$(declare -f tree on lab); here='$here'; tree nfs '$dir' | grep -v '^\. '"
expect "adopt: a second time, 0 changes" 0 "aside, as .*unchanged.*copied .*unchanged" nfs-adopt source "$share" /mnt/old --apply
on source sh -c 'echo more >>"/mnt/old/a b.qcow2"'
expect "adopt: not taken back over what has changed since" 1 "a b.qcow2 has changed on the share" nfs-adopt source "$share" /mnt/old --revert
on source truncate -s 3000000 "/mnt/old/a b.qcow2"
expect "adopt: taken back" 0 "copied .*reverted.*aside, as .*reverted" nfs-adopt source "$share" /mnt/old --revert
check "adopt: all as it was before" prints "$old" tree source /mnt/old
check "adopt: nothing on the share" prints "" on nfs ls -A "$dir"

lab guest start local1 >/dev/null
expect "adopt: refused while a guest runs on it" 9 "images is in use: .*guest local1" \
    nfs-adopt source "$share" /var/lib/libvirt/images --apply
lab guest stop local1 >/dev/null

# --- NFSv4 alone, server down
expect "mount: one whose server will go" 0 "mount .*changed" nfs-mount source nfs:/srv/nfs /mnt/gone --apply
lab service nfs rpcbind stop >/dev/null
expect "show: without rpcbind, what is mounted or in the pseudo root" 0 "nfs +/srv.* +source +(mounted|nfs4)" nfs-show nfs --from source
lab service nfs rpcbind start >/dev/null
lab service nfs ganesha stop >/dev/null
expect "mount: the server is down, and the way back does not wait for it" 0 \
    "warning: the server of /mnt/gone does not answer: it was unmounted lazily.*mount .*reverted.*directory /mnt/gone +reverted" \
    nfs-mount source nfs:/srv/nfs /mnt/gone --revert
check "mount: it is gone" prints "" on source grep /mnt/gone /proc/self/mountinfo
expect "show: the server is down" 7 "nfs from nfs: .*" nfs-show nfs --from nfs
expect "export: the server is down, and says so" 1 "no service script|nothing listens" nfs-export nfs /srv/down --to source --apply
lab service nfs ganesha start >/dev/null
expect "export: and back" 0 "directory /srv/down +reverted" nfs-export nfs /srv/down --revert
expect "export: taken back" 0 "export +reverted.*directory $dir +reverted" nfs-export nfs "$dir" --revert
check "export: the file to the byte, the directory gone" prints "$before" sums

# --- ganesha, where there is no exportfs
on nfs mv /usr/local/sbin/exportfs /usr/local/sbin/exportfs.away
conf=$(on nfs sha256sum /etc/ganesha/ganesha.conf)
expect "ganesha: a block of its own" 0 "export +changed.*read by the server +changed" nfs-export nfs /srv/g --to source,dest --apply
expect "ganesha: a second time, 0 changes" 0 "export +unchanged.*read by the server +unchanged" nfs-export nfs /srv/g --to source,dest --apply
expect "ganesha: seen from the client" 0 "/srv/g +$subnet\.100/32,$subnet\.102/32" nfs-show nfs --from source
expect "ganesha: mounted" 0 "mount .*changed" nfs-mount source dest nfs:/srv/g /mnt/g --apply
on nfs chmod 1777 /srv/g
expect "ganesha: shared" 0 "shared: yes" nfs-test source dest /mnt/g
expect "ganesha: unmounted" 0 "mount .*reverted" nfs-mount source,dest nfs:/srv/g /mnt/g --revert
expect "ganesha: a path that it cannot carry" 2 "cannot carry a path with quotes" nfs-export nfs '/srv/a"b' --to source --apply
expect "ganesha: an EXPORT of somebody else" 4 "by an EXPORT of its own" nfs-export nfs /srv/nfs --to source --apply
expect "ganesha: a client taken out" 0 "export +changed" nfs-export nfs /srv/g --to source --remove --apply
expect "ganesha: and seen so" 0 "/srv/g +$subnet\.102/32 " nfs-show nfs --from dest
expect "ganesha: taken back" 0 "export +reverted" nfs-export nfs /srv/g --revert
check "ganesha: the configuration to the byte" prints "$conf" on nfs sha256sum /etc/ganesha/ganesha.conf

finish
