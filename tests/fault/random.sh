#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A long run: a guest goes to and fro between two nodes, each time with a random fault at a random point.
#
#   tests/fault/random.sh [--migrations N] [--minutes M] [--seed S]
#
# Prints each failure with all that the nodes say, and at the end the figures: migrations, faults by kind, how they
# ended, how often two copies ran (0), how often a disk was not what it should be (0). The same seed is the same run.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
MIGSH_PLAIN=$(realpath "${MIGSH_PLAIN:-$here/../../build/shell/migsh}")
export MIGSH_PLAIN
export MIGSH_FAULT_LAB=${MIGSH_FAULT_LAB:-random-$$} MIGSH_FAULT_SUBNET=${MIGSH_FAULT_SUBNET:-192.168.115}
export PYTHONDONTWRITEBYTECODE=1
"$here/../lab/lab" check || exit
exec python3 "$here/random_run.py" "$@"
