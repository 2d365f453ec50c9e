# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The lab's names, paths and processes: which hosts there are, where a lab keeps its state, how its processes are
# recorded and ended, and how a command gets inside a host. Sourced by `lab` only; runs nothing by itself.

# shellcheck disable=SC2034 # read by the other parts
HOSTS=(admin source nfs dest)
declare -A HOST_NUMBER=([admin]=1 [source]=100 [nfs]=101 [dest]=102)
declare -A GUEST_NUMBER=([share]=10 [test1]=11 [local1]=12)
GUESTS=(share test1 local1 busy uefi1)

die() {
    echo "lab: $*" >&2
    exit 1
}

# Exit status 77 is how a test says "skipped"; the line is the reason.
skip() {
    echo "lab: skipped: $*" >&2
    exit 77
}

is_host() { [[ -n ${HOST_NUMBER[$1]:-} ]]; }
is_guest() { [[ " ${GUESTS[*]} " == *" $1 "* ]]; }

address_of() {
    local n=${HOST_NUMBER[$1]:-${GUEST_NUMBER[$1]:-}}
    [[ -n $n ]] || return 1
    echo "$SUBNET.$n"
}

# Prints "PID START" of the calling shell as the machine's /proc numbers it. START (clock ticks since boot) tells a
# recorded process from a later one that got the same number.
self_record() {
    local line pid
    read -r line </proc/self/stat
    pid=${line%% *}
    echo "$pid $(start_of "$pid")"
}

start_of() {
    local START
    read_start "$1" && echo "$START"
}

# Sets $START. Forks nothing.
read_start() {
    local line fields
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    # the name in field 2 may hold blanks, so count from its closing bracket: start time is field 22
    read -r -a fields <<<"${line##*) }"
    START=${fields[19]}
}

# Sets $RECORDED to the pid in record file $1, if that very process is still alive. Forks nothing.
find_recorded() {
    local start START
    { read -r RECORDED start <"$1"; } 2>/dev/null && read_start "$RECORDED" && [[ $START == "$start" ]]
}

# The same, printed.
recorded_pid() { find_recorded "$1" && echo "$RECORDED"; }

# Waits until the command given succeeds, at most $1 seconds.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.05
    done
}

# True while any process of the lab lives: the lab's first process and all it started hold this lock open.
lab_alive() {
    [[ -e $STATE/alive ]] && ! flock --nonblock "$STATE/alive" true 2>/dev/null
}

lab_ready() { [[ -e $STATE/ready ]] && lab_alive; }

need_lab() {
    lab_ready || die "lab '$NAME' is not up (lab --name $NAME up)"
}

# Reads the settings that `up` chose; the caller's own --subnet matters to `up` alone.
load_settings() {
    [[ -r $STATE/settings ]] || return 0
    # shellcheck disable=SC1091
    . "$STATE/settings"
}

# enter_host HOST COMMAND... : replaces this shell.
enter_host() {
    local host=$1
    shift
    find_recorded "$STATE/$host.pid" || die "host '$host' of lab '$NAME' is not running"
    exec "$ENTER" "$RECORDED" pnum "$@"
}

# The same as a child of this shell.
in_host() { (enter_host "$@"); }

# Ends processes by their records and waits until they are gone. A host's first process takes everything in the host's
# pid namespace with it, the lab's first process every host. Only ever called outside the lab: below its first process
# the recorded numbers would mean other processes.
kill_recorded() {
    local record pid
    for record; do
        pid=$(recorded_pid "$record") && kill -KILL "$pid" 2>/dev/null
    done
    for record; do
        wait_until 20 record_dead "$record" || die "the process of $record does not end"
    done
}

record_dead() { ! recorded_pid "$1" >/dev/null; }
