# SPDX-License-Identifier: GPL-3.0-or-later
# Starts the NFS server without systemd, by whatever start script there is, behind nfs_listening.sh. $1: the names that
# its service may have.
# shellcheck shell=sh
PATH=$PATH:/usr/sbin:/sbin
for s in rpcbind $1; do
  if command -v rc-service >/dev/null && rc-service --exists "$s"; then rc-service "$s" start
  elif [ -x "/etc/init.d/$s" ]; then "/etc/init.d/$s" start; fi
done
n=0
until listening; do
  n=$((n + 1))
  [ $n -lt 50 ] || { echo 'nothing listens on port 2049, and no service script was found that would start the NFS server' >&2
    exit 1; }
  sleep 0.1
done
