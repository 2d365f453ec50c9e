#!/usr/bin/env bash
# clang-tidy over every C file of the program, by the compile commands of the plain build.
#
#   tests/tidy/run.sh [deep]
#
# The analyzer is what takes the time, ten times that of all other checks. It follows the paths through a fourteenth of
# the files, others each day, with `deep` through all: run that before a change of some size is handed in.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
shallow=(--checks='-clang-analyzer-*')
mapfile -t files < <(git ls-files 'shell/*.c' 'lua/*.c')
check() {
    if out=$(clang-tidy -p build --quiet "${@:2}" "$1" 2>/dev/null); then echo "ok - tidy $1"; else echo "not ok - tidy $1" && echo "$out"; fi
}
export -f check
deep=() quick=()
day=$(($(date +%s) / 86400))
for i in "${!files[@]}"; do
    if [ "${1:-}" = deep ] || [ $((i % 14)) = $((day % 14)) ]; then deep+=("${files[i]}"); else quick+=("${files[i]}"); fi
done
each() { # FILES… on stdin; ARG…
    xargs -P "$(nproc)" -I{} bash -c 'check "$@"' _ {} "$@"
}
{
    printf '%s\n' "${deep[@]}" | each
    if [ ${#quick[@]} -gt 0 ]; then printf '%s\n' "${quick[@]}" | each "${shallow[@]}"; fi
} >"${TMPDIR:-/tmp}/migsh-tidy.$$"
cat "${TMPDIR:-/tmp}/migsh-tidy.$$"
! grep -q '^not ok' "${TMPDIR:-/tmp}/migsh-tidy.$$"
rc=$?
rm -f "${TMPDIR:-/tmp}/migsh-tidy.$$"
exit $rc
