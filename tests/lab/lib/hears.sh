# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# hears LAB: until a migsh on the host admin hears SIGINT, which takes a slow machine a second, and which a script's
# child ignores from birth: what is sent before is lost, or ends whatever is to become migsh. Sourced only.
hears() {
    local i
    for ((i = 0; i < 300; i++)); do
        # shellcheck disable=SC2016 # expanded on the host
        "$1" exec admin -- sh -c 'p=$(pgrep -x migsh) && grep "^Sig\(Blk\|Cgt\).*[2367abef]$" "/proc/$p/status"' </dev/null >/dev/null && return
        sleep 0.1
    done
    echo "migsh does not hear SIGINT"
    return 1
}
