#!/usr/bin/env bash
# Installs what is missing of the sections named (default: build lab test) from scripts/packages.txt. Says what it
# installs; says and does nothing where all is there. Daemons that the packages bring are not started: the lab runs its
# own. Needs root, or sudo, only when something is missing.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

section() { awk -v want="$1" '/^\[/ {on = ($0 == "[" want "]"); next} on && NF && !/^#/ {print $1}' "$here/packages.txt"; }

if [ "${1:-}" = --list ]; then
    shift
    for s in "${@:-build}"; do section "$s"; done
    exit 0
fi

[ $# -gt 0 ] || set -- build lab test
wanted=()
for s in "$@"; do
    mapfile -t names < <(section "$s")
    [ ${#names[@]} -gt 0 ] || { echo "install-packages: no section [$s] in packages.txt" >&2; exit 2; }
    wanted+=("${names[@]}")
done

missing=()
for p in "${wanted[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "install-packages: missing: ${missing[*]}; run as root to install them" >&2; exit 1; }
    as_root=(sudo)
fi

echo "installing ${#missing[@]} packages: ${missing[*]}"
# Without this, Debian starts libvirtd, sshd, rpcbind and the rest on the machine itself as soon as they are unpacked.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
apt_get() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" >"$log" 2>&1; }
if ! { apt_get update && apt_get install -y --no-install-recommends "${missing[@]}"; }; then
    tail -n 20 "$log" >&2
    echo "install-packages: apt-get failed; the whole output is in $log" >&2
    exit 1
fi
rm -f "$log"
