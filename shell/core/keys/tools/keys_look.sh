# SPDX-License-Identifier: GPL-3.0-or-later
# What an account and its machine have of keys. $1: the account, or "" for one's own; $2: "admin" or "node", or "made"
# when all is known but the key that the account has been given since (and that was tried then). ssh-keygen -y shows
# whether the key works without a passphrase. The account's name was checked by keys_new(), so it is nothing else to
# eval. The bare echos end a last line that has no end. The host keys and rules are those of sshd's configuration. What
# `sshd -T` says is exact, but it takes as long as half a login: root asks it only where reading the file is not enough
# (Match, Include, drop-in files that set any of it). Where it would have to be asked and cannot be, the rules are not
# known: one that stands there may be for another user only. Few processes: forking is what takes the time.
# shellcheck shell=sh
u=$1 h=$HOME
if [ -O / ]; then me=root; else me=$(id -un); fi
[ "$u" ] || u=$me
if [ "$u" != "$me" ]; then id "$u" >/dev/null || exit 1; eval "h=~$u"; fi
exec 2>/dev/null
s=$h/.ssh n='' b=''
if [ "$2" = made ]; then
  [ ! -d "$s" ] || say dir yes
  if [ -f "$s/id_ed25519" ] && read -r k <"$s/id_ed25519.pub"; then
    case $k in *' migsh-key-'*) say key "$k" ;; esac
  fi
  exit 0
fi
read -r n </proc/sys/kernel/hostname || n=$(uname -n)
read -r b </proc/sys/kernel/random/boot_id
m=$(stat -Lc '@mode %a %d:%i %n' "$h" "$s" "$s/authorized_keys")
i=${m#@mode * }
say user "$u"
say name "$n"
say identity "$b $n ${i%% *}"
printf '%s\n' "$m"
if a=$(hostname -I); then for a in $a; do say name "$a"; done
else ip -o addr show scope global | while read -r _ _ _ a _; do say name "${a%%/*}"; done; fi
pub() { if read -r k <"$2.pub"; then say "$1" "$k"; fi; }
host() {
  if [ -r "$1.pub" ]; then pub hostkey "$1"
  elif [ -r "$1" ] && k=$(ssh-keygen -y -P '' -f "$1" </dev/null); then say hostkey "$k"; fi
}
rules() { sed -n "$e" "$@"; }
if [ "$2" = node ]; then
  e='' c=/etc/ssh/sshd_config t='' ask=''
  for w in hostkey authorizedkeysfile permitrootlogin match include; do
    e="$e;s/^[[:space:]]*${w}[[:space:]=]\{1,\}/$w /Ip"
  done
  for f in "$c.d"/*.conf; do
    [ ! -f "$f" ] || t=$(rules "$c.d"/*.conf)
    break
  done
  [ -z "$t" ] || ask=1
  t="$t
$(rules $c)" || ask=1
  case $t in *match\ * | *[\"\#]*) ask=1 ;; esac
  case ${t#*include "$c.d/*.conf"} in *include\ *) ask=1 ;; esac
  if [ "$ask" ] && [ "$me" = root ] && e=$(sshd -T); then t=$e ask=''; fi
  case $t in
  *hostkey\ /*) ;;
  *) for k in rsa ecdsa ed25519; do host "/etc/ssh/ssh_host_${k}_key"; done ;;
  esac
  while read -r w v; do
    case $w in
    hostkey) host "$v" ;;
    authorizedkeysfile) [ "$ask" ] || say keyfile "$v" ;;
    permitrootlogin) [ "$ask" ] || say rootlogin "$v" ;;
    esac
  done <<.
$t
.
fi
[ ! -d "$s" ] || say dir yes
ok=
for k in id_ed25519 id_ecdsa id_rsa; do
  f=$s/$k
  [ -f "$f" ] || continue
  if [ "$ok" ]; then pub otherkey "$f"
  elif p=$(ssh-keygen -y -P '' -f "$f" </dev/null); then say key "$p"; ok=yes
  else say locked "$k"; pub otherkey "$f"; fi
done
[ "$2" = node ] || ssh-add -L | sed -n 's/^\(ssh\|ecdsa\|sk\)-/@otherkey &/p'
lines() { [ ! -f "$2" ] || { sed -n "$1" "$2"; echo; }; }
lines '/[[:space:]]migsh:/s/^/@auth /p' "$s/authorized_keys"
lines 's/^/@known /p' "$s/known_hosts"
lines 's/^/@global /p' /etc/ssh/ssh_known_hosts
:
