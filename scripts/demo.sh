#!/usr/bin/env bash
# From a fresh Debian 12 machine to a real live migration whose outage was measured: installs what is missing, builds,
# brings up four hosts on this machine (tests/lab), migrates a running guest between two of them with migsh while
# probing it every 5 ms, shows the report, and takes everything down again. Needs root (namespaces, guests). A second
# run installs and rebuilds nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

name=demo subnet=192.168.79
lab() { tests/lab/lab --name "$name" --subnet "$subnet" "$@"; }
step() { printf '\n==> %s\n' "$*"; }
show() {
    printf '$ migsh'
    printf ' %q' "$@"
    printf '\n'
    lab exec admin -- "$PWD/build/shell/migsh" "$@"
}

if [ "$(id -u)" -ne 0 ]; then
    echo "demo: run me as root: the lab makes network namespaces and runs real hypervisors in them" >&2
    exit 1
fi

step "packages (from scripts/packages.txt)"
scripts/install-packages.sh build lab

step "build"
[ -f build/build.ninja ] || meson setup build >/dev/null
ninja -C build | tail -n 1

step "four hosts on this machine: admin, source, nfs, dest"
trap 'step "clean up"; lab down' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
lab up --ready
step "a guest on source, its disk on the NFS share: ready when it answers ping and http"
lab guest start share
lab wait share

step "the inventory: three lines that migsh keeps"
show -c "node-add source root@$(lab address source) --role compute
node-add dest root@$(lab address dest) --role compute
node-add nfs root@$(lab address nfs) --role storage
node-list"
show list --node all --all

step "the migration: watched from before the first page until after the last"
show live-migrate share dest --unsafe --max-outage 2s --target "$(lab address share)" --target "http://$(lab address share)/" || status=$?

step "after it"
show list --node all --all
exit "${status:-0}"
