# SPDX-License-Identifier: GPL-3.0-or-later
# Opens ports for some addresses. $1 ID, $2 seconds (0: until it is closed), $3 ports "N" or "N-M", $4 addresses, with
# blanks between them; $5 where, a line each: "firewalld", "ufw", "iptables", "ip6tables", "nft FAMILY TABLE CHAIN"; $6
# what closes it, firewall_ours.sh and firewall_close.sh. Behind those two. What will close it is armed before anything
# is open, so that nobody has to come back. If that comes before all is open, the rest is closed here.
# shellcheck shell=sh
id=$1 seconds=$2 ports=$3 addresses=$4 doors=$5
end=keep dir=/var/lib/migsh
[ "$seconds" = 0 ] || { end=$(($(date +%s) + seconds)) dir=/run/migsh; }
arm() {
  [ -d $dir ] || mkdir -m 700 $dir || return
  { printf '# %s\n' "$end"
    printf '%s\n' "$doors" | sed 's/ .*//; s/^/# by /' | sort -u
    printf '%s\nn=0\nuntil close_all %s || [ $n -ge 60 ]; do n=$((n + 1)); sleep 5; done\n' "$1" "$id"
  } >"$dir/firewall-$id" || return
  if [ "$seconds" = 0 ]; then
    return
  elif [ -d /run/systemd/system ] && here systemd-run; then
    systemd-run -q --unit="migsh-firewall-$id" --on-active="$seconds" --timer-property=AccuracySec=1s \
      /bin/sh "$dir/firewall-$id"
  else
    # shellcheck disable=SC2016 # the inner one expands
    setsid sh -c 'sleep "$1"; [ ! -e "$2" ] || exec sh "$2"' sh "$seconds" "$dir/firewall-$id" </dev/null >/dev/null 2>&1 &
    echo "# guard $!" >>"$dir/firewall-$id"
  fi
}
family() { case $1 in *:*) echo 6 ;; *) echo 4 ;; esac; }
each() { # COMMAND…: runs it with the family, address and port of each
  for a in $addresses; do
    for p in $ports; do "$@" "$(family "$a")" "$a" "$p" || return; done
  done
}

nft_set() { # FAMILY TABLE 4|6
  echo "add set $1 $2 migsh_${id}_$3 { type ipv$3_addr; flags timeout; }"
  for a in $addresses; do
    [ "$(family "$a")" != "$3" ] || printf 'add element %s %s migsh_%s_%s { %s%s }\n' "$1" "$2" "$id" "$3" "$a" \
      "$([ "$seconds" = 0 ] || echo " timeout ${seconds}s")"
  done
}
open_nft() { # all its chains or none
  all=$(printf '%s\n' "$ports" | sed 's/ /, /g')
  sets=' '
  printf '%s\n' "$doors" | while read -r by f t c; do
    [ "$by" = nft ] || continue
    for v in 4 6; do
      case $f$v in ip6 | ip64) continue ;; esac
      case $v$addresses in 4*.* | 6*:*) ;; *) continue ;; esac
      case $sets in *" $f/$t/$v "*) ;; *) nft_set "$f" "$t" $v; sets="$sets$f/$t/$v " ;; esac
      [ $v = 4 ] && ip=ip || ip=ip6
      echo "insert rule $f $t $c $ip saddr @migsh_${id}_$v tcp dport { $all } accept comment \"migsh $id $end\""
    done
  done | nft -f -
}
rule() { # iptables|ip6tables FAMILY ADDRESS PORT
  case $1$2 in iptables6 | ip6tables4) return ;; esac
  "$1" -w -I INPUT 1 -s "$3" -p tcp --dport "$(echo "$4" | tr - :)" -m comment --comment "migsh $id $end" -j ACCEPT
}
open_ufw() { # FAMILY ADDRESS PORT
  ufw prepend allow proto tcp from "$2" to any port "$(echo "$3" | tr - :)" comment "migsh $id $end" >/dev/null
}
find_zones() { # sets $zones
  zones=$(firewall-cmd --get-default-zone) || return
  zones=$({ echo "$zones"
    firewall-cmd --get-active-zones | sed -n 's/^\([^[:space:]]\{1,\}\).*/\1/p'; } | sort -u)
}
rich() { # FAMILY ADDRESS PORT
  r="rule priority=\"-$id\" family=\"ipv$1\" source address=\"$2\" port port=\"$3\" protocol=\"tcp\" accept"
  for z in $zones; do
    if [ "$seconds" != 0 ]; then
      firewall-cmd -q --zone="$z" --add-rich-rule="$r" --timeout="$seconds"
    else
      firewall-cmd -q --zone="$z" --add-rich-rule="$r" && firewall-cmd -q --permanent --zone="$z" --add-rich-rule="$r"
    fi || return
  done
}
open_all() {
  for by in $(printf '%s\n' "$doors" | sed 's/ .*//' | sort -u); do
    case $by in
    nft) open_nft ;;
    iptables | ip6tables) each rule "$by" ;;
    ufw) each open_ufw ;;
    firewalld) find_zones && each rich ;;
    esac || return
  done
}
# A rule of firewalld is told by its number alone.
if [ ! -e "$dir/firewall-$id" ] && printf '%s\n' "$doors" | grep -x firewalld >/dev/null && has_zone_rules "$id"; then
  echo "firewalld has a rule of priority -$id already, which is not migsh's: try again" >&2
  exit 1
fi
if ! { arm "$6" && open_all; }; then
  close_all "$id"
  exit 1
fi
# What closes begins at that time, or was somebody who has removed the file.
if ! [ -e "$dir/firewall-$id" ] || ! { [ "$seconds" = 0 ] || [ "$(date +%s)" -lt "$end" ]; }; then
  close_all "$id" && echo 'opening took longer than it was to be open, so it is closed again' >&2
  exit 1
fi
