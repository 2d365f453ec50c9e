# SPDX-License-Identifier: GPL-3.0-or-later
# Has anybody the address $1 on a segment of this node? $2: over this link; empty: the one that the route says, where
# the address is reached without a gateway. Behind node_links.sh.
#   interface NAME, verdict free|taken|own|unknown, mac ADDRESS of whoever has it, why TEXT of unknown
# shellcheck shell=sh disable=SC2154 # v
address=$1 link=$2 f=4
case $1 in *:*) f=6 ;; esac
unknown() { say verdict unknown; say why "$1"; exit 0; }
own=$(ip -o -$f addr show to "$address" 2>/dev/null) && [ -n "$own" ] && {
  read -r _ name _ <<END
$own
END
  say interface "${name%%@*}"
  ! get "/sys/class/net/${name%%@*}/address" || say mac "$v"
  say verdict own
  exit 0
}
if [ -z "$link" ]; then
  route=$(ip -o -$f route get "$address" 2>&1) || unknown "no route there: ${route##*: }"
  link=${route#* dev } link=${link%% *}
  case $route in *' via '*) unknown "it is not on a segment of this node, but behind $link: --interface says where" ;; esac
fi
[ -d "/sys/class/net/$link" ] || unknown "there is no network interface $link"
say interface "$link"
! get "/sys/class/net/$link/operstate" || case $v in down | lowerlayerdown | notpresent) unknown "$link is $v" ;; esac
get "/sys/class/net/$link/type" && [ "$v" = 1 ] || unknown "$link is no ethernet"
if command -v perl >/dev/null; then
  answer=$(perl -e '
@address_probe.pl@
' -- "$link" "$address" 2>&1) || unknown "${answer:-perl failed}"
elif [ $f = 4 ] && case $(arping -V 2>&1) in *iputils*) ;; *) false ;; esac; then
  answer=$(arping -D -c 3 -w 2 -I "$link" "$address" 2>&1)
  case $? in
  0) answer=free ;;
  1) answer="taken $(printf '%s\n' "$answer" | sed -n 's/.*\[\([0-9A-Fa-f:]*\)].*/\1/p' | head -n 1)" ;;
  *) unknown "$answer" ;;
  esac
else
  unknown 'there is neither perl nor, for IPv4, arping of iputils to ask with'
fi
case $answer in
free) say verdict free ;;
'taken '*) say mac "${answer#taken }"; say verdict taken ;;
*) unknown "$answer" ;;
esac
