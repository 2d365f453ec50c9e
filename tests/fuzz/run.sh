#!/usr/bin/env bash
# Builds the harnesses (clang, in build-fuzz) and runs each for SECONDS (10), as many at once as there are cores, from
# the seeds and from what earlier runs found (build-fuzz/corpus). Arguments: [SECONDS] [NAME…]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=10
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
    seconds=$1
    shift
fi
dir=$PWD/build-fuzz
if ! command -v clang >/dev/null || ! ls "$(clang -print-resource-dir)"/lib/linux/libclang_rt.fuzzer-* >/dev/null 2>&1; then
    echo "there is no clang with libFuzzer (scripts/install-packages.sh test)"
    exit 77
fi
if [ ! -f "$dir/build.ninja" ]; then
    compiler=clang
    [[ ${CC:-} != ccache* ]] || compiler='ccache clang'
    CC=$compiler meson setup "$dir" -Dfuzz=true -Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false \
        >/dev/null
fi
if ! ninja -C "$dir" fuzz >"$dir/fuzz.log" 2>&1; then
    tail -n 40 "$dir/fuzz.log"
    exit 1
fi
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
    for f in tests/fuzz/fuzz_*.c; do
        name=${f##*/fuzz_}
        names+=("${name%.c}")
    done
fi
export FUZZ_MANIFEST=$PWD/scripts/image/manifest.lua
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=0:abort_on_error=0:detect_stack_use_after_return=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
unset LSAN_OPTIONS

# one NAME: an input may take 5 s under load, an allocation 256 MiB, all of it 1 GiB.
one() {
    local name=$1 corpus=$dir/corpus/$1 log=$dir/fuzz_$1.log
    mkdir -p "$corpus" "$dir/found"
    if "$dir/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=5 -malloc_limit_mb=256 -rss_limit_mb=1024 \
        -max_len=4096 -seed=1 -print_final_stats=1 -artifact_prefix="$dir/found/$name-" "$corpus" "tests/fuzz/seeds/$name" \
        >"$log" 2>&1; then
        echo "ok - $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs"
    else
        echo "not ok - $name: $(grep -m 1 -E 'does not hold|ERROR:|SUMMARY:|runtime error' "$log" || tail -n 1 "$log")"
        echo "# input: $(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1), log: $log"
    fi
}
export -f one
export dir seconds
printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I{} bash -c 'one {}' | awk '
    / - / { sub(/ - /, " " ++n " - ") }
    /^not ok/ { bad++ }
    { print; fflush() }
    END { printf "%d passed, %d failed, 0 skipped\n", n - bad, bad; exit bad > 0 }'
