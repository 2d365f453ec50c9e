#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Locks that other consoles see: two admins with journals of their own, a console that is killed or cut off, who and
# break-lock, root and a sudo user, edits that no local user can hold up. A lab of its own (MIGSH_LOCKS_SUBNET). Prints
# "ok N - …".
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" locks 192.168.132
three_nodes
up --ready
cp -r "$here/recipes" "$work/recipes"
chmod -R go-w "$work/recipes"

# as STATE ARG…: migsh of the admin whose journals are there.
as() {
    local state=$1
    shift
    lab exec admin -- env XDG_STATE_HOME="/root/$state" MIGSH_RECIPES="$work/recipes" "$migsh" -i "$work/nodes" "$@" </dev/null
}
one() { as one "$@"; }
two() { as two "$@"; }
# The same as own.sh's, but several statuses may do: "7|8".
gives() {
    local want=$1 pattern=$2 got=0
    shift 2
    "$@" >"$work/said" 2>&1 || got=$?
    cat "$work/said"
    [[ $got =~ ^($want)$ ]] || { echo "status $got, wanted $want"; return 1; }
    grep -qzP -- "(?ms)$pattern" "$work/said" || { echo "wanted /$pattern/"; return 1; }
}
# eventually COMMAND…: within a minute.
eventually() {
    local i
    for ((i = 0; i < 300; i++)); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.2
    done
    echo "not within a minute: $*"
    return 1
}
# begin NAME [NODES]: a console of admin one is in its first step. Its output is in $work/NAME.
begin() {
    d=$work/d-$1
    rm -rf "$d" && mkdir "$d"
    one steps "$d" "$1" --nodes "${2:-source,dest}" >"$work/$1" 2>&1 &
    console=$!
    eventually test -e "$d/did-one" || { cat "$work/$1"; return 1; }
}
# ends WANTED [PATTERN]: that console does, with this status.
ends() {
    local rc=0
    wait "$console" || rc=$?
    cat "$work/${d##*/d-}"
    [ $rc = "$1" ] || { echo "status $rc, wanted $1"; return 1; }
    grep -qzP -- "(?ms)${2:-}" "$work/${d##*/d-}" || { echo "wanted /$2/"; return 1; }
}
go() { local step; for step; do touch "$d/go-$step"; done; }
# shellcheck disable=SC2016 # for the shell over there
held() { on "$1" sh -c '[ -s "/run/migsh/work-domain:$1" ] && ! flock -n "/run/migsh/work-domain:$1" true' sh "$2"; }
free() { ! held "$1" "$2"; }
id_of() { basename "$(on admin sh -c 'ls -t /root/one/migsh/journal/*-steps-*.jsonl | head -n 1')" .jsonl; }
kill_console() { on admin kill -KILL "$(cat "$d/pid")"; wait "$console"; }

# --- two admins, two state directories
check "a workflow begins" begin web
check "… and holds a lock on both nodes" held source web
check "… in a directory that is root's alone" prints "700 root" on dest stat -c '%a %U' /run/migsh
check "another admin is told who it is" gives 10 "another console is at work on 'web': steps by root@admin since \d\d:\d\d, journal $(id_of).*hint: .*who" \
    two steps "$work" web --nodes source,dest
check "… leaves no journal behind" prints "" on admin sh -c 'ls /root/two/migsh/journal'
check "… also where only one of the nodes is the same" gives 10 "another console is at work on 'web'" two steps "$work" web --nodes dest,nfs
check "… and holds nothing then" free nfs web
check "who lists it" gives 0 "source +web +steps +root@admin +\d\d:\d\d +$(id_of).*dest +web" two who
json_who() { two --json who source | tail -n 1 | tee /dev/stderr | jq -e '.[0] | .by == "root@admin" and .command == "steps" and .domain == "web" and (.journal | test("-steps-")) and .lock == "domain:web" and .node == "source" and .pid > 0 and .seconds > 0'; }
check "who, as JSON" json_who
check "who, in Lua" gives 0 "web" two -c '=mig.who{"dest"}[1].domain'
begin_other() {
    mkdir -p "$work/d2" && touch "$work/d2/go-one" "$work/d2/go-two" "$work/d2/go-three"
    two steps "$work/d2" other --nodes source,dest
}
check "something else may be worked on meanwhile" begin_other
go one two three
check "the first one goes on to its end" ends 0 "done. +three"
nobody_holds() { two --json who | tail -n 1 | tee /dev/stderr | jq -e '. == []'; }
check "… and then nobody holds anything" nobody_holds
check "… so that the other may begin" gives 0 "" two steps "$work/d-web" web --nodes source,dest

# --- the console ends
check "killed: begun" begin killed
kill_console >/dev/null 2>&1
check "killed: free at once on source" eventually free source killed
check "killed: and on dest" eventually free dest killed
killed=$(id_of)
check "killed: gone on with" begin other
touch "$work/d-killed/go-one" "$work/d-killed/go-two" "$work/d-killed/go-three"
check "… while something else is at work" gives 0 "" one resume "$killed"
go one two three
check "… which ends, too" ends 0

# --- no answer
begin_silent() {
    lab exec switch -- ip link set dest down
    gives "7|8" "'silent' cannot be locked: dest" two steps "$work" silent --nodes source,dest
}
check "a silent node: refused before it begins" begin_silent
check "… nothing is held on the other" free source silent
check "… who tells that it does not answer" gives "7|8" "dest .*Problem|dest.*(time|route|reach)" two who
lab exec switch -- ip link set dest up
check "… and no journal is left" prints "" on admin sh -c 'ls /root/two/migsh/journal | grep -v -- -steps-.*jsonl | grep silent'

check "cut off: begun" begin cut
lab exec switch -- ip link set dest down
check "cut off: its holder on dest ends by itself" eventually free dest cut
check "cut off: held on source meanwhile" held source cut
go one two three
check "cut off: it stops before its next step" ends 8 "(has not answered|is lost|ended|gone).*hint: .*resume $(id_of) goes on"
check "… which was not begun" test ! -e "$d/did-two"
lab exec switch -- ip link set dest up
check "… and is when it is gone on with" gives 0 "" one resume "$(id_of)"

# --- the node does not notice at once that the console is gone: its sshd reads nothing meanwhile
check "unnoticed: begun" begin unnoticed
# shellcheck disable=SC2016 # for the shell over there
sshd=$(on dest sh -c 'for f in /proc/[0-9]*/fd/9; do
    [ "$f" -ef /run/migsh/work-domain:unnoticed ] || continue
    p=${f#/proc/}; p=${p%%/*}
    while [ "$(cat "/proc/$p/comm")" != sshd ]; do p=$(ps -o ppid= -p "$p" | tr -d " "); done
    echo "$p"; exit
done')
check "unnoticed: its session is found" on dest kill -STOP "$sshd"
kill_console >/dev/null 2>&1
go one two three
check "unnoticed: another is refused meanwhile" gives 10 "another console is at work on 'unnoticed'" two steps "$work" unnoticed --nodes dest
check "unnoticed: it is waited for by whoever goes on" gives 0 "dest has not noticed yet .*done. +three" one resume "$(id_of)"
on dest kill -CONT "$sshd"

# --- break-lock
check "break-lock: begun" begin broken
check "break-lock needs a reason" gives 2 "needs --reason" two break-lock broken
check "break-lock asks" gives 2 "source: 'broken': steps by root@admin.*there is no terminal to ask on.*--yes" two break-lock broken --reason "it hangs"
check "break-lock of what nobody holds" gives 3 "nobody holds a lock on 'nothing'" two break-lock nothing --reason x --yes
check "break-lock" gives 0 "The lock on 'broken' was taken away" two break-lock broken --reason "it hangs" --yes
check "… it is free" free source broken
check "… on both" free dest broken
check "… another may begin" gives 0 "" env d="$work/d-web" bash -c 'exec "$@"' bash \
    "$here/lab" exec admin -- env XDG_STATE_HOME=/root/two MIGSH_RECIPES="$work/recipes" "$migsh" -i "$work/nodes" steps "$work/d-web" broken --nodes source,dest
go one two
check "… the console stops at its next step, and tells why" ends 10 \
    "lock on 'broken' was taken away on (source|dest): break-lock by root@admin since \d\d:\d\d: it hangs.*hint: .*resume $(id_of) goes on, rollback"
check "… which was not begun" test ! -e "$d/did-two"
check "… its journal tells" gives 0 "lock: the lock on the nodes +failed" one journal-show "$(id_of)"
check "… and the other's, with the reason" gives 0 '"reason":"it hangs"' two --json -c 'lua for _, j in ipairs(mig.journals"break-lock") do return j end'
check "… it is taken back" gives 0 "taken back" one rollback "$(id_of)"
check "… to the end" test -e "$d/undid-one"

# --- a console that was stopped in its tracks does not go on when it wakes
check "frozen: begun" begin frozen
on admin kill -STOP "$(cat "$d/pid")"
# On a slow machine the lock may have ended by itself before, 30 s after the last sign of life.
broken=0
two break-lock frozen --reason "frozen" --yes >"$work/out" 2>&1 || broken=$?
case $broken in 0) grep -q "taken away" "$work/out" ;; 3) grep -q "nobody holds" "$work/out" ;; *) false ;; esac
report "frozen: its lock is broken"
go one two three
on admin kill -CONT "$(cat "$d/pid")"
case $broken in
3) check "frozen: it stops when it wakes" ends 8 "is lost" ;;
*) check "frozen: it stops when it wakes" ends 10 "the lock on .frozen. was taken away on" ;;
esac
check "frozen: before the next step" test ! -e "$d/did-two"

# --- root here and a sudo user there
if command -v sudo >/dev/null; then
    for host in source dest; do
        # shellcheck disable=SC2016 # for the shell over there
        on $host sh -c 'useradd -m -d /srv/oper -s /bin/sh oper 2>/dev/null; mkdir -p /srv/oper/.ssh &&
            cp /root/.ssh/authorized_keys /srv/oper/.ssh/ && chown -R oper: /srv/oper && rm -f /etc/sudoers.d/oper &&
            echo "oper ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/oper && chmod 440 /etc/sudoers.d/oper'
    done
    printf 'node-add %s\n' "source oper@source" "dest oper@dest" >"$work/nodes-oper"
    oper() {
        lab exec admin -- env XDG_STATE_HOME=/root/two MIGSH_RECIPES="$work/recipes" SUDO_USER=alice "$migsh" -i "$work/nodes-oper" "$@" </dev/null
    }
    check "root: begun" begin sudo
    check "a sudo user is told" gives 10 "another console is at work on 'sudo'" oper steps "$work" sudo --nodes source,dest
    go one two three
    check "root: ended" ends 0
    oper steps "$d" sudo --nodes source,dest >/dev/null 2>&1
    rm "$d"/go-*
    oper steps "$d" sudo --nodes source,dest >"$work/oper" 2>&1 &
    console=$!
    check "the sudo user begins" eventually held dest sudo
    check "root is told" gives 10 "steps by root@admin \(alice\)" one steps "$work" sudo --nodes source,dest
    go one two three
    wait $console
    report "the sudo user ends"
else
    skip_one "sudo" "no sudo here"
fi

# --- a directory of somebody else's is not used
# shellcheck disable=SC2016 # for the shell over there
check "a directory that is not root's is refused" gives 1 "/run/migsh is not a directory of its user's own" bash -c '
    "$1" exec dest -- sh -c "mv /run/migsh /run/kept && mkdir -m 777 /run/migsh && chown nobody /run/migsh"
    "$1" exec admin -- env XDG_STATE_HOME=/root/two MIGSH_RECIPES="$2/recipes" "$3" -i "$2/nodes" steps "$2" x --nodes dest </dev/null; rc=$?
    "$1" exec dest -- sh -c "rm -r /run/migsh && mv /run/kept /run/migsh"
    exit $rc' bash "$here/lab" "$work" "$migsh"

# An older migsh may have made it with the modes of its umask.
on dest chmod 755 /run/migsh
two who >/dev/null
check "one that only root could write to is closed" prints 700 on dest stat -c %a /run/migsh

# --- edits: nobody else can hold them up
on dest setpriv --reuid nobody --regid nogroup --clear-groups flock /etc sleep 75 &
blocker=$!
sleep 1
check "as nobody, flock /etc does not hold up hosts-sync" gives 0 "dest" timeout 40 "$here/lab" exec admin -- \
    env XDG_STATE_HOME=/root/two "$migsh" -i "$work/nodes" hosts-sync --nodes dest --apply
kill $blocker 2>/dev/null

# --- the workflows themselves: a real one, told to the other admin
lab guest define local1 >/dev/null
on source sh -c 'qemu-io -f qcow2 -c "write -P 7 0 24M" /var/lib/libvirt/images/local1.qcow2' >/dev/null # to take its time
uuid=$(one domuuid local1@source)
one cold-migrate local1 dest --clone --no-watch --bwlimit 500K >"$work/cold" 2>&1 &
console=$!
check "cold-migrate holds its domain" eventually held dest "$uuid"
check "another admin's live-migrate or cold-migrate is told" gives 10 "another console is at work on 'local1': cold-migrate by root@admin" \
    two cold-migrate local1 dest --clone --no-watch
check "who names it" gives 0 "local1 +cold-migrate" two who
check "break-lock by the domain's name" gives 0 "taken away" two break-lock local1 --reason "noon" --yes
wait $console
judge "cold-migrate stops" 10 $? "" # its output is judged next
check "… told why, with the way on" grep -qzP "(?s)taken away.*noon.*resume [^ ]*-cold-migrate-[^ ]* goes on, rollback" "$work/cold"
check "… and can be taken back" gives 0 "taken back" one rollback "$(basename "$(on admin sh -c 'ls /root/one/migsh/journal/*-cold-migrate-*.jsonl')" .jsonl)"

finish
