# SPDX-License-Identifier: GPL-3.0-or-later
# close_all ID takes away what was opened under that number, whatever holds it, and what was to close it; nothing else.
# Behind firewall_ours.sh. It is also what a node keeps to close by itself. The file of an opening names what holds it:
# one that does not list its rules is not known to be closed. Of the others ours tells whether it has worked.
# shellcheck shell=sh
close_nft() {
  r=$(nft -a list ruleset) || return
  printf '%s\n' "$r" | ID=$1 awk '
    BEGIN { mark = " saddr @migsh_" ENVIRON["ID"] "_[46] tcp .* comment \"migsh " ENVIRON["ID"] " [0-9a-z]+\" # handle [0-9]+$" }
    $1 == "table" { t = $2 " " $3 }
    $1 == "chain" { c = $2 }
    $1 == "set" && $2 ~ "^migsh_" ENVIRON["ID"] "_[46]$" { sets = sets "delete set " t " " $2 "\n" }
    $0 ~ mark { print "delete rule " t " " c " handle " $NF }
    END { printf "%s", sets }' | nft -f - || :
}
close_iptables() { # ID iptables|ip6tables
  r=$("$2" -w -S INPUT) || return
  printf '%s\n' "$r" | grep -e " --comment \"migsh $1 " | sed 's/^-A/-D/' | xargs -r -L 1 "$2" -w || :
}
# Each by its own words and comment: numbers would be others', once somebody else has changed the rules.
close_ufw() {
  r=$(ufw show added </dev/null) || return
  printf '%s\n' "$r" | sed -n "s/^ufw \(allow .*\) comment 'migsh $1 keep'\$/\1/p" | while IFS= read -r rule; do
    # shellcheck disable=SC2086 # words
    ufw delete $rule comment "migsh $1 keep" </dev/null >/dev/null || :
  done
}
close_firewalld() {
  for when in '' --permanent; do
    zone_rules "$1" $when | while read -r zone rule; do
      firewall-cmd -q $when --zone="$zone" --remove-rich-rule="$rule" </dev/null
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
  left=''
  for by in $({ sed -n 's/^# by //p' "/run/migsh/firewall-$1" "/var/lib/migsh/firewall-$1" 2>/dev/null
    ours | sed -n "s/ $1 .*//p"; } | sort -u); do
    case $by in
    nft) close_nft "$1" ;;
    iptables | ip6tables) close_iptables "$1" "$by" ;;
    ufw) close_ufw "$1" ;;
    firewalld) close_firewalld "$1" ;;
    esac || left="$left $by"
  done
  left="$left $(ours | sed -n "s/ $1 .*//p")"
  case $left in *[!\ ]*)
    echo "what was opened as migsh $1 is not known to be closed in" $left >&2
    return 1
    ;;
  esac
  end_guard "$1"
  rm -f "/run/migsh/firewall-$1" "/var/lib/migsh/firewall-$1"
  [ ! -d /run/systemd/system ] || systemctl stop "migsh-firewall-$1.timer" 2>/dev/null
  return 0
}
