#!/usr/bin/env bash
# clang-tidy over every C file of the program, by the compile commands of the plain build.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
mapfile -t files < <(git ls-files 'shell/*.c' 'lua/*.c')
check() {
    if out=$(clang-tidy -p build --quiet "$1" 2>/dev/null); then echo "ok - tidy $1"; else echo "not ok - tidy $1" && echo "$out"; fi
}
export -f check
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -I{} bash -c 'check "$1"' _ {} >"${TMPDIR:-/tmp}/migsh-tidy.$$"
cat "${TMPDIR:-/tmp}/migsh-tidy.$$"
! grep -q '^not ok' "${TMPDIR:-/tmp}/migsh-tidy.$$"
rc=$?
rm -f "${TMPDIR:-/tmp}/migsh-tidy.$$"
exit $rc
