# SPDX-License-Identifier: GPL-3.0-or-later
# Everything that decides whether a user may use libvirt on a node. $1: the user, or "" for the one who logs in. Nothing
# is changed. Behind qemu_user.sh, access_daemon.sh and access_opens.sh.
#   user NAME, uid N, groups NAMES       no uid: there is no such user
#   (what access_daemon.sh says)
#   setting FILE LINE                    of libvirtd.conf and virtqemud.conf, what they set
#   polkit VERSION, rule NUMBER PATH, rule_text NUMBER TEXT, pkla_reader yes, pkla NUMBER PATH, pkla_text NUMBER TEXT
#   selinux MODE, virt_use_nfs on|off
#   kvm MODE OWNER GROUP, or none; qemu_user NAME; kvm_opens yes|no, by QEMU's user
#   opened yes, or refused WHY, or untried WHY       what came of trying
# shellcheck shell=sh disable=SC2154 # u
user=${1:-${SUDO_USER:-$(id -un)}}
say user "$user"
entry=$(getent passwd -- "$user")
[ "${entry%%:*}" = "$user" ] || entry='' # a number is no name
if [ -n "$entry" ]; then
  say uid "$(id -u -- "$user")"
  say groups "$(id -Gn -- "$user")"
fi
daemon
for f in libvirtd virtqemud; do
  [ ! -r /etc/libvirt/$f.conf ] || sed -n "s/^[[:space:]]*\([a-z].*\)/@setting $f.conf \1/p" /etc/libvirt/$f.conf
done
texts() { # KEY FILE…: those that name libvirt's actions
  key=$1 i=0
  shift
  for r; do
    grep -q 'org\.libvirt' "$r" 2>/dev/null || continue
    say "$key" "$i $r"
    say "${key}_text" "$i $(sed 's,^[[:space:]]*//.*,,; s,^[[:space:]]*#.*,,' "$r" | head -c 4096 | tr '\r\n\t' '   ')"
    i=$((i + 1))
  done
}
v=$(pkaction --version 2>/dev/null) && say polkit "${v##* }"
texts rule /etc/polkit-1/rules.d/*.rules /run/polkit-1/rules.d/*.rules /usr/local/share/polkit-1/rules.d/*.rules \
  /usr/share/polkit-1/rules.d/*.rules
! command -v pkla-check-authorization >/dev/null || say pkla_reader yes
texts pkla /etc/polkit-1/localauthority/*/*.pkla /var/lib/polkit-1/localauthority/*/*.pkla
m=disabled
if read -r e </sys/fs/selinux/enforce; then
  m=permissive
  [ "$e" = 0 ] || m=enforcing
  read -r b _ </sys/fs/selinux/booleans/virt_use_nfs && case $b in 0) say virt_use_nfs off ;; 1) say virt_use_nfs on ;; esac
fi 2>/dev/null
say selinux $m
if [ -c /dev/kvm ]; then
  say kvm "$(stat -c '%a %U %G' /dev/kvm)"
  if [ -n "$u" ] && command -v setpriv >/dev/null; then
    say qemu_user "$u"
    if as_qemu sh -c '[ -r /dev/kvm ] && [ -w /dev/kvm ]'; then say kvm_opens yes; else say kvm_opens no; fi
  fi
else
  say kvm none
fi
if [ -n "$entry" ]; then
  why=$(opens "$user")
  case $? in 0) say opened yes ;; 1) say refused "$why" ;; *) say untried "$why" ;; esac
fi
