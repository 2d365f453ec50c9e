# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # the callers use them
# A lab of a script's own, with the words in which it tells what it wants of migsh and the hosts:
#     . "$(dirname "${BASH_SOURCE[0]}")/lib/own.sh" NAME SUBNET
# MIGSH_NAME_SUBNET chooses another subnet. The lab and $work go when the script ends; where there can be no lab it ends
# here, with status 77. MIGSH_SECTION=REGEX leaves of the script what is before its first "# --- NAME", and the sections
# whose names match: one that builds on another wants both ('adopt|export'). Sourced only, with set -uo pipefail.
here=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ -n "${MIGSH_SECTION:-}" ]; then
    part=$(mktemp -d "${TMPDIR:-/tmp}/migsh-section.XXXXXX")
    trap 'rm -rf "$part"' EXIT
    ln -s "$here/lib" "$part/lib"
    awk -v want="$MIGSH_SECTION" '/^# --- / { keep = $0 ~ want; found += keep; begun = 1 }
        !begun || keep || /^finish$/; END { exit !found }' "$0" >"$part/${0##*/}" ||
        { echo "no section of $0 matches $MIGSH_SECTION"; exit 1; }
    MIGSH_SECTION='' bash "$part/${0##*/}"
    exit
fi
migsh=$(realpath -m "${MIGSH:-$here/../../build-asan/shell/migsh}")
plain=$(realpath -m "${MIGSH_PLAIN:-$here/../../build/shell/migsh}")
preload=$(realpath -m "$(dirname "$plain")/../tests/fault/at_record.so")
subnet=MIGSH_${1^^}_SUBNET
subnet=${!subnet:-$2}
export MIGSH_LAB_NAME=$1-$$ MIGSH_LAB_SUBNET=$subnet
lab() { "$here/lab" "$@"; }
lab check || exit
work=$(mktemp -d "${TMPDIR:-/tmp}/migsh-$1.XXXXXX")
chmod 755 "$work"
trap 'lab down >/dev/null 2>&1; rm -rf "$work"' EXIT
# shellcheck source=tests/lab/lib/tap.sh
. "$here/lib/tap.sh"
# shellcheck source=tests/lab/lib/hears.sh
. "$here/lib/hears.sh"

# up OPTION…
up() { lab up "$@" >"$work/up" 2>&1 || { echo "not ok 1 - the lab comes up"; sed 's/^/# /' "$work/up"; exit 1; }; }
# three_nodes [SOURCE DEST NFS]: the inventory, by names, or by these addresses.
three_nodes() {
    printf 'node-add %s\n' "source root@${1:-source}" "dest root@${2:-dest}" "nfs root@${3:-nfs} --role storage" >"$work/nodes"
    chmod 644 "$work/nodes"
}
on() { local host=$1; shift; lab exec "$host" -- "$@" </dev/null; }
m() { lab exec admin -- env XDG_STATE_HOME=/root/state "$migsh" -i "$work/nodes" "$@" </dev/null; }
# The same migsh on a terminal, where somebody answers; lib/answer.py tells what.
person() { timeout 60 python3 "$here/lib/answer.py" "$here/lab" exec admin -- "$migsh" -i "$work/nodes" "$@"; }
# And in the background (`interruptible ARGS… &`), to be sent SIGINT, which a script's children ignore from birth.
interruptible() {
    exec python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$here/lab" exec admin -- "$migsh" -i "$work/nodes" "$@"
}

# dirties MIB: the definition of a Linux guest on stdin as of one of 256 MiB that writes so much a second (guest-init).
dirties() {
    sed "s,lab\\.ip=[^<]*,& lab.dirty=$1,; s, lab\\.dirty=0<,<,; s,<memory .*,<memory unit='MiB'>256</memory>,; /<currentMemory/d"
}

# with_agent: the definition of a Linux guest on stdin as of one with a channel for its agent (guest-init).
with_agent() {
    sed "s,</devices>,<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>&,"
}

# expect NAME STATUS PATTERN ARGS…: m ARGS…; PATTERN is a Perl regex on stdout and stderr, ^ and $ mean lines.
expect() {
    local what=$1 status=$2 pattern=$3 got=0
    shift 3
    m "$@" >"$work/out" 2>&1 || got=$?
    judge "$what" "$status" "$got" "$pattern"
}
# For `check NAME …`: gives STATUS PATTERN COMMAND… in the same way of any command.
gives() {
    local want=$1 pattern=$2 got=0
    shift 2
    "$@" >"$work/said" 2>&1 || got=$?
    cat "$work/said"
    [[ $got == "$want" ]] || { echo "status $got, wanted $want"; return 1; }
    grep -qzP -- "(?ms)$pattern" "$work/said" || { echo "wanted /$pattern/"; return 1; }
}
# prints WANTED COMMAND…: that and nothing else.
prints() {
    local want=$1 got
    shift
    got=$("$@" 2>&1)
    [ "$got" = "$want" ] || { printf 'wanted: %s\ngot: %s\n' "$want" "$got"; return 1; }
}
# says TEXT COMMAND…: it succeeds, and that is in what it prints.
says() {
    local text=$1 said
    shift
    said=$("$@" 2>&1) || { echo "failed: $said"; return 1; }
    grep -qF -- "$text" <<<"$said" || { echo "said: $said"; return 1; }
}
# same FILE COMMAND…: the command prints what is in the file.
same() { diff "$1" <("${@:2}"); }
# The last line of the input, a result behind the progress that --json tells line by line, as `d` in Python.
py() { python3 -c "import json,sys; d=json.loads(sys.stdin.read().splitlines()[-1]); $1"; }
