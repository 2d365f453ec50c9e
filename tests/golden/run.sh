#!/usr/bin/env bash
# Sessions against libvirt's test driver, compared to the byte: NAME.in is fed to migsh as commands (its first line,
# "#args …", may add options), NAME.sh is bash that calls "m ARGS…"; NAME.out holds standard output, standard error and
# the exit status. --update writes the .out files anew: read the diff before you commit it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
MIGSH=$(readlink -f "${MIGSH:-../../build/shell/migsh}")
update=
[ "${1:-}" = --update ] && { update=1; shift; }

work=$(mktemp -d "${TMPDIR:-/tmp}/migsh-golden.XXXXXX")
trap 'rm -rf "$work"' EXIT
export TMP="$work/tmp" XDG_CONFIG_HOME="$work/config" XDG_STATE_HOME="$work/state" LC_ALL=C.UTF-8 TZ=UTC
unset VIRSH_DEFAULT_CONNECT_URI LIBVIRT_DEFAULT_URI NO_COLOR
here=$PWD
export here

# migsh on a host of its own; for the .sh files.
m() { "$MIGSH" -C test:///default "$@"; }

# What differs from run to run or from machine to machine.
normalise() {
    sed -E -e "s|$TMP|TMP|g" -e "s|^$MIGSH: |migsh: |" -e "s|^$(hostname)\$|HOSTNAME|" -e 's/^(CPU time: +)[0-9.]+s/\1TIMEs/' \
        -e 's/"cpu_time_s":[0-9.]+/"cpu_time_s":TIME/' -e 's/(libvirt|TEST) 9\.[0-9.]+/\1 VERSION/g' \
        -e 's/"daemon":"[0-9.]+"/"daemon":"VERSION"/' -e 's/^(Running against daemon:) [0-9.]+/\1 VERSION/' \
        -e 's/(, failed domid=)[0-9-]+/\1ID/'
}

run_one() {
    local test=$1 status=0 args=()
    rm -rf "$TMP" "$XDG_CONFIG_HOME"
    mkdir -m 700 "$TMP" "$XDG_CONFIG_HOME"
    if [ "${test##*.}" = sh ]; then
        # shellcheck source=/dev/null
        (cd "$TMP" && set +eu && . "$here/$test") >"$work/out" 2>"$work/err" </dev/null || status=$?
    else
        read -r -a args < <(sed -n '1s/^#args//p' "$test"; echo) || true
        (cd "$TMP" && m "${args[@]}") >"$work/out" 2>"$work/err" <"$test" || status=$?
    fi
    normalise <"$work/out"
    echo "--- stderr"
    normalise <"$work/err"
    echo "--- status $status"
}

n=0 passed=0 failed=0
for test in *.in *.sh; do
    [ "$test" = run.sh ] && continue
    name=${test%.*}
    [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
    n=$((n + 1))
    run_one "$test" >"$work/got"
    if [ -n "$update" ]; then
        cp "$work/got" "$name.out"
    fi
    if diff -u "$name.out" "$work/got" >"$work/diff" 2>&1; then
        passed=$((passed + 1))
        echo "ok $n - $name"
    else
        failed=$((failed + 1))
        echo "not ok $n - $name"
        sed 's/^/# /' "$work/diff"
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
