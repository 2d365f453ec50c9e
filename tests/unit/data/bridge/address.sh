# SPDX-License-Identifier: GPL-3.0-or-later
# Who has an address, asked of a real segment in namespaces of its own: TOOL=… unshare -nm sh address.sh, where TOOL is
# the text of node_links.sh and address_look.sh. By perl, and by arping where there is no perl. Says "not ok - …".
# shellcheck shell=sh disable=SC2317 # called by soon
bad=0
mount -t sysfs sysfs /sys && mount -t tmpfs -o size=16m,mode=755 tmpfs /run || exit 2
say="say() { echo \"\$1 \$2\"; }
"
nobody='why there is neither perl nor, for IPv4, arping of iputils to ask with'
there=02:00:00:00:00:02
ip link add eth0 address 02:00:00:00:00:01 type veth peer name far0 address $there || exit 2
unshare -n sleep 600 &
far=$!
trap 'kill $far' EXIT
soon() { # COMMAND…: it succeeds before ten seconds are over
  left=100
  until "$@"; do
    [ $left -gt 0 ] || exit 2
    left=$((left - 1))
    sleep 0.1
  done
}
apart() { [ "$(readlink /proc/"$far"/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; }
carrier() { [ "$(cat /sys/class/net/eth0/operstate)" = up ]; }
soon apart
ip link set far0 netns $far && ip link set eth0 up && ip addr add 192.0.2.1/24 dev eth0 &&
  nsenter -n -t $far sh -c 'ip addr add 192.0.2.2/24 dev far0 && ip link set far0 up' || exit 2
soon carrier # the kernel tells of it later
asks() { # WHAT ADDRESS LINK LINE…
  what=$1 address=$2 link=$3
  shift 3
  said=$(sh -c "$say$TOOL" sh "$address" "$link" 2>&1)
  [ "$said" = "$(printf '%s\n' "$@")" ] || { bad=1; echo "not ok - $what: $said"; }
}
same() { # BY
  asks "$1: taken" 192.0.2.2 eth0 'interface eth0' "mac $there" 'verdict taken'
  asks "$1: where the route goes" 192.0.2.2 '' 'interface eth0' "mac $there" 'verdict taken'
  asks "$1: free" 192.0.2.3 eth0 'interface eth0' 'verdict free'
  asks "$1: its own" 192.0.2.1 '' 'interface eth0' 'mac 02:00:00:00:00:01' 'verdict own'
}
# Its directories without one of its programs: where that is not installed.
without() {
  rm -rf /run/bin
  mkdir /run/bin
  ln -s /usr/bin/* /usr/sbin/* /bin/* /sbin/* /run/bin 2>/dev/null
  for f; do rm -f "/run/bin/$f"; done
  PATH=/run/bin
}
all=$PATH
same perl
without perl
if command -v arping >/dev/null; then
  same arping
  asks 'arping: not of IPv6' 2001:db8::1 eth0 'interface eth0' 'verdict unknown' "$nobody"
fi
PATH=$all
without perl arping
asks 'nobody to ask with' 192.0.2.2 eth0 'interface eth0' 'verdict unknown' "$nobody"
PATH=$all
exit $bad
