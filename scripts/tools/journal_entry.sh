# SPDX-License-Identifier: GPL-3.0-or-later
# Leaves an entry in this node's systemd journal, of the fields in `input`: NAME=VALUE, a line each. Where there is no
# journald, or logger does not know it, the system log gets the argument, which is the message alone. Never fails.
# shellcheck shell=sh disable=SC2015
[ -S /run/systemd/journal/socket ] && input | logger --journald 2>/dev/null ||
  logger -t migsh -- "$1" 2>/dev/null || :
