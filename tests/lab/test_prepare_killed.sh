#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Consoles that die by SIGKILL at each step of prepare-nodes: then another one goes on with it, or takes it back, from
# what the journal says. A lab of its own (MIGSH_PREPAREKILLED_SUBNET). MIGSH_PREPAREKILLED_KILLS=all kills at the
# intent and at the outcome of each, else at one of them in turn. Prints "ok N - …".
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" preparekilled 192.168.98
# shellcheck source=tests/lab/lib/bare.sh
. "$here/lib/bare.sh"
bare_hosts
state >"$work/before"

steps=(key-exchange node-hostname hosts-sync nfs-export pool-define pool-build pool-start pool-autostart)
# Where a console dies: behind the intent of a step, which has not acted then, or before its outcome, which nobody sees.
points=()
for i in "${!steps[@]}"; do
    [[ ${MIGSH_PREPAREKILLED_KILLS:-} != all && $((i % 2)) == 0 ]] || points+=("${steps[i]} intent")
    [[ ${MIGSH_PREPAREKILLED_KILLS:-} != all && $((i % 2)) == 1 ]] || points+=("${steps[i]} outcome")
done
# dies "STEP intent|outcome" ARG…
dies() {
    local step when
    read -r step when <<<"$1"
    killed_by MIGSH_FAULT_STEP="$step" MIGSH_FAULT_WHEN="$when" -- "${@:2}" && return
    tail -n 5 "$work/killed"
    echo "was not killed at the $when of $step"
    return 1
}

# --- one undertaking, of which one console after the other dies
first_dies() { dies "${points[0]}" "${third[@]}" --apply; }
check "killed at ${points[0]}" first_dies
id=$(own prepare-nodes)
check "… journal-list names it" gives 0 'prepare-nodes +[-0-9: ]+ interrupted +1 +- +resume or rollback' migsh journal-list
for at in "${points[@]:1}"; do
    check "resume, killed at $at" dies "$at" resume "$id"
done
check "cleanup does not stumble over it" gives 7 "no domain 'web' on the nodes that answer" quick cleanup web
check "resume goes on to the end" \
    gives 0 'pool-autostart nfspool on test2.*prepare-nodes test1 test2: apply.*pool nfspool .*\[ok\] +/mykvm/nfspool is shared' quick resume "$id"
state %T@ >"$work/after"
migsh journal-list >"$work/journals"
check "a second prepare-nodes changes nothing" gives 0 '\[ok\].*0 changes' quick "${third[@]}" --apply
check "… on the nodes" same "$work/after" state %T@
check "… and has no journal" same "$work/journals" migsh journal-list

# --- taken back, by consoles that die
undo_dies() { # STEP: it was undone, and nobody saw it
    killed_by MIGSH_FAULT_STEP="$1" MIGSH_FAULT_WHEN=outcome MIGSH_FAULT_NTH=2 -- rollback "$id" && return
    tail -n 5 "$work/killed"
    echo "was not killed when $1 was undone"
    return 1
}
for step in pool-start pool-define nfs-export key-exchange; do
    check "rollback, killed when $step was undone" undo_dies "$step"
done
check "it only goes back now" gives 10 'is being taken back.*hint: rollback' quick resume "$id"
check "rollback goes on to the end" gives 0 'taken back' quick rollback "$id"
check "all as before, to the byte" same "$work/before" state

# --- and another undertaking for each step
taken_back() {
    dies "$1" "${third[@]}" --apply && gives 0 'taken back' quick rollback "$(own prepare-nodes)" >"$work/back" &&
        same "$work/before" state && return
    tail -n 20 "$work/back"
    return 1
}
# One whose console died before its first step.
headless() {
    # shellcheck disable=SC2016 # for the shell over there
    on admin sh -c 'cd "${XDG_STATE_HOME:-$HOME/.local/state}/migsh/journal" && head -n 1 "$1.jsonl" >"$2.jsonl" && chmod 600 "$2.jsonl"' sh "$id" "${id%.*}.999-prepare-nodes-000000"
    gives 0 'prepare-nodes +[-0-9: ]+ interrupted +0 ' migsh journal-list
}
check "a journal without a step is in nobody's way" headless
for at in "${points[@]}"; do
    check "killed at $at: rollback leaves all as before" taken_back "$at"
done
unfinished() { migsh journal-list | awk '($4 == "interrupted" && $5 > 0) || $4 == "failed"'; }
check "no journal is left in the middle" prints '' unfinished

finish
