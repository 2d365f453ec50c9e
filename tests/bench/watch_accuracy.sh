#!/usr/bin/env bash
# How exact `migsh watch --interval 1ms` is, beside `ping -i 0.01` and `fping -i 1 -p 1` at the same time on the same
# outages: 24 random windows of 10 to 300 ms in which a TUN responder stays silent and whose truth it knows
# (tun_truth.c), without and with four busy loops. Prints a table for each, then whether the goals are met; the status
# is 1 if one is not.
#     watch_accuracy.sh [ROUNDS]     a round takes about half a minute; default 1
# Needs root, ping, fping and python3; makes a network namespace of its own and leaves nothing behind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
migsh=${MIGSH_PLAIN:-$PWD/build/shell/migsh}
truth=${TUN_TRUTH:-$PWD/build/tests/bench/tun_truth}

if [ "$(id -u)" -ne 0 ] || ! unshare -n true 2>/dev/null; then
    echo "needs root and network namespaces"
    exit 77
fi
for tool in ping fping python3; do
    command -v "$tool" >/dev/null || { echo "needs $tool"; exit 77; }
done
if [ -z "${WATCH_ACCURACY_INSIDE:-}" ]; then
    WATCH_ACCURACY_INSIDE=1 exec unshare -n "${BASH_SOURCE[0]}" "$@"
fi

work=$(mktemp -d)
pids=()
end_all() {
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    pids=()
}
trap 'end_all; rm -rf "$work"' EXIT
ip link set lo up

# one_run DIR HOGS SEED: truth, watch.json, watch.cpu, ping and fping in DIR.
one_run() {
    local dir=$1 hogs=$2 seed=$3 i seconds
    mkdir -p "$dir"
    "$truth" --name truth0 --windows 24 --lead 2500 --seed "$seed" >"$dir/truth" &
    local responder=$!
    pids+=("$responder")
    until grep -qs ready "$dir/truth"; do sleep 0.02; done
    ip addr add 10.99.0.1/24 dev truth0
    ip link set truth0 up
    for ((i = 0; i < hogs; i++)); do
        (while :; do :; done) &
        pids+=($!)
    done
    seconds=$(awk -v now="$EPOCHREALTIME" '/^window/ {e = $3} END {printf "%.1f", e / 1e6 - now + 0.5}' "$dir/truth")
    ping -n -D -i 0.01 10.99.0.2 >"$dir/ping" &
    local ping=$!
    fping -l -D -o -i 1 -p 1 -t 500 10.99.0.2 >"$dir/fping" 2>"$dir/fping.end" &
    local fping=$!
    pids+=("$ping" "$fping")
    TIMEFORMAT='%U %S %R'
    { time "$migsh" -q --json watch 10.99.0.2 --interval 1ms --duration "${seconds}s" >"$dir/watch.json" 2>"$dir/watch.err"; } \
        2>"$dir/watch.cpu"
    kill -INT "$ping" "$fping" || true
    wait "$ping" "$fping" || true
    end_all
}

rounds=${1:-1}
for ((r = 1; r <= rounds; r++)); do
    one_run "$work/idle/$r" 0 "$r"
    one_run "$work/four busy loops/$r" 4 "$((r + 1000))"
done
python3 tests/bench/watch_judge.py "$work/idle" "$work/four busy loops"
