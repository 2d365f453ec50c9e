# SPDX-License-Identifier: GPL-3.0-or-later
# Defines users, which tells by what names and numbers QEMU runs, and those of the groups that libvirt knows. Behind
# qemu_user.sh.
#   qemu_user NAME UID, qemu_group NAME GID, group NAME GID
# shellcheck shell=sh disable=SC2154 # u, g
users() {
  if [ -n "$u" ]; then
    IFS=: read -r n _ id _ <<END
$(getent passwd -- "$u" || echo "$u::$u")
END
    say qemu_user "$n $id"
    IFS=: read -r n _ id _ <<END
$(getent group -- "${g:-$u}" || echo "${g:-$u}::${g:-$u}")
END
    say qemu_group "$n $id"
  fi
  while IFS=: read -r n _ id _; do
    [ -z "$n" ] || say group "$n $id"
  done <<END
$(getent group -- libvirt kvm qemu)
END
}
