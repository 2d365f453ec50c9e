# SPDX-License-Identifier: GPL-3.0-or-later
# ours prints what migsh has opened here, "BACKEND ID END" a line: END in seconds since 1970, or "keep". It is told by
# the comment "migsh ID END" of a rule; a rule of firewalld bears none: its priority is -ID, and a file has the end.
# shellcheck shell=sh
LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL PATH
here() { command -v "$1" >/dev/null 2>&1; }
# To read a table of the old kind that is not there would make it.
has_tables() { # iptables | ip6tables
  here "$1" || return
  case $("$1" -V 2>/dev/null) in *legacy*) grep -qx filter "/proc/net/${1%s}s_names" 2>/dev/null ;; esac
}
runs_ufw() { here ufw && case $(ufw status 2>/dev/null) in 'Status: active'*) ;; *) false ;; esac; }
find_zones() { # sets $zones, if it runs: each call of firewall-cmd takes its time
  [ -z "$zones" ] || return 0
  here firewall-cmd && zones=$(firewall-cmd --get-default-zone 2>/dev/null) || return
  zones=$({ echo "$zones"
    firewall-cmd --get-active-zones | sed -n 's/^\([^[:space:]]\{1,\}\).*/\1/p'; } | sort -u)
}
zones=''
rich_rules() { # ID ZONE [--permanent]
  firewall-cmd ${3:+"$3"} --zone="$2" --list-rich-rules 2>/dev/null | grep "^rule priority=\"-$1\" "
}
ours() {
  ! here nft || nft list ruleset 2>/dev/null |
    sed -n 's/.* saddr @migsh_[0-9]*_[46] tcp .* comment "migsh \([0-9]*\) \([0-9a-z]*\)".*/nft \1 \2/p' | sort -u
  for t in iptables ip6tables; do
    ! has_tables $t || $t -S INPUT 2>/dev/null |
      sed -n 's/^-A.* --comment "migsh \([0-9]*\) \([0-9a-z]*\)" .*/'"$t"' \1 \2/p' | sort -u
  done
  ! runs_ufw || ufw status 2>/dev/null | sed -n 's/.*# migsh \([0-9]*\) \([0-9a-z]*\) *$/ufw \1 \2/p' | sort -u
  for f in /run/migsh/firewall-* /var/lib/migsh/firewall-*; do
    if ! [ -f "$f" ] || ! find_zones; then continue; fi
    for z in $zones; do
      rules=$(rich_rules "${f##*-}" "$z" || rich_rules "${f##*-}" "$z" --permanent)
      [ -z "$rules" ] || { echo "firewalld ${f##*-} $(sed -n '1s/^# //p' "$f")"; break; }
    done
  done
}
