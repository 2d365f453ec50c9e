#!/usr/bin/env bash
# Installs what is missing, builds (plain, and with ASan+UBSan), runs the suites named, or all of them. The last line is
# "N passed, N failed, N skipped"; the status is 0 when nothing failed. A suite prints "ok N - …" and "not ok N - …"
# lines; status 77 means it cannot run here, and its last line says why: that counts as one skipped.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

quick=(repl lint tsan unit golden virsh model lua)
slow=(tidy fault-sample fuzz package lab) # the longest first: nobody waits for one at the end
all=("${quick[@]}" "${slow[@]}")

usage() {
    echo "usage: tests/run.sh [--no-install] [SUITE…] [fuzz [SECONDS]]"
    echo "suites: ${all[*]}; quick (all but ${slow[*]}); all (the default); lab/NAME for one script of the lab;"
    echo "fault: every case of tests/fault, of which fault-sample takes others each day; model: $model_runs runs, 500 in quick"
}

install=1
fuzz_seconds=3
model_runs=5000
suites=()
for a in "$@"; do
    case $a in
    --no-install) install= ;;
    -h | --help) usage; exit 0 ;;
    quick) suites+=("${quick[@]}") model_runs=500 ;;
    all) suites+=("${all[@]}") ;;
    lab/* | fault) suites+=("$a") ;;
    [0-9]*) # what each harness of tests/fuzz gets
        [[ "${suites[*]: -1}" == fuzz && $a =~ ^[0-9]+$ ]] || { usage >&2; exit 2; }
        fuzz_seconds=$a
        ;;
    *)
        [[ " ${all[*]} " == *" $a "* ]] || { usage >&2; exit 2; }
        suites+=("$a")
        ;;
    esac
done
[ ${#suites[@]} -gt 0 ] || suites=("${all[@]}")

passed=0 failed=0 skipped=0 failures=()
logs=$(mktemp -d "${TMPDIR:-/tmp}/migsh-tests.XXXXXX")
# Test runs must not see the operator's own inventory, recipes or history.
export XDG_CACHE_HOME="${XDG_CACHE_HOME:-$HOME/.cache}"
export HOME="$logs/home" XDG_CONFIG_HOME="$logs/config"
mkdir -m 700 "$HOME"
unset VIRSH_DEFAULT_CONNECT_URI LIBVIRT_DEFAULT_URI MIGSH_RECIPES NO_COLOR LS_COLORS
export LC_ALL=C.UTF-8 TZ=UTC
root=$PWD
export MIGSH="$root/build-asan/shell/migsh" MIGSH_PLAIN="$root/build/shell/migsh"
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:detect_stack_use_after_return=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export LSAN_OPTIONS="suppressions=$root/tests/lsan.supp:print_suppressions=0"

# Where there is a ccache, meson uses it: what a clone in another directory has compiled will do.
export CCACHE_NOHASHDIR=1

say() { printf '%s\n' "$*"; }

# With the sanitizers a recipe takes twice the time: half of the lab's scripts have their binary, the others the next
# day.
binary_for() { # SUITE
    local n
    n=$(cksum <<<"$1")
    case $1 in lab/*) [ $(((${n%% *} + $(date +%s) / 86400) % 2)) = 0 ] || { echo "$MIGSH_PLAIN"; return; } ;; esac
    echo "$MIGSH"
}

# run_log NAME COMMAND…: runs a suite; its output and status go to files of its name. The journals of one are none of
# another's business.
run_log() {
    local log="$logs/${1//\//_}" start=$SECONDS binary
    binary=$(binary_for "$1")
    shift
    MIGSH="$binary" XDG_STATE_HOME="$log.state" "$@" >"$log.log" 2>&1 </dev/null
    echo "$? $((SECONDS - start))" >"$log.rc"
}

# judge NAME: counts the ok and not ok lines of a suite that has run.
judge() {
    local name=$1 log="$logs/${1//\//_}" rc took ok bad skip
    read -r rc took <"$log.rc"
    log+=.log
    if [ "$rc" -eq 77 ]; then
        skipped=$((skipped + 1))
        say "SKIP $name: $(tail -n 1 "$log")"
        return
    fi
    ok=$(grep -cE '^ok( |$)' "$log")
    skip=$(grep -cE '^ok .*# (SKIP|skip)' "$log")
    bad=$(grep -cE '^not ok( |$)' "$log")
    # A script that died, or that claims success without a single test, has failed.
    if [ "$bad" -eq 0 ] && { [ "$rc" -ne 0 ] || [ "$ok" -eq 0 ]; }; then
        bad=1
    fi
    passed=$((passed + ok - skip)) failed=$((failed + bad)) skipped=$((skipped + skip))
    say "$([ "$bad" -eq 0 ] && echo PASS || echo FAIL) $name: $((ok - skip)) passed, $bad failed, $skip skipped ($took s)"
    if [ "$bad" -ne 0 ]; then
        failures+=("$name")
        grep -E '^not ok( |$)' "$log" | head -n 40
        say "--- the end of $log (status $rc):"
        tail -n 60 "$log"
        say "---"
    fi
}

# Scripts that mostly wait, for a terminal or for guests and hosts of their own: two lanes more than cores. Words: NAME
# SCRIPT NAME SCRIPT…
run_lanes() {
    local -A names=()
    local pids=() pid
    while [ $# -gt 0 ]; do
        while [ "${#pids[@]}" -gt $(($(nproc) + 1)) ]; do
            wait -n -p pid "${pids[@]}"
            judge "${names[$pid]}"
            mapfile -t pids < <(printf '%s\n' "${pids[@]}" | grep -vx "$pid")
        done
        run_log "$1" "$2" &
        names[$!]=$1
        pids+=($!)
        shift 2
    done
    while [ "${#pids[@]}" -gt 0 ]; do
        wait -n -p pid "${pids[@]}"
        judge "${names[$pid]}"
        mapfile -t pids < <(printf '%s\n' "${pids[@]}" | grep -vx "$pid")
    done
}

# Cmocka's binaries of a build directory, as TAP: all, or those named.
unit_tests() {
    local dir=$1 t rc=0
    local -a all=("${@:2}")
    [ ${#all[@]} -gt 0 ] || all=("$dir"/tests/unit/test_*)
    for t in "${all[@]}"; do
        if [ ! -f "$t" ] || [ ! -x "$t" ]; then continue; fi
        echo "# $t"
        CMOCKA_MESSAGE_OUTPUT=TAP "$t" || rc=1
    done
    return $rc
}

unit_asan() { unit_tests build-asan; }
# Those with threads in them.
unit_tsan() {
    local -a names
    mapfile -t names < <(grep -lE '"(io/(job|loop|ssh/|probe/)|core/(console/(ctx|silence)|watch/|node/lock))' tests/unit/test_*.c |
        sed 's/\.c$//')
    { configure build-tsan -Db_sanitize=thread -Db_lundef=false -Doptimization=g && ninja -C build-tsan "${names[@]}"; } || return
    TSAN_OPTIONS="halt_on_error=1:suppressions=$root/tests/tsan.supp" unit_tests build-tsan "${names[@]/#/build-tsan/}"
}

# The table of tests/fault: a few cases, or all of them in two labs.
fault_sample() { tests/fault/run.sh --sample 10; }
fault_1() { tests/fault/run.sh --part 1/2; }
fault_2() { MIGSH_FAULT_SUBNET=192.168.115 tests/fault/run.sh --part 2/2; }

fuzz() { tests/fuzz/run.sh "$fuzz_seconds"; }

# The recipes against a fake libvirt, at random.
model() { tests/model/run.sh "$model_runs"; }

# The sanitizers' builds take half the time with -Og.
configure() {
    local dir=$1
    shift
    [ -f "$dir/build.ninja" ] || meson setup "$dir" --werror "$@" || { rm -rf "$dir"; return 1; }
}

build() {
    configure build && ninja -C build &&
        configure build-asan -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=g && ninja -C build-asan
}

if [ -n "$install" ]; then
    scripts/install-packages.sh build lab test || exit 1
fi
say "building"
if ! build >"$logs/build.log" 2>&1; then
    tail -n 60 "$logs/build.log"
    say "0 passed, 1 failed, 0 skipped"
    exit 1
fi

lanes=()
for s in "${suites[@]}"; do
    case $s in
    unit) lanes+=(unit unit_asan) ;;
    tsan) lanes+=(tsan unit_tsan) ;;
    fuzz) lanes+=(fuzz fuzz) ;;
    model) lanes+=(model model) ;;
    tidy) lanes+=(tidy tests/tidy/run.sh) ;;
    fault-sample) lanes+=(fault-sample fault_sample) ;;
    fault) lanes+=(fault/1 fault_1 fault/2 fault_2) ;;
    lab)
        for t in tests/lab/mountnfs/test_*.sh tests/lab/test_*.sh; do
            n=${t##*/test_}
            lanes+=("lab/${n%.sh}" "$t")
        done
        ;;
    lab/*)
        t=$(find tests/lab -name "test_${s#lab/}.sh" | head -n 1)
        [ -n "$t" ] || { say "no such test: $s"; failed=$((failed + 1)); continue; }
        lanes+=("$s" "$t")
        ;;
    *) lanes+=("$s" "tests/$s/run.sh") ;;
    esac
done
[ ${#lanes[@]} -eq 0 ] || run_lanes "${lanes[@]}"

if [ ${#failures[@]} -gt 0 ]; then
    say "failed: ${failures[*]} (logs in $logs)"
else
    rm -rf "$logs"
fi
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
