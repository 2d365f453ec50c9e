# SPDX-License-Identifier: GPL-3.0-or-later
# How many connections this host tracks that have one of the addresses that are its arguments: a number; "off": it
# tracks none at all; "unknown": it does, and cannot be asked. IPv6 addresses as both /proc and conntrack(8) write them.
# shellcheck shell=sh
[ -e /proc/sys/net/netfilter/nf_conntrack_count ] || { echo off; exit 0; }
list() {
  if [ -r /proc/net/nf_conntrack ]; then cat /proc/net/nf_conntrack
  else
    conntrack -L -f ipv4 2>/dev/null && conntrack -L -f ipv6 2>/dev/null
  fi
}
[ -r /proc/net/nf_conntrack ] || command -v conntrack >/dev/null || { echo unknown; exit 0; }
list | awk -v wanted="$*" '
  BEGIN { n = split(wanted, w, " "); for (i = 1; i <= n; i++) is["src=" w[i]] = is["dst=" w[i]] = 1 }
  { for (i = 1; i <= NF; i++) if (is[$i]) { found++; break } }
  END { print found + 0 }'
