#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# virsh's commands on real libvirtd and QEMU: lists over both hosts, addresses from the neighbour table, events of both
# sides of a migration, what a lost connection and Ctrl-C do. Prints "ok N - …"; exit 77 where there can be no lab.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab=$here/lab
migsh=$(readlink -f "${MIGSH:-$here/../../build/shell/migsh}")
export MIGSH_LAB_NAME="${MIGSH_LAB_NAME:-virt$$}"
export MIGSH_LAB_SUBNET="${MIGSH_LAB_SUBNET:-10.$((100 + $$ % 100)).$(($$ / 100 % 250))}"
"$lab" check || exit
declare -A address
# shellcheck source=tests/lab/lib/migrate_helpers.sh
. "$here/lib/migrate_helpers.sh"
trap clean_up EXIT
"$lab" up --ready && "$lab" guest start share && "$lab" wait share || exit 1
address=([source]=$("$lab" address source) [dest]=$("$lab" address dest) [share]=$("$lab" address share))
printf '%s\n' "node-add source root@${address[source]}" "node-add dest root@${address[dest]}" >"$work/nodes"
chmod 600 "$work/nodes"

# has PATTERN COMMAND...: the output has a line that matches (all of it is shown otherwise).
has() {
    local pattern=$1 out
    shift
    out=$("$@" 2>&1)
    grep -qE -- "$pattern" <<<"$out" || { echo "$out"; return 1; }
}
# fails STATUS PATTERN COMMAND...
fails() {
    local status=$1 pattern=$2 out got=0
    shift 2
    out=$("$@" 2>&1) || got=$?
    [ "$got" = "$status" ] && grep -qE -- "$pattern" <<<"$out" || { echo "$out"; echo "[$got]"; return 1; }
}
one_rpc() { # virsh's `list` asks each domain for its state; ours asks once
    local log=$work/rpc
    "$lab" exec source -- env LIBVIRT_LOG_FILTERS=1:rpc LIBVIRT_LOG_OUTPUTS=1:file:/tmp/migsh-rpc.$$ \
        "$migsh" -i "$work/nodes" -C qemu:///system list --all >/dev/null
    mv "/tmp/migsh-rpc.$$" "$log"
    [ "$(grep 'RPC_CLIENT_MSG_TX_QUEUE' "$log" | grep -c 'proc=344')" = 1 ] || return 1
    ! grep 'RPC_CLIENT_MSG_TX_QUEUE' "$log" | grep -E 'proc=(273|212|16) ' >/dev/null
}
same_as_virsh() {
    diff <("$lab" exec admin -- virsh -c qemu+ssh://source/system "$@" 2>&1 | grep -v '^$' | sed 's/^CPU time.*//') \
        <(migsh -C source "$@" 2>&1 | grep -v '^$' | sed 's/^CPU time.*//')
}

check "list merges all hosts" has '^ source +[0-9]+ +share +running$' migsh list --all
check "list is one call beside the opening" one_rpc
for c in "list --all" "dominfo share" "domblklist share --details" "domiflist share" "domuuid share" nodeinfo version \
    "dumpxml share" "dumpxml share --inactive" capabilities; do
    # shellcheck disable=SC2086 # words
    check "$c as virsh shows it" same_as_virsh $c
done
check "statistics of QEMU are typed" has '"block.0.path":"/srv/nfs/share.qcow2".*' migsh -j domstats share --block
check "no agent: said" fails 11 'guest agent' migsh domifaddr share --source agent
"$lab" exec source -- ping -c1 -W3 "${address[share]}" >/dev/null
check "the neighbour table knows the address" has "ipv4 +${address[share]}\$" migsh domifaddr share
check "and says so" has '"source":"neigh"' migsh -j domifaddr share

migsh event --all --loop --node source,dest --timeout 60 >"$work/events" 2>&1 &
waiting=$!
sleep 2
"$lab" exec admin -- timeout 50 virsh -c qemu+ssh://source/system migrate --live --unsafe share qemu+ssh://dest/system
sleep 1
pid=$("$lab" exec admin -- pgrep -f 'event --all --loop' | tail -n 1)
"$lab" exec admin -- kill -INT "$pid"
wait "$waiting"
check "Ctrl-C is event's normal end" [ $? = 0 ]
for line in "source: event 'lifecycle' for domain 'share': Suspended Migrated" \
    "dest: event 'lifecycle' for domain 'share': Resumed Migrated" "source: event 'migration-iteration'.*'1'" \
    "source: event 'job-completed'"; do
    check "event: $line" has "$line" cat "$work/events"
done
check "of two definitions the one that runs is meant" has '"node":"dest"' migsh -j -c 'suspend share; resume share'
check "so start cannot start the other one" fails 10 'already active' migsh start share
check "undefine on the one that is off" has 'undefined' migsh undefine share@source
check "suspend and resume" has 'resumed' migsh -c 'suspend share; resume share'
check "domstate finds it" has '^running \(unpaused\)$' migsh domstate share --reason
check "destroy" has 'destroyed' migsh destroy share
(sleep 3 && "$lab" service dest libvirtd stop) &
check "a lost connection ends event" fails 7 'connection to dest was lost' migsh -C dest event --event lifecycle --loop --timeout 30
finish
