#!/usr/bin/env bash
# clang-tidy by the compile commands of the plain build: over the C files that the last twenty commits changed, and a
# third of all others, which are others each day. Most of the time goes into reading headers, once a file.
#
#   tests/tidy/run.sh [deep]
#
# The analyzer takes ten times as long as all other checks. It follows the paths through a fourteenth of the files,
# others each day. With `deep` all is done for all files: run that before a change of some size is handed in.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
shallow=(--checks='-clang-analyzer-*')
mapfile -t all < <(git ls-files 'shell/*.c' 'lua/*.c')
day=$(($(date +%s) / 86400))
declare -A fresh=()
while read -r f; do fresh[${f:-none}]=1; done < <(
    git log -M --diff-filter=AM -20 --name-only --format=
    git diff --name-only HEAD
)
shallow_clone=$(git rev-parse --is-shallow-repository) # has no history that would tell
files=()
for i in "${!all[@]}"; do
    if [ "${1:-}" = deep ] || [ "$shallow_clone" = true ] || [ -n "${fresh[${all[i]}]:-}" ] || [ $((i % 3)) = $((day % 3)) ]; then
        files+=("${all[i]}")
    fi
done
check() {
    if out=$(clang-tidy -p build --quiet "${@:2}" "$1" 2>/dev/null); then echo "ok - tidy $1"; else echo "not ok - tidy $1" && echo "$out"; fi
}
export -f check
deep=() quick=()
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
