# SPDX-License-Identifier: GPL-3.0-or-later
# A daemon that listens for TLS reads its certificates anew, without a restart; one that does not reads them when it
# begins to. Where there are none any more, it keeps what it has read.
# shellcheck shell=sh
[ -e /etc/pki/libvirt/servercert.pem ] || exit 0
[ -n "$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" && $2 ~ /:4082$/')" ] || exit 0
for d in virtproxyd libvirtd; do
  virt-admin -c "$d:///system" server-update-tls "$d" >/dev/null 2>&1 && exit 0
done
echo "the daemon listens for TLS, but virt-admin server-update-tls could not tell it to read the new certificates:\
 restart it" >&2
exit 1
