# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the script $1 as root, $2 … being its $0 …: in this shell where it is root's, or else by sudo. Where sudo wants a
# password it ends with 119 and these words, by which core/node/place.c knows it.
# shellcheck shell=sh
if [ -O / ] || [ "$(id -u)" = 0 ]; then migsh=$1; shift 2; eval "$migsh"; exit; fi
if ! command -v sudo >/dev/null; then echo 'neither root nor sudo here' >&2; exit 1; fi
if sudo -n true 2>/dev/null; then exec sudo -n -- sh -c "$@"; fi
echo 'migsh:auth: sudo wants a password' >&2; exit 119
