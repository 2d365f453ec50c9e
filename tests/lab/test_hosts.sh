#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# hosts-sync and node-hostname in the lab, and through them the engine that changes nodes: plan, apply, verify, revert,
# awkward files, full and read-only file systems, cut connections, killed consoles, many consoles, sudo. A lab of its
# own (MIGSH_HOSTSTEST_SUBNET). Prints "ok N - …".
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" hoststest 192.168.88
mkdir -m 700 "$work/state"
m() { on admin env XDG_STATE_HOME="$work/state" "$migsh" -i "$work/nodes" "$@"; }
console() { m "$@" >"$work/out" 2>&1; }
hosts=(admin source nfs dest)
# The sums of all four files, with mode and owner.
sums() {
    local h
    for h in "${hosts[@]}"; do on "$h" sh -c 'sha256sum </etc/hosts; stat -L -c "%a %u %g" /etc/hosts'; done | tr '\n' ' '
}
times() { local h; for h in "${hosts[@]}"; do on "$h" stat -L -c '%y %i' /etc/hosts; done; }
traces() { local h; for h in "${hosts[@]}"; do on "$h" sh -c 'ls -A /etc | grep -E "^\.migsh|\.migsh-" || :'; done; }
fresh() { lab reset >/dev/null 2>&1; rm -rf "$work/state"; mkdir -m 700 "$work/state"; }

three_nodes "$subnet.100" "$subnet.102" "$subnet.101"
up --ready

# --- the plain way
before=$(sums)
expect "plan: diff and exact words, status 0" 0 \
    "^\+# BEGIN MIGSH default$.*^\+$subnet.100 source$.*source runs: sudo sh -c .*dest runs: the same script with '/etc/hosts'.*source .* planned" \
    hosts-sync --plan
[ "$(sums)" = "$before" ]; report "plan: nothing was changed"
expect "nobody to ask: refused, the plan shown" 2 "there is no terminal to ask on.*--apply does it" hosts-sync
# person ANSWER ARGS…: on a terminal, where that is said to the question
person() {
    local answer=$1
    shift
    MIGSH_ANSWER=$answer timeout 60 python3 "$here/lib/answer.py" "$here/lab" exec admin -- \
        env XDG_STATE_HOME="$work/state" "$migsh" -i "$work/nodes" "$@" </dev/null >"$work/out" 2>&1
}
# asked NAME STATUS PATTERN ANSWER ARGS…
asked() {
    local what=$1 status=$2 pattern=$3 got=0
    shift 3
    person "$@" || got=$?
    judge "$what" "$status" "$got" "$pattern"
}
asked "a no at its question: nothing was done" 130 "BEGIN MIGSH.*Make these changes\? \(yes/no\).*nothing was done" no hosts-sync
[ "$(sums)" = "$before" ] && [ -z "$(traces)" ]; report "a no: every file as before, no trace"
console journal-list; ! grep -q hosts-sync "$work/out"; report "a no: no journal"
asked "neither yes nor no: asked again or refused" 130 "Make these changes\?.*nothing was done" n hosts-sync
asked "a yes at its question: done" 0 "Make these changes\? \(yes/no\).*source .* changed.*\(admin\) .* changed.*journal " yes hosts-sync
asked "once more there is nothing to ask" 0 "source .* unchanged" no hosts-sync
expect "and taken back" 0 "source .* reverted" hosts-sync --revert
[ "$(sums)" = "$before" ]; report "to the byte"
expect "apply on three nodes and here" 0 "source .* changed.*dest .* changed.*nfs .* changed.*\(admin\) .* changed.*^journal " hosts-sync --apply
t=$(times)
expect "apply again: unchanged" 0 "source .* unchanged.*\(admin\) .* unchanged" hosts-sync --apply
[ "$(times)" = "$t" ]; report "apply again: no file was touched (mtime, inode)"
expect "apply again, as JSON: 0 changes, no journal" 0 '"mode": ?"apply", ?"changed": ?0' --json hosts-sync --apply
expect "verify" 0 "source .* verified.*dest .* verified" hosts-sync --verify
expect "journal-list knows one" 0 "hosts-sync .* done +4 +- +- *$" journal-list
id=$(on admin env XDG_STATE_HOME="$work/state" "$migsh" --json journal-list | jq -r '.[-1].id')
expect "journal-show: a step a node" 0 "source +names of the nodes \(/etc/hosts\) +done" journal-show "$id"
expect "hosts-show" 0 "source +$subnet.102 +dest +yes" hosts-show source
expect "hosts-diff: none" 0 "^source: unchanged$" hosts-diff
expect "revert" 0 "source .* reverted" hosts-sync --revert
[ "$(sums)" = "$before" ] && [ -z "$(traces)" ]; report "revert: every file as before, to the byte, mode and owner; no trace beside it"
expect "revert again: nothing to take back" 0 "nothing to take back" hosts-revert
expect "journal-list: reverted" 0 "hosts-sync .* reverted" journal-list

expect "apply, then the node leaves the inventory" 0 "nfs .* changed" hosts-sync --apply
console node-remove nfs
expect "reverted there all the same, from the journal" 0 "nfs .* reverted.*source .* reverted|source .* reverted.*nfs .* reverted" hosts-revert
[ "$(sums)" = "$before" ]; report "to the byte"
console node-add nfs root@"$subnet".101 --role storage
id=$(on admin env XDG_STATE_HOME="$work/state" "$migsh" -i "$work/nodes" --json hosts-sync --apply source,dest 2>/dev/null | jq -r '.journal // empty')
expect "a second command adds to the same journal" 0 "changed.*^journal $id$" node-hostname source shared-name --apply --journal "$id"
expect "and one revert takes back both" 0 "name now +reverted.*names of the nodes +reverted" hosts-revert --journal "$id"
[ "$(sums)" = "$before" ] && [ "$(on source uname -n)" = source ]; report "all of it"

# --- awkward files
on source sh -c 'printf "127.0.0.1 localhost\r\n# caf\351\r\n10.9.9.9 last" >/etc/hosts; chmod 600 /etc/hosts; chown 4711:4712 /etc/hosts'
on dest sh -c 'cp -a /etc/hosts /root/bound && mount --bind /root/bound /etc/hosts'
on nfs sh -c 'mkdir -p "/srv/a b;\$(id)" && mv /etc/hosts "/srv/a b;\$(id)/real hosts" && ln -s "/srv/a b;\$(id)/real hosts" /etc/hosts'
before=$(sums)
expect "CRLF without a last newline, a mount point, a link to a hostile path" 0 "warning: the file is a mount point.*source .* changed.*dest .* changed.*nfs .* changed" hosts-sync --apply
{ ! on source grep -qvP '\r$' /etc/hosts && [ "$(on source stat -c '%a %u %g' /etc/hosts)" = "600 4711 4712" ]; }; report "CRLF stays CRLF, mode and owner stay"
{ on dest mountpoint -q /etc/hosts || on dest grep -q ' /etc/hosts ' /proc/self/mountinfo; } && on dest grep -q "BEGIN MIGSH" /root/bound; report "the mount point was written in place"
on nfs test -L /etc/hosts; report "the link is still a link"
expect "they are verified" 0 "source .* verified.*dest .* verified.*nfs .* verified" hosts-sync --verify
expect "revert them" 0 "source .* reverted.*" hosts-revert
[ "$(sums)" = "$before" ]; report "to the byte"
fresh

# --- file systems that do not take it, nodes that do not answer
on source sh -c 'mount --bind /etc /etc && mount -o remount,ro,bind /etc'
on dest sh -c 'mount -t tmpfs -o size=8k,nr_inodes=10 small /mnt && cp /etc/hosts /mnt/hosts && ln -sf /mnt/hosts /etc/hosts && dd if=/dev/zero of=/mnt/fill 2>/dev/null; sync'
before=$(sums)
console node-add away root@"$subnet".77
got=0; console hosts-sync --apply || got=$?
{ [ "$got" = 1 ] || [ "$got" = 7 ]; } && grep -qiE 'source.*Read-only file system' "$work/out" && grep -qE 'dest:.*No space left' "$work/out" &&
    grep -qE 'away .* unreachable' "$work/out" && grep -qE 'nfs .* changed' "$work/out" && grep -qE '\(admin\) .* changed' "$work/out"
report "read-only, full, unreachable: each told, the others done (status $got)"
after=$(sums)
[ "$(cut -d' ' -f 6-10 <<<"$after")" = "$(cut -d' ' -f 6-10 <<<"$before")" ] && ! on dest sh -c 'ls -A /mnt | grep migsh'
report "the old files are whole, no temporary file is left"
expect "an unreachable node alone: status 7" 7 "away .* unreachable" hosts-sync away --apply
fresh
printf 'node-add source root@%s.100\nnode-add dest root@%s.102\nnode-add nfs root@%s.101 --role storage\n' "$subnet" "$subnet" "$subnet" >"$work/nodes"

# --- conflicts
on source sh -c 'printf "127.0.1.1 source old\n127.0.0.1 localhost dest\n" >>/etc/hosts'
before=$(sums)
expect "conflicts outside the block are found" 0 "warning: line \d+ gives source the address 127.0.1.1.*warning: line \d+ gives dest the address 127.0.0.1" hosts-sync --plan source
expect "unmended: written, and the test of the resolver tells" 12 "source resolves to" hosts-sync --apply source
expect "--fix-conflicts: seen in the diff" 0 "^-127.0.1.1 source old$.*^\+127.0.1.1\told$.*^\+127.0.0.1\tlocalhost$" hosts-sync --plan --fix-conflicts source
expect "--fix-conflicts: mended, resolved" 0 "source .* changed" hosts-sync --apply --fix-conflicts source
expect "revert both" 0 "reverted" hosts-revert
[ "$(sums)" = "$before" ]; report "to the byte, the mended lines too"
expect "a block" 0 "changed" hosts-sync --apply source --fix-conflicts
on source sed -i 's/^'"$subnet"'.102 dest$/192.0.2.66 dest/' /etc/hosts
edited=$(sums)
console node-add extra root@192.0.2.50
expect "edited by hand: apply refuses and shows it" 10 "^-192.0.2.66 dest.*conflict" hosts-sync --apply source
expect "edited by hand: revert refuses and shows it" 10 "^\+192.0.2.66 dest.*conflict" hosts-revert source
[ "$(sums)" = "$edited" ]; report "and nothing was overwritten"
console node-remove extra
console node-add localhost.localdomain root@192.0.2.9
expect "localhost is not ours to change" 2 "means the machine itself" hosts-sync --plan source
console node-remove localhost.localdomain
console node-add a_b root@192.0.2.9
expect "a name outside RFC 1123" 2 "cannot be a host name" hosts-sync --plan source
console node-remove a_b
expect "a hostile block name" 2 "cannot be the name of a block" hosts-sync --plan source --cluster 'x;$(touch /tmp/pwned)'
fresh

# --- a connection cut at any byte
on admin env XDG_STATE_HOME="$work/state" "$migsh" -i "$work/nodes" --json hosts-sync --plan source 2>/dev/null |
    jq -r '.items[0].words[0] // empty' >"$work/words"
on source cat /etc/hosts >"$work/content"
on admin env XDG_STATE_HOME="$work/state" "$migsh" -i "$work/nodes" --json hosts-sync --plan source 2>/dev/null |
    jq -r '.items[0].diff // empty' | sed -nE 's/^\+([^+])/\1/p' >>"$work/content"
on source "$here/hosts_helper.py" cut "$work/words" "$work/content" /etc/hosts 5 >"$work/out" 2>&1
report "input cut off at every 5th byte ($(cat "$work/out") runs): the old file; whole: the new one"
fresh

# --- a console killed at every record of its journal
old=$(sums)
console hosts-sync --apply && new=$(sums) && console hosts-revert
[ "$(sums)" = "$old" ] && [ "$new" != "$old" ]; report "before killing: there and back"
preload=$(realpath "$(dirname "$plain")/../tests/fault/at_record.so")
killed() {
    on admin env XDG_STATE_HOME="$work/state" MIGSH_FAULT_AT="$1" LD_PRELOAD="$preload" "$plain" -i "$work/nodes" "${@:2}" \
        </dev/null >"$work/out" 2>&1
}
# The same sums from outside, where the hosts' files lie: quicker.
sums() { local h; for h in "${hosts[@]}"; do sha256sum <"/var/tmp/migsh-lab-$MIGSH_LAB_NAME/$h/etc/hosts"; stat -c "%a %u %g" "/var/tmp/migsh-lab-$MIGSH_LAB_NAME/$h/etc/hosts"; done | tr '\n' ' '; }
# whole OLD NEW: each of the four files is one or the other
whole() {
    local i now
    now=$(sums)
    for i in 1-5 6-10 11-15 16-20; do
        local f; f=$(cut -d' ' -f "$i" <<<"$now")
        [ "$f" = "$(cut -d' ' -f "$i" <<<"$1")" ] || [ "$f" = "$(cut -d' ' -f "$i" <<<"$2")" ] || return 1
    done
}
fast() { on admin env XDG_STATE_HOME="$work/state" "$plain" -i "$work/nodes" "$@" </dev/null >"$work/out" 2>&1; }
kills=0 bad=()
for n in $(seq 20); do
    for at in "$n" "-$n"; do
        for next in apply revert; do
            killed "$at" hosts-sync --apply
            if [ $? != 137 ]; then # there are no more records
                [ "$n" -gt 8 ] || bad+=("$at: not killed")
                fast hosts-revert
                break 3
            fi
            kills=$((kills + 1))
            sleep 0.05 # what was on its way to a node may still come through
            whole "$old" "$new" || bad+=("$at: a file in pieces")
            if [ "$next" = apply ]; then
                fast hosts-sync --apply && [ "$(sums)" = "$new" ] || bad+=("$at: apply")
            fi
            fast hosts-revert && [ "$(sums)" = "$old" ] || bad+=("$at, $next: revert")
        done
    done
done
printf '%s\n' "${bad[@]}" >"$work/out"
[ ${#bad[@]} = 0 ]; report "$kills consoles killed at every record of an apply, then --apply or --revert: nothing lost"
kills=0 bad=()
for n in $(seq 9); do
    for at in "$n" "-$n"; do
        fast hosts-sync --apply
        killed "$at" hosts-revert
        [ $? = 137 ] || bad+=("$at: not killed")
        kills=$((kills + 1))
        sleep 0.05
        whole "$old" "$new" || bad+=("$at: a file in pieces")
        fast hosts-revert && [ "$(sums)" = "$old" ] || bad+=("$at: revert")
    done
done
printf '%s\n' "${bad[@]}" >"$work/out"
[ ${#bad[@]} = 0 ] && [ -z "$(traces)" ]; report "$kills consoles killed at every record of a revert, then --revert: nothing lost, no trace"

# --- four consoles at once, a reader beside them
start=$SECONDS
on source "$here/hosts_helper.py" read /etc/hosts "$work/stop" >"$work/reads" 2>&1 &
reader=$!
pids=()
for k in 1 2 3 4; do
    commands=
    for i in $(seq 50); do commands+="node-add c$k-$i root@10.$k.0.$i; hosts-sync source --apply --cluster console$k; "; done
    printf 'node-add source root@%s.100\n' "$subnet" >"$work/nodes$k"
    chmod 644 "$work/nodes$k"
    on admin env XDG_STATE_HOME="$work/state" "$plain" -q -i "$work/nodes$k" -c "$commands" </dev/null >"$work/console$k" 2>&1 &
    pids+=($!)
done
rc=0
for p in "${pids[@]}"; do wait "$p" || rc=1; done
touch "$work/stop"
wait "$reader"
tail -n 3 "$work"/console? >"$work/out"
lines=$(on source grep -cE '^10\.[1-4]\.0\.[0-9]+ c[1-4]-[0-9]+$' /etc/hosts)
[ "$rc" = 0 ] && [ "$lines" = 200 ]; report "four consoles writing 50 lines each, in 200 updates: $lines of 200 ($((SECONDS - start)) s)"
read -r reads torn <"$work/reads"
cat "$work/reads" >"$work/out"
[ "$torn" = 0 ] && [ "$reads" -ge 1000 ]; report "$reads reads meanwhile: $torn torn"
fresh

# --- not root, but sudo
if command -v sudo >/dev/null; then
    on source sh -c 'useradd -m -s /bin/sh -d /srv/oper oper && echo "oper:pass;word" | chpasswd && mkdir -m 700 /srv/oper/.ssh &&
        cp /root/.ssh/authorized_keys /srv/oper/.ssh/ && chown -R oper: /srv/oper && rm -f /etc/sudoers.d/oper &&
        echo "oper ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/oper && chmod 440 /etc/sudoers.d/oper'
    before=$(sums)
    printf 'node-add source oper@%s.100\nnode-add dest root@%s.102\n' "$subnet" "$subnet" >"$work/nodes"
    expect "sudo without a password" 0 "source .* changed" hosts-sync --apply source
    expect "and back" 0 "source .* reverted" hosts-revert source
    on source sh -c 'echo "oper ALL=(ALL) ALL" >/etc/sudoers.d/oper'
    expect "sudo with a password, nobody to ask" 5 "sudo wants a password" hosts-sync --apply source,dest
    expect "dest was done nevertheless" 0 "dest .* unchanged" hosts-sync --apply dest
    expect "and taken back" 0 "dest .* reverted" hosts-revert
    terminal() { on admin env XDG_STATE_HOME="$work/state" TERM=dumb "$here/hosts_helper.py" ask "$1" "$migsh" -i "$work/nodes" "${@:2}" >"$work/out" 2>&1; }
    terminal 'pass;word' hosts-sync --apply source && grep -qE 'source .* changed' "$work/out" && [ "$(grep -c 'password of oper' "$work/out")" -le 2 ]
    report "sudo with a password, asked for"
    ! grep -rqF 'pass;word' "$work/state"; report "the password is in no journal"
    terminal 'wrong' hosts-revert source; [ $? = 5 ] && grep -q 'sudo refused' "$work/out"; report "a wrong password: told, status 5"
    terminal 'pass;word' hosts-revert source; [ "$(sums)" = "$before" ]; report "reverted by sudo, to the byte"
else
    skip_one "sudo" "no sudo here"
fi

# --- host names
printf 'node-add source root@%s.100\n' "$subnet" >"$work/nodes"
name_of() { on source sh -c 'uname -n; cat /etc/hostname 2>&1'; }
before=$(name_of)
expect "node-hostname: plan" 0 "runs: sudo sh -c 'hostname" node-hostname source new-name --plan
expect "node-hostname: apply" 0 "name now +changed" node-hostname source new-name --apply
[ "$(name_of)" = $'new-name\nnew-name' ]; report "the kernel and /etc/hostname say so"
expect "node-hostname again: unchanged" 0 "name now +unchanged" node-hostname source new-name --apply
expect "node-hostname: not a name" 2 "cannot be a host name" node-hostname source 'a;b' --apply
expect "node-hostname: revert" 0 "name now +reverted" node-hostname source --revert
[ "$(name_of)" = "$before" ]; report "as before"

finish
