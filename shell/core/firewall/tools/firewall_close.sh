# SPDX-License-Identifier: GPL-3.0-or-later
# close_all ID takes away what was opened under that number, whatever holds it, and what was to close it; nothing else.
# Behind firewall_ours.sh. It is also what a node keeps to close by itself.
# shellcheck shell=sh disable=SC2154 # zones
close_nft() {
  nft -a list ruleset 2>/dev/null | ID=$1 awk '
    BEGIN { mark = " saddr @migsh_" ENVIRON["ID"] "_[46] tcp .* comment \"migsh " ENVIRON["ID"] " [0-9a-z]+\" # handle [0-9]+$" }
    $1 == "table" { t = $2 " " $3 }
    $1 == "chain" { c = $2 }
    $1 == "set" && $2 ~ "^migsh_" ENVIRON["ID"] "_[46]$" { sets = sets "delete set " t " " $2 "\n" }
    $0 ~ mark { print "delete rule " t " " c " handle " $NF }
    END { printf "%s", sets }' | nft -f -
}
close_iptables() { # ID iptables|ip6tables
  $2 -S INPUT 2>/dev/null | grep -e " --comment \"migsh $1 " | sed 's/^-A/-D/' | xargs -r -L 1 "$2" -w
}
close_ufw() {
  while n=$(ufw status numbered 2>/dev/null | sed -n "s/^\[ *\([0-9]*\)\].*# migsh $1 [0-9a-z]* *\$/\1/p" | tail -n 1) && [ -n "$n" ]; do
    ufw --force delete "$n" </dev/null >/dev/null || return
  done
}
close_firewalld() {
  find_zones
  for z in $zones; do
    for when in '' --permanent; do
      rich_rules "$1" "$z" $when | while IFS= read -r rule; do
        firewall-cmd -q $when --zone="$z" --remove-rich-rule="$rule" </dev/null
      done
    done
  done
}
# What sleeps until then; not when it is itself what closes.
end_guard() {
  guard=$(sed -n 's/^# guard //p' "/run/migsh/firewall-$1" 2>/dev/null)
  [ -n "$guard" ] && [ "$guard" != $$ ] || return
  ! tr '\0' ' ' <"/proc/$guard/cmdline" 2>/dev/null | grep "/firewall-$1 " >/dev/null || kill -- "-$guard"
}
close_all() {
  ours | while read -r by id _; do
    [ "$id" = "$1" ] || continue
    case $by in
    nft) close_nft "$1" ;;
    iptables | ip6tables) close_iptables "$1" "$by" ;;
    ufw) close_ufw "$1" ;;
    firewalld) close_firewalld "$1" ;;
    esac
  done
  if ours | grep " $1 " >/dev/null; then
    echo "what was opened as migsh $1 is not closed" >&2
    return 1
  fi
  end_guard "$1"
  rm -f "/run/migsh/firewall-$1" "/var/lib/migsh/firewall-$1"
  [ ! -d /run/systemd/system ] || systemctl stop "migsh-firewall-$1.timer" 2>/dev/null
  return 0
}
