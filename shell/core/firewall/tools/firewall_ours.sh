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
# "ZONE RULE" a line: what firewalld has under that number, in whatever zone it is by now.
zone_rules() { # ID [--permanent]
  ! here firewall-cmd || firewall-cmd ${2:+"$2"} --list-all-zones 2>/dev/null | ID=$1 awk '
    /^[^ \t]/ { zone = $1 }
    { sub(/^[ \t]+/, "") }
    index($0, "rule priority=\"-" ENVIRON["ID"] "\" ") == 1 { print zone, $0 }'
}
# One that does not run has its permanent rules in files.
has_zone_rules() { # ID
  [ -n "$(zone_rules "$1" && zone_rules "$1" --permanent)" ] ||
    grep -qs "priority=\"-$1\"" /etc/firewalld/zones/*.xml
}
ours() {
  ! here nft || nft list ruleset 2>/dev/null |
    sed -n 's/.* saddr @migsh_[0-9]*_[46] tcp .* comment "migsh \([0-9]*\) \([0-9a-z]*\)".*/nft \1 \2/p' | sort -u
  for t in iptables ip6tables; do
    ! has_tables $t || $t -w -S INPUT 2>/dev/null |
      sed -n 's/^-A.* --comment "migsh \([0-9]*\) \([0-9a-z]*\)" .*/'"$t"' \1 \2/p' | sort -u
  done
  # It has its rules also while it is switched off.
  ! here ufw || ufw show added 2>/dev/null | sed -n "s/^ufw allow .* comment 'migsh \([0-9]*\) keep'\$/ufw \1 keep/p" | sort -u
  for f in /run/migsh/firewall-* /var/lib/migsh/firewall-*; do
    ! grep -qsx '# by firewalld' "$f" || ! has_zone_rules "${f##*-}" || echo "firewalld ${f##*-} $(sed -n '1s/^# //p' "$f")"
  done
}
