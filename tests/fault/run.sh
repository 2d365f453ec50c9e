#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Faults in a cold migration, in a lab of its own: each case of the table (cases.py) is a migration to which something
# happens at a certain point; then come the invariants, `resume` or `rollback`, and the same migration once more.
#
#   tests/fault/run.sh [--list] [--only PATTERN]… [--sample K [--seed S]] [--part I/N] [--keep]
#
# Prints "ok N - NAME"; a case that fails says which invariant does not hold, and what the nodes and consoles say.
# MIGSH_PLAIN is the console that is tried (not the sanitized one: it is killed and slowed down enough as it is).
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
MIGSH_PLAIN=$(realpath "${MIGSH_PLAIN:-$here/../../build/shell/migsh}")
export MIGSH_PLAIN
export MIGSH_FAULT_LAB=${MIGSH_FAULT_LAB:-fault-$$} MIGSH_FAULT_SUBNET=${MIGSH_FAULT_SUBNET:-192.168.114}
export PYTHONDONTWRITEBYTECODE=1
[[ " $* " == *" --list "* ]] || "$here/../lab/lab" check || exit
exec python3 "$here/run.py" "$@"
