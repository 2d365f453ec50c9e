#!/usr/bin/env bash
# The prompt, driven through a pseudo-terminal by python's standard library alone. MIGSH names the binary under test.
# Arguments: names of single claims, as functions (ctrl_c_clears_the_line) or as the output words them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
migsh=$(realpath "${MIGSH:-build/shell/migsh}")
hook=$(dirname "$migsh")/../tests/repl/repl_hook
unset VIRSH_DEFAULT_CONNECT_URI LIBVIRT_DEFAULT_URI NO_COLOR
export MIGSH_PAGER= # what is asserted is on the screen; the pager's own tests set one
export MIGSH_PROMPT='migsh%s> ' # what is typed stands at the same column, wherever commands go
PYTHONDONTWRITEBYTECODE=1 exec python3 tests/repl/run.py "$migsh" "$(realpath "$hook")" "$@"
