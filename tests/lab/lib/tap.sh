# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # the callers' $work
# How the lab's scripts tell what they found: "ok N - …" and "not ok N - …" lines, and a last one with the counts. What
# a test printed is in $work/out, and shown only when it failed. Sourced only.
number=0 passed=0 failed=0 skipped=0

# verdict NAME STATUS [WHY]: 0 is good.
verdict() {
    number=$((number + 1))
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
        echo "ok $number - $1"
    else
        failed=$((failed + 1))
        echo "not ok $number - $1"
        { [ -z "${3:-}" ] || echo "$3"; tail -n 80 "$work/out"; } 2>/dev/null | sed 's/^/# /'
    fi
}

# report NAME: by the status of the command before.
report() { verdict "$1" $?; }

# check NAME COMMAND…: one test.
check() {
    local what=$1
    shift
    "$@" >"$work/out" 2>&1
    verdict "$what" $?
}

# judge NAME STATUS GOT PATTERN: a command that ended with GOT and printed $work/out; PATTERN is a Perl regex in which ^
# and $ mean lines.
judge() {
    [ "$3" = "$2" ] && grep -qzP -- "(?ms)$4" "$work/out"
    verdict "$1" $? "status $3, wanted $2; wanted /$4/ in:"
}

skip_one() { # NAME WHY
    number=$((number + 1)) skipped=$((skipped + 1))
    echo "ok $number - $1 # SKIP $2"
}

finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ]
}
