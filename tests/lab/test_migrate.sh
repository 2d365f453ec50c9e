#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `migrate` on real hosts and guests: every mode, every way to abort it, every refusal. After each migration virsh is
# asked where the guest runs (on one host, no more, no less), and the guest itself whether it serves and was never
# rebooted. Prints "ok N - name" and "not ok N - name" lines and a last line with the counts. About four minutes.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
lab=$PWD/tests/lab/lab
"$lab" check || exit
export MIGSH_LAB_NAME=${MIGSH_MIGRATE_LAB:-migrate-$$} MIGSH_LAB_SUBNET=${MIGSH_MIGRATE_SUBNET:-192.168.83}
migsh=$(realpath "${MIGSH:-build/shell/migsh}")
slow=$(realpath -m "$(dirname "${MIGSH_PLAIN:-build/shell/migsh}")/../tests/lab/slow_call.so")
# shellcheck source=tests/lab/lib/migrate_helpers.sh
. tests/lab/lib/migrate_helpers.sh
trap clean_up EXIT

"$lab" up --ready --tls >"$work/up" 2>&1 || { cat "$work/up"; exit 1; }
eval "$("$lab" env)"
declare -A address=([source]=$LAB_SOURCE [dest]=$LAB_DEST)
write_nodes
"$lab" guest start share >/dev/null && "$lab" guest start busy >/dev/null && "$lab" wait share >/dev/null || exit 1
boot_id=$(guest_get share boot_id)

# --- Modes. Each begins where the last one ended: $from and $to follow the guest.
begin share source
moves "live" share --live --unsafe --persistent
moves "live, and back" share --live --unsafe --persistent
check "what it took is kept" kept '.command == "migrate" and .ok and .verdict == "ok" and .source == "dest" and .destination == "source" and .total_ms > 0 and .bytes > 1000000'
moves "not live" share --unsafe --persistent
moves "peer to peer" share --live --p2p --unsafe --persistent
moves "tunnelled" share --live --p2p --tunnelled --unsafe --persistent
moves "parallel" share --live --parallel --parallel-connections 2 --unsafe --persistent
moves "compressed" share --live --compressed --unsafe --persistent
moves "xbzrle with a cache" share --live --comp-methods xbzrle --comp-xbzrle-cache 67108864 --unsafe --persistent
if ((${LAB_QEMU%%.*} < 9)); then
    moves "mt compression" share --live --comp-methods mt --comp-mt-level 1 --comp-mt-threads 2 --comp-mt-dthreads 2 \
        --unsafe --persistent
else
    check "mt compression, which QEMU has no longer" fails 11 "not supported by QEMU.*still runs on $from" \
        migsh migrate "share@$from" "$to" --live --comp-methods mt --unsafe --persistent
fi
moves "auto-converge" share --live --auto-converge --auto-converge-initial 30 --auto-converge-increment 20 --unsafe \
    --persistent
moves "post-copy allowed, and not needed" share --live --postcopy --postcopy-bandwidth 500 --unsafe --persistent
moves "bandwidth" share --live --bandwidth 60 --unsafe --persistent
moves "encrypted" share --live --tls --tls-destination "$(hostname_of "$to")" --unsafe --persistent
moves "change protection, abort on error" share --live --change-protection --abort-on-error --unsafe --persistent
moves "listen address and migration URI" share --live --listen-address "${address[$to]}" \
    --migrateuri "tcp://${address[$to]}:49190" --unsafe --persistent

xml_of share "$from" >"$work/share.xml"
sed 's/<title>.*//; s|<uuid>|<title>moved</title><uuid>|' "$work/share.xml" >"$work/titled.xml"
moves "XML of one's own, live and persistent" share --live --persistent --unsafe --xml "$work/titled.xml" \
    --persistent-xml "$work/titled.xml"
check "the new XML is in force" has_title share "$from" moved
moves "undefinesource" share --live --persistent --undefinesource --unsafe
check "undefinesource leaves no definition" no_domain share "$to"
moves "without --persistent the guest is transient there" share --live --unsafe
check "it is transient" is_transient share "$from"
check "its definition is where it came from" defined_on share "$to"
moves "a transient guest goes home" share --live --persistent --unsafe
check "--undefinesource alone warns" warns "no host will have a definition" migsh migrate "share@$from" "$to" --offline --undefinesource
check "suspend" suspended_there
check "a new name" renamed_there
check "the name is the new one" name_is "$uuid_share" "$from" "two words;\$(x)"
check "an odd name is data, and goes home" named_back
where_is_it share

# --- The lines that handbooks and articles print, with the lab's names.
begin share "$from"
printed "migrate --live --verbose share  qemu+ssh://${address[$to]}/system tcp://${address[$to]} --unsafe"
printed "migrate --unsafe $(id_of share) qemu+ssh://root@$(hostname_of "$to")/system"
printed "migrate --live --unsafe share qemu+ssh://root@$(hostname_of "$to")/system"
printed "migrate --live --persistent --undefinesource --unsafe $(id_of share) \\"$'\n'"qemu+tls://root@$(hostname_of "$to")/system"
printed "migrate --unsafe share qemu+ssh://root@$(hostname_of "$to")/system --migrateuri tcp://@$(hostname_of "$to"):49152"
printed "migrate --live share --unsafe --verbose qemu+ssh://${address[$to]}/system"
printed "migrate --verbose --live --unsafe --persistent share qemu+tcp://$(hostname_of "$to")/system"
printed "migrate share qemu+ssh://${address[$to]}/system --live --unsafe --verbose"
printed_at_home "migrate share qemu+ssh://$(hostname_of "$to")/system --live --unsafe --verbose"

# --- Names: a node with a numeric address needs no resolving, a plain URI does; and the error says what to do.
forget_names
check "a name that cannot be resolved is explained" refused 'hint: .*(/etc/hosts|--migrateuri)' \
    migsh migrate "share@$from" "qemu+ssh://root@${address[$to]}/system" --live --unsafe
moves "a node's address needs no name" share --live --unsafe --persistent
restore_names

# --- Progress, and the value
check "progress on a pipe, with --verbose" progress_plain
check "nothing but a line without --verbose" quiet_plain
check "JSON: events, then the value" json_value

# --- Aborting. `busy` never ends at 4 MiB/s.
begin busy source
check "SIGINT without a terminal aborts: 130" aborted 130 signal INT --live
check "and that is kept, too" kept '.ok == false and .state == "failed" and (.verdict | test("cancel|abort"))'
check "a console that is killed leaves a journal that says so" killed_console
check "which keeps nothing from beginning, and is closed by hand" closed_by_hand
check "SIGTERM aborts: 143" aborted 143 signal TERM --live
check "SIGINT aborts peer to peer, too" aborted 130 signal INT --live --p2p
check "SIGINT at once" aborted 130 signal_at_once INT --live
check "domjobabort aborts: 130" aborted 130 job_abort - --live
check "setspeed and setmaxdowntime in flight" tuned_in_flight
check "timeout: suspended, and moved" timed_out "suspending it" --timeout 1 --timeout-suspend
check "timeout: tried again where the migration had not begun" timed_out_early
check "timeout: post-copy" timed_out "switching to post-copy" --postcopy --timeout 1 --timeout-postcopy
check "post-copy after the first pass" timed_out "first pass is over" --postcopy --postcopy-after-precopy
check "migrate-postcopy in flight" postcopy_in_flight
check "post-copy broken off, and resumed" postcopy_resumed
check "SIGINT while suspended lets the guest run on" aborted 130 signal_suspended INT --live --timeout 1 --timeout-suspend
check "SIGINT in post-copy does not kill the guest" interrupted_in_postcopy

# --- Refusals: each at once, with the guest where it was.
begin share "$(host_of share)"
check "unsafe refused: 9" fails 9 "still runs on $from" migsh migrate "share@$from" "$to" --live
check "and explained" refused "hint: .*--copy-storage-all" migsh migrate "share@$from" "$to" --live
check "same host refused" fails 1 "same host.*still runs on $from" migsh migrate "share@$from" "$from" --live --unsafe
check "tunnelled without p2p refused" fails 2 "still runs on $from" migsh migrate "share@$from" "$to" --tunnelled --unsafe
check "offline without persistent refused" fails 10 "persistent" migsh migrate "share@$from" "$to" --offline
check "direct refused" fails 11 "hint: .*--direct" migsh migrate "share@$from" "$to" --live --unsafe --direct
check "a file that is not there: nothing begins" fails 3 "nowhere.xml" migsh migrate "share@$from" "$to" --live --xml "$work/nowhere.xml"
check "twenty failures in a row, none hangs" never_hangs
check "name clash refused" name_clash
check "changed host key refused: 6" host_key_refused admin
check "changed host key refused peer to peer: 6" host_key_refused "$from" --p2p
check "closed port: 7" fails 7 "hint: .*libvirtd" migsh migrate "share@$from" "qemu+tcp://${address[$to]}:1/system" --live --unsafe
check "cable pulled before: 7" cable_pulled
check "migration port closed: 7" port_closed
check "serves as before" serves share
begin busy "$(host_of busy)"
check "destination's libvirtd ends half-way" daemon_ends "$to"
check "cable pulled half-way: noticed, aborted, and said where the guest is" cable_pulled_half_way
check "Ctrl-C while the destination does not answer" interrupted_while_connecting

# --- Disks and definitions
check "copy-storage-all into a pool" copied_all
check "copy-storage-all back, synchronous writes, chosen disks" copied_back
check "copy-storage-inc onto the volume that was left" copied_incrementally
check "offline: the definition moves" offline_moves
check "offline with undefinesource" offline_undefines
finish
