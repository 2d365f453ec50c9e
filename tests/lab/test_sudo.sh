#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Nodes whose login is a plain user's, where sudo wants a password: cold-migrate, cleanup, export-domain and import-
# domain ask for it once for each node and do what they do as root; with nobody to ask nothing is done. A lab of its own
# (MIGSH_SUDOTEST_SUBNET). Prints "ok N - …".
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" sudotest 192.168.79
command -v sudo >/dev/null || { echo "there is no sudo here"; exit 77; }

export MIGSH_PASSWORD=nowhere-else-9 # "secret" is a word of journals: of what --clone takes over
up --ready
for h in source dest; do
    on $h sh -c 'useradd -m -s /bin/sh -d /srv/oper oper && echo "oper:$1" | chpasswd && mkdir -m 700 /srv/oper/.ssh &&
        cp /root/.ssh/authorized_keys /srv/oper/.ssh/ && chown -R oper: /srv/oper &&
        echo "oper ALL=(ALL) ALL" >/etc/sudoers.d/oper && chmod 440 /etc/sudoers.d/oper' sh "$MIGSH_PASSWORD"
done
for h in source dest; do
    echo "node-add $h oper@$(lab address $h) --uri qemu+ssh://root@$h/system"
done >"$work/nodes"
chmod 644 "$work/nodes"
person() { timeout 600 python3 "$here/lib/answer.py" "$here/lab" exec admin -- env XDG_STATE_HOME=/root/state "$migsh" -i "$work/nodes" "$@"; }
images=/var/lib/libvirt/images
uuid=6d696773-6800-4c41-8000-000000000098
# What the guest has on a host, as root sees it.
content() { on "$1" sh -c "cd $images && sha256sum uefi1* && sha256sum </var/lib/libvirt/qemu/nvram/uefi1_VARS.fd && cd /var/lib/libvirt/swtpm/$uuid &&
    find . -type f -exec sha256sum {} + | sort"; }
# passwords N: it was asked for so often.
passwords() { [ "$(grep -ao 'sudo password of oper on' "$work/said" | wc -l)" = "$1" ] || { cat "$work/said"; return 1; }; }
id() { on admin sh -c 'find /root/state -name "*-cold-migrate-*.jsonl"' | sed 's/.*-\([0-9a-f]*\)\.jsonl$/\1/'; }

lab guest define uefi1 >/dev/null
lab guest start uefi1 >/dev/null
lab guest stop uefi1 >/dev/null
content source >"$work/before"
expect "cold-migrate: nobody to ask" 5 "sudo wants a password.*hint: log in as root" cold-migrate uefi1 dest --no-watch
on dest test ! -e $images/uefi1.qcow2
verdict "nothing was done" $?
check "cold-migrate and export-domain in one console" gives 0 "uefi1: is defined on dest.*uefi1 exported to /root/ex: 6 files" \
    person --log /root/state/log -c 'cold-migrate uefi1 dest --no-watch' -c 'export-domain uefi1@dest /root/ex'
check "the password was asked for once for each node" passwords 2
check "the guest is what it was" same "$work/before" content dest
verdict "it is root's" "$([ "$(on dest stat -c %U $images/uefi1.qcow2)" = root ]; echo $?)"

on dest sh -c "truncate -s 1M $images/.migsh-$(id)-1"
check "cleanup: what was left is removed" gives 0 "leftover: 1 files of copies.*done" person cleanup uefi1 --apply
check "cleanup: it is" on dest sh -c "! ls $images/.migsh-* 2>/dev/null"
check "cleanup: the password was asked for" passwords 2

on dest sh -c "virsh -q undefine uefi1 --nvram --tpm && rm $images/uefi1*"
check "import-domain" gives 0 "uefi1 imported to dest: 6 files" person import-domain /root/ex dest --force
check "import-domain: what was exported" same "$work/before" content dest
on admin cat /root/state/log >"$work/log"
check "--log: logins and commands by ssh" grep -qE '^[0-9-]+ [0-9:.]+ ssh oper@[0-9.]+ login \([0-9.]+ m?s\): ok$' "$work/log"
check "--log: what root did" grep -qE '^[0-9-]+ [0-9:.]+ ssh oper@[0-9.]+ sudo guest_files_look .* \([0-9.]+ m?s\): status 0$' "$work/log"
check "--log: calls of libvirt, of both hosts" \
    test "$(grep -oE ' libvirt qemu\+ssh://root@(source|dest)/system virDomain[A-Za-z]+ \([0-9.]+ m?s\): ok$' "$work/log" | cut -d' ' -f3 | sort -u | wc -l)" = 2
check "no password is in a journal, a history or a log" \
    on admin sh -c '! grep -rlF "$1" /root/state 2>/dev/null' sh "$MIGSH_PASSWORD"

finish
