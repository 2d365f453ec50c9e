# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # the caller's $here
# A real firewalld on a host of the lab, which has no D-Bus otherwise. Installed it would be in force on the machine
# after a boot, so its packages are unpacked into the cache, as the guests' kernel is. Sourced after own.sh.
firewalld_dir=${XDG_CACHE_HOME:-/var/cache}/migsh-lab/firewalld

# firewalld_fetch: the status says whether it is there.
firewalld_fetch() {
    local tmp deb
    [ ! -d "$firewalld_dir" ] || return 0
    mkdir -p "${firewalld_dir%/*}"
    tmp=$(mktemp -d "${firewalld_dir%/*}/tmp.XXXXXX") || return
    chmod 755 "$tmp"
    # shellcheck disable=SC2046 # a word each
    if (cd "$tmp" && apt-get -qq -o APT::Sandbox::User=root download $("$here/../../scripts/install-packages.sh" --list download-firewalld)); then
        for deb in "$tmp"/*.deb; do dpkg-deb -x "$deb" "$tmp/x" || break; done
        mv -T "$tmp/x" "$firewalld_dir" 2>/dev/null
    fi
    rm -rf "$tmp"
    [ -d "$firewalld_dir" ]
}

# firewalld_start HOST: in force, with ssh let in as it comes; firewall-cmd is there for root's logins.
firewalld_start() {
    lab exec "$1" -- sh -c 'cd /usr/local/sbin && cat >firewall-cmd && chmod 755 firewall-cmd' <<END
#!/bin/sh
x=$firewalld_dir
export PYTHONPATH=\$x/usr/lib/python3/dist-packages GI_TYPELIB_PATH=\$x/usr/lib/x86_64-linux-gnu/girepository-1.0
export LD_LIBRARY_PATH=\$x/usr/lib/x86_64-linux-gnu
[ "\${1:-}" != --daemon ] || exec python3 \$x/usr/sbin/firewalld --nofork --nopid --default-config \$x/usr/lib/firewalld
exec python3 \$x/usr/bin/firewall-cmd "\$@"
END
    lab exec "$1" -- sh -c 'cat >/run/bus.conf' <<'END'
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
<allow send_type="method_return"/><allow send_type="error"/><allow receive_type="method_call"/><allow receive_type="signal"/>
<allow receive_type="method_return"/><allow receive_type="error"/></policy></busconfig>
END
    on "$1" sh -c "mkdir -p /run/dbus && cp -r $firewalld_dir/etc/firewalld /etc/ && dbus-daemon --config-file=/run/bus.conf --fork &&
        { setsid firewall-cmd --daemon >/var/log/firewalld.log 2>&1 & } && i=0 && until firewall-cmd -q --state; do i=\$((i + 1)); [ \$i -lt 60 ] && sleep 0.5 || exit 1; done"
}
