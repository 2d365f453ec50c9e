# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # the caller's $here
# Daemons that would be in force on the machine after a boot if they were installed: their packages are unpacked into
# the cache, as the guests' kernel is, and from there into the host that is to run them, which may not see the cache
# (below /root it does not). And the D-Bus that they need there. Sourced after own.sh.

# Where it is on the host.
unpacked() { echo "/run/unpacked/$1"; }

# unpack NAME HOST: the packages of [download-NAME]; the status says whether the host has them. It fails loudly where
# only the way into the host does.
unpack() {
    local dir tmp deb
    dir=${XDG_CACHE_HOME:-/var/cache}/migsh-lab/$1
    if [ ! -d "$dir" ]; then
        mkdir -p "${dir%/*}"
        tmp=$(mktemp -d "${dir%/*}/tmp.XXXXXX") || return
        chmod 755 "$tmp"
        # shellcheck disable=SC2046 # a word each
        if (cd "$tmp" && apt-get -qq -o APT::Sandbox::User=root download $("$here/../../scripts/install-packages.sh" --list "download-$1")); then
            for deb in "$tmp"/*.deb; do dpkg-deb -x "$deb" "$tmp/x" || break; done
            mv -T "$tmp/x" "$dir" 2>/dev/null
        fi
        rm -rf "$tmp"
        [ -d "$dir" ] || return
    fi
    tar -C "$dir" -cf - . | lab exec "$2" -- sh -c 'mkdir -p "$1" && tar -C "$1" -xf -' sh "$(unpacked "$1")" || exit 1
}

# bus HOST: a D-Bus of the system, on which everybody may do everything.
bus() {
    lab exec "$1" -- sh -c 'cat >/run/bus.conf && mkdir -p /run/dbus && dbus-daemon --config-file=/run/bus.conf --fork' <<'END'
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
<allow send_type="method_return"/><allow send_type="error"/><allow receive_type="method_call"/><allow receive_type="signal"/>
<allow receive_type="method_return"/><allow receive_type="error"/></policy></busconfig>
END
}
