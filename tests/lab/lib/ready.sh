# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# `up --ready`: what a prepared set of hosts has, for tests that begin later in the story. Files are laid out before a
# host starts, from the keys that the lab made itself, so no host key is ever scanned. Sourced by `lab` only.

EXPORT_DIR=/srv/nfs # the share, mounted at the same path on source and dest
# shellcheck disable=SC2034 # read by guest.sh
POOL_EXPORT=/srv/nfspool POOL_TARGET=/mykvm/nfspool # what the netfs pool `nfspool` mounts, and where

# Under which names each host is known: the third document calls source and dest test1 and test2.
aliases_of() {
    case $1 in
    source) echo test1 ;;
    dest) echo test2 ;;
    esac
}

ready_files() {
    local host=$1 dir=$2 h
    for h in "${HOSTS[@]}"; do
        # shellcheck disable=SC2046 # no alias means no word
        echo "$(address_of "$h")" "$h" $(aliases_of "$h")
    done >>"$dir/etc/hosts"
    mkdir -m 700 "$dir/root/.ssh"
    cat "$STATE/keys/user.admin.pub" >"$dir/root/.ssh/authorized_keys"
    case $host in
    admin) user_key "$host" "$dir" ;;
    source) user_key "$host" "$dir" && cat "$STATE/keys/user.dest.pub" >>"$dir/root/.ssh/authorized_keys" ;;
    dest) user_key "$host" "$dir" && cat "$STATE/keys/user.source.pub" >>"$dir/root/.ssh/authorized_keys" ;;
    nfs)
        mkdir -p "$dir$EXPORT_DIR"
        echo "$EXPORT_DIR *(rw,sync,no_root_squash)" >"$dir/etc/exports"
        EXPORTS_ROOT=$dir "$LAB_DIR/exportfs" --write-only
        ;;
    esac
    chmod 600 "$dir/root/.ssh/authorized_keys"
}

user_key() {
    cp "$STATE/keys/user.$1" "$2/root/.ssh/id_ed25519"
    cp "$STATE/keys/user.$1.pub" "$2/root/.ssh/id_ed25519.pub"
    known_hosts >"$2/root/.ssh/known_hosts"
}

known_hosts() {
    local h names type
    for h in "${HOSTS[@]}"; do
        # shellcheck disable=SC2046
        names=$(IFS=,; set -- "$(address_of "$h")" "$h" $(aliases_of "$h"); echo "$*")
        for type in ed25519 ecdsa; do
            echo "$names $(cut -d' ' -f1,2 "$STATE/keys/host.$h.$type.pub")"
        done
    done
}

# Once all hosts run.
ready_after_start() {
    local host jobs=() job
    for host in source dest; do
        mount_share "$host" &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do
        wait "$job" || return 1
    done
}

# Exports DIR from nfs unless it is exported already.
export_dir() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    in_host nfs bash -c 'set -e; mkdir -p "$1"
        grep -q "^$1 " /etc/exports || { echo "$1 *(rw,sync,no_root_squash)" >>/etc/exports; exportfs -ra; }' _ "$1"
}

# Mounts the share on a host at the path it has on the server. By address, so that it needs no hosts entries.
mount_share() {
    # shellcheck disable=SC2016
    in_host "$1" bash -c 'mountpoint -q "$2" || { mkdir -p "$2" && mount -t nfs "$1:$2" "$2"; }' _ \
        "$(address_of nfs)" "$EXPORT_DIR"
}
