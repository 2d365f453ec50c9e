# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the script $2 with $3 … as the account $1, or "" for the login's own.
# shellcheck shell=sh
u=$1 migsh=$2
shift 2
[ -z "$u" ] || [ "$u" = "$(id -un)" ] || exec su -s /bin/sh -c "$migsh" "$u" migsh "$@"
eval "$migsh"
