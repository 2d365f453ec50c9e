#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may use libvirt on a node: a plain user refused, told why, let in by the line that was told, and out again;
# settings of the daemon and of QEMU, each back to the byte; a restart that no guest notices. Real libvirtd, users and
# groups; no systemd, whose systemctl is a stand-in that restarts the real daemon. SELinux, the modular daemons and
# .pkla files cannot be here: tests/unit/test_access.c has them. A lab of its own (MIGSH_ACCESSTEST_SUBNET). Prints
# "ok N - …".
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" accesstest 192.168.147
sum() { on "$1" sh -c 'sha256sum /etc/libvirt/libvirtd.conf /etc/libvirt/qemu.conf; stat -c %a:%u:%g /etc/libvirt/*.conf'; }
clients() { on "$1" virt-admin server-clients-info libvirtd | sed -n 's/^nclients_max *: //p'; }
guest() { on source pidof qemu-system-x86_64; on source curl -sf "http://$subnet.10/boot_id"; }

three_nodes
up --ready
for host in source dest; do
    lab exec "$host" -- sh -c 'cat >/usr/local/sbin/systemctl; chmod 755 /usr/local/sbin/systemctl; mkdir -p /run/systemd/system
        useradd plain' <<'SH'
#!/bin/sh
case "$*" in
"restart libvirtd.service")
    read -r p </run/migsh-lab/libvirtd.pid && kill "$p" 2>/dev/null
    while kill -0 "$p" 2>/dev/null; do sleep 0.05; done
    setsid /usr/sbin/libvirtd --listen </dev/null >>/var/log/libvirtd.out 2>&1 &
    echo $! >/run/migsh-lab/libvirtd.pid ;;
show*) printf 'Id=libvirtd.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n\nId=libvirtd.socket\nLoadState=not-found\nActiveState=inactive\nUnitFileState=\n' ;;
*) exit 3 ;;
esac
SH
done
lab guest start share >/dev/null 2>&1 && lab wait share >/dev/null 2>&1
before=$(sum source)
was=$(guest)

# --- a user, in and out
narrow=(libvirtd-config source unix_sock_group=libvirt unix_sock_rw_perms=0770 --restart --apply)
expect "root is let in, and whoever can log in is a warning" 0 \
    "source +auth +warn.*source +open +pass.*remedy: ${narrow[*]}" access-check source
expect "that remedy, run" 0 "settings +changed.*libvirtd restarted +changed" "${narrow[@]}"
expect "a second time there is nothing to do" 0 "settings +unchanged.*libvirtd restarted +unchanged" "${narrow[@]}"
expect "a plain user is refused: the gate, and what mends it" 12 \
    "socket +pass.*group +fail.*open +fail +Failed to connect.*refused at: group.*remedy: access-grant source plain --apply" \
    access-check source --user plain
remedy=$(m --json access-check source --user plain 2>/dev/null | sed -n '/^\[/p' | py 'print(d[-1]["remedy"])')
expect "the plan changes nothing" 0 "plain in the group libvirt +planned" access-grant source plain --plan
expect "the line that was told, run" 0 "plain in the group libvirt +changed" -c "$remedy"
expect "he is let in" 0 "group +pass.*open +pass +qemu:///system opens" access-check source --user plain
expect "granted already: nothing to do" 0 "plain in the group libvirt +unchanged" access-grant source plain --apply
expect "verified as that user" 0 "plain in the group libvirt +verified" access-grant source plain --verify
expect "taken back" 0 "plain in the group libvirt +reverted" access-grant source plain --revert
expect "and he is out again" 12 "group +fail" access-check source --user plain
expect "a rule of polkit for him alone" 0 "rules.d/49-migsh-plain.rules.*\+ .*subject.user == \"plain\"" \
    access-grant source plain --polkit --plan
expect "root needs nothing" 0 "nothing to do" access-grant source root --apply
expect "no such user" 3 "there is no user 'nosuch'" access-grant source nosuch --apply
expect "a hostile name is refused" 2 "cannot be the name of a user" access-grant source '$(touch /pwned)' --apply
expect "a user's name is data" 12 'user +fail +\$\(touch' access-check source --user '$(touch;pwned)'
check "nothing came of it" on source sh -c '! ls /pwned /root/pwned 2>/dev/null'
expect "who does not answer is told of, the others are judged" 7 "source +open +pass.*gone" \
    -c 'node-add gone root@127.0.0.1 --port 9' -c 'access-check source,gone'
m node-remove gone >/dev/null 2>&1
expect "all settings taken back" 0 "libvirtd restarted +reverted.*settings +reverted.*restart on the way back +reverted" \
    libvirtd-config source --revert
check "to the byte" prints "$before" sum source
check "the guest has noticed nothing: the same process, the same boot" prints "$was" guest

# --- settings
on dest sh -c 'printf "# how many\n#max_clients = 5000\n   # odd\nkeepalive_count=5 # why\n" >>/etc/libvirt/libvirtd.conf'
before=$(sum dest)
expect "all known settings, the file's and the comment's" 0 \
    "libvirtd.conf, read by libvirtd.*^ max_clients +- +5000 +number.*^ keepalive_count +5 +- " libvirtd-config dest
expect "a change counts from the next start on, which is told" 0 "obeys it from its next start on.*settings +changed" \
    libvirtd-config dest max_clients=77 --unset keepalive_count --apply
check "changed where it stands" says "$(printf '# how many\nmax_clients = 77\n   # odd\n#keepalive_count=5 # why')" \
    on dest tail -n 4 /etc/libvirt/libvirtd.conf
check "a reload would not do" gives 0 '^5000$' sh -c "$(declare -f lab on clients); here=$here; lab exec dest -- sh -c 'kill -HUP \$(pidof libvirtd); sleep 0.5'; clients dest"
expect "it is known" 0 "needs a restart" libvirtd-config dest
expect "restarted for it" 0 "libvirtd restarted +changed" libvirtd-config dest --restart --apply
check "obeyed" prints 77 clients dest
expect "JSON" 0 '"restart_needed": ?false' --json libvirtd-config dest
expect "Lua" 0 '^/etc/libvirt/qemu.conf$' -c '=mig.qemu_config{"dest"}.file'
expect "libvirt's own reader refuses it before it is written" 10 "would not start with that: .*sesame.*is left as it was" \
    libvirtd-config dest auth_unix_rw=sesame --apply
expect "no such setting" 2 "did you mean max_clients" libvirtd-config dest max_client=1 --apply
expect "not of its type" 2 "'many' is not a number" libvirtd-config dest max_clients=many --apply
expect "a password is not for a command line" 11 "write it into the file" qemu-config dest vnc_password=x --apply
expect "which setting?" 2 "KEY=VALUE --plan" libvirtd-config dest --apply
expect "one that libvirt cannot start with, as data" 1 "does not answer after its restart.*--revert" \
    libvirtd-config dest 'unix_sock_group=nosuch; $(touch /pwned)' --restart --apply
expect "and back: it runs again" 0 "restart on the way back +reverted" libvirtd-config dest --revert
check "to the byte" prints "$before" sum dest
check "libvirtd answers" on dest virsh -q -c qemu:///system uri
expect "QEMU's settings" 0 "settings +changed.*libvirtd restarted +changed" \
    qemu-config dest migration_port_min=49160 max_core=unlimited namespaces= --restart --apply
expect "and back" 0 "settings +reverted" qemu-config dest --revert
check "to the byte, too" prints "$before" sum dest
on dest sh -c 'echo "what is this" >>/etc/libvirt/qemu.conf'
expect "a broken file is not touched" 10 "qemu.conf: line [0-9]+: '=' is wanted.*mend that line" qemu-config dest max_files=5 --apply

# --- a restart waits for no job
lab guest start busy >/dev/null 2>&1
on source virsh -q migrate-setspeed busy 4
on source virsh -q migrate --live busy qemu+ssh://dest/system >"$work/busy" 2>&1 &
job=$!
for _ in $(seq 100); do on source virsh domjobinfo busy 2>/dev/null | grep -F Unbounded >/dev/null && break; sleep 0.1; done
now=$(sum source)
expect "a restart that would end a migration is refused" 10 "a job of the guest .* is at work" \
    libvirtd-config source max_workers=30 --restart --apply
check "before anything is touched" prints "$now" sum source
check "the migration goes on" says Unbounded on source virsh domjobinfo busy
on source virsh -q domjobabort busy
wait "$job"
lab exec source -- sh -c 'cat >/usr/local/sbin/virsh; chmod 755 /usr/local/sbin/virsh' <<'SH'
#!/bin/sh
[ "$4" != domjobinfo ] || { echo 'error: cannot acquire state change lock' >&2; exit 1; }
exec /usr/bin/virsh "$@"
SH
expect "so is one where libvirt does not tell" 10 "does not tell whether a job of a guest is at work" \
    libvirtd-config source max_workers=30 --restart --apply
check "before anything is touched" prints "$now" sum source
on source rm /usr/local/sbin/virsh

# --- what the host is
expect "ids in a table" 0 "^ source +root +0 +root +0 +[0-9]+ +[0-9]+ *$.*^ dest +root" access-check --ids
expect "ids and a user exclude each other" 2 "" access-check --ids --user x
on dest sed -i '1i user = "nosuch"' /etc/libvirt/qemu.conf
m access-check --ids >"$work/ids" 2>&1
check "a user whom the node does not know has no other number" sh -c 'grep "dest *nosuch" "$1" && ! grep "another number" "$1"' sh "$work/ids"
got=0
m --json host-validate source >"$work/json" 2>&1 || got=$?
wanted=0
grep -E '"level": ?"fail"' "$work/json" >/dev/null && wanted=12
check "host-validate: its lines are findings, a failure is the status" test "$got" = "$wanted"
check "host-validate: as JSON" grep -E '"gate": ?"[^"]+", ?"level": ?"(pass|warn|fail)"' "$work/json"
expect "host-validate: no such hypervisor" 2 "" host-validate source nosuch
finish
