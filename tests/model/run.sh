#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The model test: run.sh [RUNS] [--seed S]. First the stories, then RUNS runs at random (10000), from seed S on (another
# range each day), shared out among the cores. What fails is told as a story; `model.lua seed N` tells it in full
# length. The binary ($MIGSH_PLAIN, else that of build/) is what runs it: its Lua, and its own reading of XML.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
runs=10000 seed=$(($(date +%s) / 86400 * 100000))

while [ $# -gt 0 ]; do
    case $1 in
    --seed) seed=${2:?a number}; shift ;;
    --seed=*) seed=${1#*=} ;;
    *[!0-9]* | '') echo "usage: tests/model/run.sh [RUNS] [--seed S]" >&2; exit 2 ;;
    *) runs=$1 ;;
    esac
    shift
done
migsh=$(realpath -m "${MIGSH_PLAIN:-$here/../../build/shell/migsh}")

dir=$(mktemp -d "${TMPDIR:-/tmp}/migsh-model.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export XDG_CONFIG_HOME="$dir/config" XDG_STATE_HOME="$dir/state"
"$migsh" "$here/model.lua" stories >"$dir/0" 2>&1
rc=$?

parts=$(nproc) pids=()
[ "$parts" -le "$runs" ] || parts=1
for ((i = 0; i < parts; i++)); do
    from=$((runs * i / parts)) to=$((runs * (i + 1) / parts))
    "$migsh" "$here/model.lua" search $((seed + from)) $((to - from)) >"$dir/$((i + 1))" 2>&1 &
    pids+=($!)
done
for p in "${pids[@]}"; do
    wait "$p" || rc=1
done

echo "# $runs runs, seeds $seed to $((seed + runs - 1))"
# A part that died has no line of its own to count.
for ((i = 0; i <= parts; i++)); do
    grep -qE '^(not )?ok - ' "$dir/$i" || echo "not ok - a process of the model died"
    cat "$dir/$i"
done | awk '/^(not )?ok - / {sub(/ok - /, "ok " ++n " - ")} {print}'
exit $rc
