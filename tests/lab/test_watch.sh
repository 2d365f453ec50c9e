#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `watch` against things whose behaviour is known: a TUN responder that is silent for windows, queues, doubles, swaps,
# delays or loses answers (tests/bench/tun_truth.c), and a small TCP and HTTP server. In a network namespace of its own.
# Nothing here depends on how fast the machine is. Prints "ok N - name" and "not ok N - name", last line the counts.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
migsh=${MIGSH:-$root/build/shell/migsh}
truth=${TUN_TRUTH:-$root/build/tests/bench/tun_truth}

if [ "$(id -u)" -ne 0 ]; then
    echo "watching a TUN device needs root"
    exit 77
fi
if [ ! -c /dev/net/tun ] || ! unshare -n true 2>/dev/null; then
    echo "no network namespaces or no /dev/net/tun here"
    exit 77
fi
if [ -z "${TEST_WATCH_INSIDE:-}" ]; then
    TEST_WATCH_INSIDE=1 exec unshare -n "${BASH_SOURCE[0]}" "$@"
fi

work=$(mktemp -d)
chmod 755 "$work"
# shellcheck source=tests/lab/lib/tap.sh
. "$root/tests/lab/lib/tap.sh"
responder='' server=''

responder_start() { # responder_start OPTION...
    : >"$work/truth" # or "ready" of the one before would be seen
    "$truth" --name truth0 "$@" >"$work/truth" 2>"$work/truth.err" &
    responder=$!
    until grep -qs ready "$work/truth"; do
        kill -0 "$responder" || { cat "$work/truth.err"; return 1; }
        sleep 0.02
    done
    ip addr add 10.99.0.1/24 dev truth0
    ip addr add fd99::1/64 dev truth0 nodad
    ip link set truth0 up
}

responder_stop() {
    [ -z "$responder" ] || { kill "$responder" && wait "$responder"; } 2>/dev/null
    responder=''
}

clean_up() {
    [ "$BASHPID" = "$$" ] || return 0 # a child that a signal met before its exec
    responder_stop
    [ -z "$server" ] || { kill -9 "$server" && wait "$server"; } 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT

# watch ARG...: its JSON value in $work/value (the line that is no event); the status is its own.
watch() {
    local rc
    "$migsh" -q --json -i "$work/inventory" watch "$@" >"$work/lines" 2>"$work/err"
    rc=$?
    cat "$work/err"
    grep -v '^{"event"' "$work/lines" | grep -v '^{"error"' >"$work/value"
    jq -c 'del(.timeline)' "$work/value"
    return $rc
}

holds() { # holds FILTER: true of the value?
    jq -e "$1" "$work/value" >/dev/null || { echo "does not hold: $1"; return 1; }
}

answered_all() {
    responder_start
    watch 10.99.0.2 --count 300 || return 1
    responder_stop
    holds '.sent == 300 and .received == 300 and .lost == 0 and .late == 0 and .duplicates == 0 and .out_of_order == 0' &&
        holds '.outages == [] and .longest_ms == {min: 0, max: 0} and .kind == "icmp" and .interval_ms == 5' &&
        holds '.target == "10.99.0.2" and .rtt_ms.p50 > 0 and .rtt_ms.p50 <= .rtt_ms.p95 and .rtt_ms.p99 <= .rtt_ms.max'
}

answered_all_v6() {
    responder_start
    watch fd99::2 --count 100 || return 1
    responder_stop
    holds '.received == 100 and .outages == []'
}

# Every window found once, none invented, its truth within the bounds (two intervals of grace for a busy machine).
windows_found() {
    responder_start --windows 6 --min 30 --max 200 --lead 1200 --seed 7
    local end
    end=$(awk '/^window/ {e = $3} END {printf "%.3f", e / 1e6}' "$work/truth")
    watch 10.99.0.2 --duration "$(awk -v e="$end" -v n="$EPOCHREALTIME" 'BEGIN {printf "%.2f", e - n + 0.4}')s" || return 1
    responder_stop
    holds '(.outages | length) == 6 and .lost > 0 and .sent == .received + .lost' || return 1
    local start stop
    while read -r _ start stop; do
        holds "[.outages[] | select(.start * 1e6 < $stop and .start * 1e6 + .max_ms * 1e3 > $start)
               | select(.min_ms - 10 <= ($stop - $start) / 1e3 and .max_ms + 10 >= ($stop - $start) / 1e3)] | length == 1" ||
            return 1
    done < <(grep '^window' "$work/truth")
    holds '.total_ms.min <= .total_ms.max and .longest_ms.max == ([.outages[].max_ms] | max)'
}

queue_is_late() {
    responder_start --windows 1 --min 400 --max 400 --lead 1500 --buffer
    watch 10.99.0.2 --duration 2.5s || return 1
    responder_stop
    holds '.lost == 0 and .received == .sent and .late > 20 and .duplicates == 0 and .out_of_order == 0' &&
        holds '(.outages | length) == 1 and .outages[0].lost == 0 and .outages[0].late > 20' &&
        holds '.outages[0].min_ms <= 410 and .outages[0].max_ms >= 390'
}

duplicates_told() {
    responder_start --twice 10
    watch 10.99.0.2 --count 300 || return 1
    responder_stop
    holds '.duplicates == 30 and .received == 300 and .late == 0 and .out_of_order == 0 and .outages == []'
}

overtaking_told() {
    responder_start --swap 10
    watch 10.99.0.2 --count 301 || return 1
    responder_stop
    holds '.out_of_order == 30 and .received == 301 and .late == 0 and .duplicates == 0 and .outages == []'
}

single_late_told() {
    responder_start --hold 100
    watch 10.99.0.2 --count 250 --timeout 3s || return 1
    holds '.late == 0 and .received == 250' || return 1
    responder_stop
    responder_start --hold 100
    watch 10.99.0.2 --duration 3s || return 1
    responder_stop
    holds '.late >= 2 and .out_of_order == 0 and .outages == []'
}

loss_is_no_outage() {
    responder_start --lose 20
    watch 10.99.0.2 --count 600 || return 1
    responder_stop
    holds '.lost == 30 and .outages == [] and .base_loss > 0.03 and .base_loss < 0.07 and .min_run > 2'
}

# Another pinger's replies are not ours, and ours not its.
foreign_replies() {
    responder_start
    ping -q -i 0.002 10.99.0.2 >/dev/null &
    local other=$!
    watch 10.99.0.2 ::1 127.0.0.1 --count 200
    local rc=$?
    kill "$other" && wait "$other" 2>/dev/null
    responder_stop
    [ $rc -eq 0 ] && holds '(.targets | length) == 3 and all(.targets[]; .received == 200 and .duplicates == 0)'
}

link_down() {
    responder_start
    (sleep 1.5; ip link set truth0 down; sleep 0.4; ip link set truth0 up) &
    local switch=$!
    watch 10.99.0.2 --duration 3s || return 1
    wait "$switch"
    responder_stop
    holds '(.outages | length) == 1 and .errors > 10 and .outages[0].max_ms > 300 and (.error | length) > 0'
}

silent_target() {
    responder_start --windows 1 --min 60000 --max 60000 --lead 0
    watch 10.99.0.2 --count 50
    local rc=$?
    responder_stop
    [ $rc -ne 0 ] && grep -q '"code":"unreachable"' "$work/lines" &&
        holds '.received == 0 and .rtt_ms == null and (.outages | length) == 1 and .outages[0].from_start and .outages[0].to_end'
}

interrupted() { # interrupted SIGNAL: the normal end of an endless watch
    responder_start
    : >"$work/lines"
    "$migsh" -q --json watch 10.99.0.2 >"$work/lines" 2>"$work/err" &
    local pid=$! rc
    for ((i = 0; i < 100; i++)); do
        ! grep -qs '"progress"' "$work/lines" || break
        sleep 0.1
    done
    kill "-$1" "$pid"
    wait "$pid"
    rc=$?
    responder_stop
    grep -v '^{"event"' "$work/lines" >"$work/value"
    cat "$work/err" "$work/value"
    [ $rc -eq 0 ] && holds '.sent > 100 and .received == .sent'
}

# The probe thread gives up what it does not need; the rest of the program keeps what it has.
privileges_dropped() {
    "$migsh" -q watch 127.0.0.1 --duration 3s >/dev/null &
    local pid=$! task probe='' rc=1
    for ((i = 0; i < 100 && rc; i++)); do
        sleep 0.02
        for task in /proc/"$pid"/task/*; do
            [ "$(cat "$task/comm" 2>/dev/null)" = migsh-probe ] || continue
            probe=$(sed -n 's/^CapPrm:\t//p' "$task/status")
            (((16#$probe & (1 << 13)) == 0)) && rc=0
        done
    done
    echo "probe thread: CapPrm $probe; process: $(grep CapPrm "/proc/$pid/status")"
    (((16#$(sed -n 's/^CapPrm:\t//p' "/proc/$pid/status") & (1 << 13)) != 0)) || rc=1
    wait "$pid" || rc=1
    return $rc
}

as_nobody() {
    HOME=/nonexistent XDG_CONFIG_HOME=/nonexistent XDG_STATE_HOME=/nonexistent \
        setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

unprivileged() {
    sysctl -qw net.ipv4.ping_group_range='1 0'
    as_nobody "$migsh" -q watch 127.0.0.1 --count 5 2>&1 | tee "$work/refused"
    grep -q 'not allowed' "$work/refused" && grep -q 'hint: .*ping_group_range' "$work/refused" || return 1
    sysctl -qw net.ipv4.ping_group_range='0 2147483647'
    as_nobody "$migsh" -q --json watch 127.0.0.1 ::1 --count 100 >"$work/lines" || return 1
    grep -v '^{"event"' "$work/lines" >"$work/value"
    holds 'all(.targets[]; .received == 100 and .duplicates == 0)'
}

server_start() {
    cat >"$work/server.py" <<'PY'
import socket, sys, threading
def serve(port, answer):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", port))
    s.listen(4096)
    if port == 8080:
        open(sys.argv[1], "w").close()
    while True:
        c, _ = s.accept()
        try:
            c.settimeout(1)
            if c.recv(4096):
                c.sendall(answer)
        except OSError:
            pass
        c.close()
threading.Thread(target=serve, args=(8081, b"HTTP/1.0 503 Busy\r\n\r\nhello"), daemon=True).start()
serve(8080, b"HTTP/1.0 200 OK\r\n\r\n<p>well, hello there</p>")
PY
    python3 "$work/server.py" "$work/listening" &
    server=$!
    until [ -e "$work/listening" ]; do
        kill -0 "$server" || return 1
        sleep 0.05
    done
}

tcp_and_http() {
    watch 127.0.0.1 --tcp 8080 --http http://127.0.0.1:8080/ --expect 'well, hello' --count 50 || return 1
    holds '[.targets[].kind] == ["icmp", "tcp", "http"] and all(.targets[]; .received == 50) and [.targets[].interval_ms] == [5, 20, 100]'
}

# A frozen service still has a kernel that takes connections: that is what watching both tells apart.
service_frozen() {
    (sleep 1.5; kill -STOP "$server"; sleep 0.6; kill -CONT "$server") &
    local freezer=$!
    watch tcp:127.0.0.1:8080 http://127.0.0.1:8080/ --interval 20ms --timeout 150ms --duration 3.5s
    local rc=$?
    wait "$freezer"
    [ $rc -eq 0 ] && holds '.targets[0].outages == [] and (.targets[1].outages | length) == 1' &&
        holds '.targets[1].outages[0].max_ms > 300'
}

refused_is_lost() {
    watch 127.0.0.1 --tcp 9 --count 40
    [ $? -ne 0 ] && grep -q 'connection refused' "$work/lines" &&
        holds '.targets[0].received == 40 and .targets[1].refused == 40 and .targets[1].received == 0'
}

wrong_page() {
    watch http://127.0.0.1:8080/ --expect goodbye --count 10
    [ $? -ne 0 ] && holds '.mismatched == 10 and .received == 0' || return 1
    watch http://127.0.0.1:8081/ --expect hello --count 10
    [ $? -ne 0 ] && holds '.mismatched == 10'
}

node_by_name() {
    echo 'node-add web 127.0.0.1' >"$work/inventory"
    watch web --count 20 --tcp 8080 || return 1
    holds '[.targets[].target] == ["127.0.0.1", "tcp:127.0.0.1:8080"]'
}

text_view() {
    responder_start --windows 1 --min 200 --max 200 --lead 1200
    "$migsh" watch 10.99.0.2 --duration 2s >"$work/text" 2>"$work/err" || return 1
    responder_stop
    cat "$work/text"
    grep -q '^10.99.0.2 (icmp, every 5 ms): [0-9]* sent' "$work/text" && grep -q '1 outage, the longest' "$work/text" &&
        grep -q 'round trip' "$work/text" && grep -q ' sent, .* outage' "$work/err"
}

wrong_usage() {
    local bad
    for bad in '' '--interval 0' '127.0.0.1 --interval 1us' '127.0.0.1 --interval 0.01ms' '127.0.0.1 --tcp 70000' \
        '127.0.0.1 --expect x' '127.0.0.1 --count 0' '--http ftp://x' '--http https://x' 'tcp:x' '127.0.0.1 --duration 0'; do
        # shellcheck disable=SC2086 # words
        ! "$migsh" -q watch $bad >"$work/text" 2>&1 || { echo "taken: $bad"; return 1; }
        grep -q '^error: ' "$work/text" || { echo "no error: $bad"; return 1; }
    done
    for bad in $'a\nb' $'\e[31mred' 'a b' '$(id)' "x'; id" 'http://a/ b'; do
        ! "$migsh" -q watch "$bad" >"$work/text" 2>&1 || { echo "taken: $bad"; return 1; }
        ! grep -q $'\e' "$work/text" || { echo "an escape got through"; return 1; }
    done
}

ip link set lo up
: >"$work/inventory"
check "all answered" answered_all
check "IPv6" answered_all_v6
check "six windows: six outages, the truth within the bounds" windows_found
check "what was queued and answered later is late, and one outage" queue_is_late
check "duplicates are told" duplicates_told
check "overtaken answers are told" overtaking_told
check "single late answers are told, and are no outage; --timeout" single_late_told
check "5 % of steady loss is no outage" loss_is_no_outage
check "another pinger's replies do not count; several targets" foreign_replies
check "a link that goes down and up is an outage with its error" link_down
check "a target that never answers: a result, and a status" silent_target
check "SIGINT ends an endless watch well" interrupted INT
check "SIGTERM too" interrupted TERM
check "the probe thread drops CAP_NET_RAW" privileges_dropped
if as_nobody "$migsh" --version >/dev/null 2>&1; then
    check "without privileges: a hint, or it works where ping_group_range allows" unprivileged
else
    skip_one "without privileges" "nobody cannot run $migsh"
fi
check "a server to watch" server_start
check "echo, TCP and HTTP side by side" tcp_and_http
check "a frozen service is an outage for HTTP, not for TCP" service_frozen
check "a refused connection is lost, and told" refused_is_lost
check "a page without the text, or with an error status, is lost" wrong_page
check "a node of the inventory by its name" node_by_name
check "as text" text_view
check "wrong and hostile words are refused" wrong_usage
finish
