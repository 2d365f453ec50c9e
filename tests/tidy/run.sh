#!/usr/bin/env bash
# clang-tidy over every C file of the program, by the compile commands of the plain build.
#
#   tests/tidy/run.sh [deep]
#
# The analyzer follows a quarter of the paths through each function that it follows by itself: that is what takes the
# time, and what is wrong is nearly always found on the first ones. deep: all of them.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
limit=()
[ "${1:-}" = deep ] || limit=(--extra-arg={-Xclang,-analyzer-config,-Xclang,max-nodes=50000})
mapfile -t files < <(git ls-files 'shell/*.c' 'lua/*.c')
check() {
    if out=$(clang-tidy -p build --quiet "${@:2}" "$1" 2>/dev/null); then echo "ok - tidy $1"; else echo "not ok - tidy $1" && echo "$out"; fi
}
export -f check
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -I{} bash -c 'check "$@"' _ {} "${limit[@]}" >"${TMPDIR:-/tmp}/migsh-tidy.$$"
cat "${TMPDIR:-/tmp}/migsh-tidy.$$"
! grep -q '^not ok' "${TMPDIR:-/tmp}/migsh-tidy.$$"
rc=$?
rm -f "${TMPDIR:-/tmp}/migsh-tidy.$$"
exit $rc
