# SPDX-License-Identifier: GPL-3.0-or-later
# Is there a key that needs no passphrase? One of ours was made without; of others ssh-keygen tells.
# shellcheck shell=sh
for k in id_ed25519 id_ecdsa id_rsa; do
  f=$HOME/.ssh/$k
  [ -f "$f" ] || continue
  if [ -r "$f.pub" ] && read -r w <"$f.pub"; then
    case $w in *' migsh-key-'*) exit 0 ;; esac
  fi
  ssh-keygen -y -P '' -f "$f" >/dev/null 2>&1 </dev/null && exit 0
done
exit 1
