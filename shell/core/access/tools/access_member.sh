# SPDX-License-Identifier: GPL-3.0-or-later
# member USER GROUP: is he in it, as a new login would be? join and leave make it so.
# shellcheck shell=sh
PATH=$PATH:/usr/sbin:/sbin
member() {
  case " $(id -Gn -- "$1" 2>/dev/null) " in *" $2 "*) ;; *) return 1 ;; esac
}
join() {
  if command -v usermod >/dev/null; then usermod -aG "$2" "$1"; else gpasswd -a "$1" "$2" >/dev/null; fi
}
leave() {
  ! member "$1" "$2" || gpasswd -d "$1" "$2" >/dev/null
}
