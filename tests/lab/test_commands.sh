#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# virsh's commands against real libvirtd and QEMU, each at least once: commands/FAMILY.sh, one file a family, all in
# one lab. A family that is named runs alone: tests/lab/test_commands.sh block. What a family finds: the guest `local1`
# running on source, with the disk vda; `m`, `expect`, `check`, `v` (virsh on source), `as_virsh`. It leaves the guest
# running.
set -uo pipefail
# shellcheck source=tests/lab/lib/own.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" commands 192.168.159
families=("${@:-*}")
three_nodes source dest nfs
up --ready
begin() { lab guest start local1 && lab wait local1; }
check "the guest starts" begin
v() { on source virsh -q "$@"; }
trimmed() { sed 's/^\r//; s/^CPU time:.*//; s/ *$//' | grep -v '^$'; } # the time goes on
# as_virsh WORD…: both succeed, and print the same.
as_virsh() {
    local status=0 own=0
    on source virsh "$@" >"$work/as_virsh" 2>&1 || status=$?
    m -C source "$@" >"$work/as_migsh" 2>&1 || own=$?
    diff <(trimmed <"$work/as_virsh") <(trimmed <"$work/as_migsh") && [ $status = 0 ] && [ $own = 0 ]
}
# refused STATUS REGEX WORD…: virsh fails, and migsh does so with that status and text.
refused() {
    if on source virsh "${@:3}" >"$work/as_virsh" 2>&1; then return 1; fi
    gives "$1" "$2" m -C source "${@:3}"
}

# loses WHAT WORD…: a console from which libvirt keeps something (slow_call.c says what).
loses() {
    lab exec admin -- env LD_PRELOAD="${plain%/*}/../tests/lab/slow_call.so" "MIGSH_LOSE_$1=1" "$plain" -i "$work/nodes" "${@:2}" </dev/null
}

shopt -s nullglob
for family in "${families[@]}"; do
    # shellcheck disable=SC2231 # a pattern
    for file in "$here"/commands/$family.sh; do
        echo "# $(basename "$file" .sh)"
        # shellcheck source=/dev/null
        . "$file"
        check "the guest still runs" [ "$(v domstate local1)" = running ] # if not, what follows says so, too
    done
done
finish
