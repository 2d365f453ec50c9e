#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Consoles that die by SIGKILL at each record of their journal, and in the middle of what a node does for them: while
# keys are made, in nfs-mount and in nfs-adopt. Then --apply, or --revert, from a new one: nothing is lost, and in the
# end all is as before. A lab of its own (MIGSH_KILLEDTEST_SUBNET). MIGSH_KILLEDTEST_KILLS=all goes both ways at each
# record. Prints "ok N - …".
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" killedtest 192.168.97
console() { timeout 60 "$here/lab" exec admin -- env XDG_STATE_HOME="$work/state" "$plain" -i "$work/nodes" "$@" </dev/null; }
killed() { # killed AT ARG…: by tests/fault/at_record.c; false if it lived
    local at=$1
    shift
    timeout 60 "$here/lab" exec admin -- env XDG_STATE_HOME="$work/state" MIGSH_FAULT_AT="$at" LD_PRELOAD="$preload" \
        "$plain" -i "$work/nodes" "$@" </dev/null >"$work/killed" 2>&1
    [ $? = 137 ]
}
# all_as_before STATE: what that function tells is what is in $work/before.
# back STATE VERB…: --revert leaves all as before, and a journal of nobody's is not left.
back() {
    local state=$1
    shift
    console "$@" --revert || return 1
    same "$work/before" "$state"
}
# one AT NEXT STATE VERB…: killed there, then NEXT. 2: it was not killed.
one() {
    local at=$1 next=$2 state=$3
    shift 3
    killed "$at" "$@" --apply || return 2
    if [ "$next" = apply ]; then
        console "$@" --apply && console "$@" --verify || return 1
    fi
    back "$state" "$@"
}
# each LAST STATE VERB…: at every record (up to LAST), before it is safe and behind it: one way and the other in turn,
# or both each time.
each() {
    local last=$1 state=$2 n=0 turn=0 rc=0 at next ways
    shift 2
    "$state" >"$work/before"
    while [ $rc = 0 ] && [ $((n += 1)) -le "$last" ]; do
        for at in "$n" "-$n"; do
            ways=(apply revert)
            [ "${MIGSH_KILLEDTEST_KILLS:-}" = all ] || ways=("${ways[$(((turn += 1) / 2 % 2))]}")
            for next in "${ways[@]}"; do
                one "$at" "$next" "$state" "$@"
                rc=$?
                [ $rc = 0 ] || break 2
            done
        done
    done
    echo "record $at, then $next: status $rc"
    [ $rc != 2 ] || back "$state" "$@" || return 1
    [ $rc != 1 ] && [ "$n" -gt 6 ]
}

three_nodes
mkdir -m 700 "$work/state"
up --ready

# --- keys are made: the first records of key-exchange
on source sh -c 'rm -f /root/.ssh/id_*'
on dest sh -c 'rm -f /root/.ssh/id_*'
# shellcheck disable=SC2016 # for the shell over there
keys() {
    local host
    for host in admin source dest; do
        on "$host" sh -c 'echo "$1"; cd /root/.ssh; find . ! -name "*.migsh-*~" -printf "%p %y %m %U\n" | sort
            find . -type f ! -name "*.migsh-*~" -exec sha256sum {} + | sort' sh "$host"
    done
}
check "killed while keys are made" each 6 keys key-exchange source dest
check "… a half-made key is no key" on source sh -c '! ls /root/.ssh | grep -E "^id_"'

# --- nfs-mount
# shellcheck disable=SC2016 # for the shell over there
mounts() { on source sh -c 'sha256sum /etc/fstab; ls -d /mnt/*; grep -c " /mnt/" /proc/self/mountinfo; find /srv/old* | sort; cd /srv/old && sha256sum a b'; on nfs ls -A /srv/nfs; }
on source sh -c 'mkdir -p /srv/old && head -c 3000000 /dev/urandom >/srv/old/a && echo b >/srv/old/b && chmod 711 /srv/old'
check "killed in nfs-mount" each 99 mounts nfs-mount source nfs:/srv/nfs /mnt/shared --persist

# --- nfs-adopt
check "killed in nfs-adopt" each 99 mounts nfs-adopt source nfs:/srv/nfs /srv/old --persist
# In the middle of the copying, which goes on without its console.
on source sh -c 'head -c 150000000 /dev/urandom >/srv/old/c'
images() { on source sh -c 'sha256sum /etc/fstab; find /srv/old* | sort; cd /srv/old && sha256sum a b c'; on nfs ls -A /srv/nfs; }
images >"$work/before"
die_while_copying() {
    console nfs-adopt source nfs:/srv/nfs /srv/old --apply >"$work/killed" 2>&1 &
    local job=$! seen='' i pid
    for ((i = 0; i < 300; i++)); do
        seen=$(on nfs sh -c 'ls /srv/nfs/*.migsh-part 2>/dev/null')
        [ -z "$seen" ] || break
        sleep 0.1
    done
    pid=$(on admin pgrep -f 'nfs-adopt source' | tail -n 1)
    on admin kill -KILL "$pid"
    wait $job
    [ -n "$seen" ] || { cat "$work/killed"; echo "nothing was being copied"; return 1; }
}
adopt_again() {
    die_while_copying && console nfs-adopt source nfs:/srv/nfs /srv/old --apply || return 1
    on nfs sha256sum /srv/nfs/c | diff <(on source sha256sum /srv/old.migsh-aside/c | sed 's/srv.*/srv\/nfs\/c/') - || return 1
    back images nfs-adopt source nfs:/srv/nfs /srv/old
}
check "killed while nfs-adopt copies, --apply: waits for what still copies" adopt_again
revert_then() { die_while_copying && back images nfs-adopt source nfs:/srv/nfs /srv/old; }
check "killed while nfs-adopt copies, --revert" revert_then

finish
