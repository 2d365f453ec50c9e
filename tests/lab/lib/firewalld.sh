# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # the caller's $here
# A real firewalld on a host of the lab. Sourced after own.sh.
# shellcheck source=tests/lab/lib/unpacked.sh
. "$here/lib/unpacked.sh"

# firewalld_start HOST: in force, with ssh let in as it comes; firewall-cmd is there for root's logins. After `unpack
# firewalld HOST`.
firewalld_start() {
    local dir
    dir=$(unpacked firewalld)
    lab exec "$1" -- sh -c 'cd /usr/local/sbin && cat >firewall-cmd && chmod 755 firewall-cmd' <<END
#!/bin/sh
x=$dir
export PYTHONPATH=\$x/usr/lib/python3/dist-packages GI_TYPELIB_PATH=\$x/usr/lib/x86_64-linux-gnu/girepository-1.0
export LD_LIBRARY_PATH=\$x/usr/lib/x86_64-linux-gnu
[ "\${1:-}" != --daemon ] || exec python3 \$x/usr/sbin/firewalld --nofork --nopid --default-config \$x/usr/lib/firewalld
exec python3 \$x/usr/bin/firewall-cmd "\$@"
END
    bus "$1"
    on "$1" sh -c "cp -r $dir/etc/firewalld /etc/ &&
        { setsid firewall-cmd --daemon >/var/log/firewalld.log 2>&1 & } && i=0 && until firewall-cmd -q --state; do i=\$((i + 1)); [ \$i -lt 60 ] && sleep 0.5 || exit 1; done"
}
