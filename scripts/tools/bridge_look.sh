# SPDX-License-Identifier: GPL-3.0-or-later
# What this host's bridges know of the addresses that are its arguments: "tap NAME ADDRESS MASTER|- bridge|other" for
# each tap device there is, "fdb MAC PORT MASTER" for each entry of theirs that was learnt. "bridge" alone where there
# is no bridge(8).
# shellcheck shell=sh
command -v bridge >/dev/null || { echo bridge; exit 0; }
for d in /sys/class/net/*; do
  [ -e "$d/tun_flags" ] || continue
  m='-' kind=other
  read -r a <"$d/address" || continue
  if [ -e "$d/master" ]; then
    m=$(readlink "$d/master") m=${m##*/}
    [ ! -d "/sys/class/net/$m/bridge" ] || kind=bridge
  fi
  echo "tap ${d##*/} $a $m $kind"
done
bridge fdb show | awk -v wanted="$*" '
  BEGIN { n = split(wanted, w, " "); for (i = 1; i <= n; i++) is[w[i]] = 1 }
  is[$1] && !/ (permanent|self)( |$)/ {
    port = master = ""
    for (i = 2; i < NF; i++) { if ($i == "dev") port = $(i + 1); if ($i == "master") master = $(i + 1) }
    if (master != "" && !told[$1, port]++) print "fdb", $1, port, master
  }'
