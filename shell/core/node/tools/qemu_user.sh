# SPDX-License-Identifier: GPL-3.0-or-later
# $u, $g: QEMU's user as libvirt would start it, qemu.conf's (of several settings libvirt takes the first) or else the
# distribution's; $u empty: there is none.
#   as_qemu COMMAND…   runs it with his rights
#   conf NAME          prints that setting of $qemu_conf, which is libvirt's own file unless somebody says otherwise
# shellcheck shell=sh
conf() {
  sed -n '/^[ \t]*'"$1"'[ \t]*=/ { s/^[^=]*=[ \t]*"\{0,1\}+\{0,1\}\([^"# \t]*\).*/\1/p; q; }' "${qemu_conf:-/etc/libvirt/qemu.conf}" 2>/dev/null
}
u=$(conf user) g=$(conf group)
for x in libvirt-qemu qemu; do
  [ -n "$u" ] || ! id -u $x >/dev/null 2>&1 || u=$x
done
[ -z "$u" ] || [ -n "$g" ] || g=$(id -g -- "$u" 2>/dev/null)
groups=--clear-groups
case $u in *[!0-9]*) groups=--init-groups ;; esac
as_qemu() { setpriv --reuid "$u" --regid "${g:-$u}" $groups -- "$@"; }
