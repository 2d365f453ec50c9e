# SPDX-License-Identifier: GPL-3.0-or-later
# opens USER: with a login of that user's own, does libvirt let it in? Needs root. It prints why not; 2: it cannot be
# tried.
# shellcheck shell=sh
opens() {
  command -v virsh >/dev/null || { echo 'virsh is not installed'; return 2; }
  command -v runuser >/dev/null || { echo 'runuser is not installed'; return 2; }
  # Groups are those that a new login gets. Nobody is asked for a password, as there is no terminal.
  s=$(cd / && HOME=$(getent passwd -- "$1" | cut -d: -f6) timeout 20 \
    runuser -u "$1" -- virsh -q -c qemu:///system uri 2>&1 >/dev/null </dev/null) && return
  case $? in
  124) echo 'no answer within 20 s' ;;
  *) printf '%s\n' "$s" | sed 's/^error: //' | tail -n 1 ;;
  esac
  return 1
}
# The same, with some patience: polkit takes a moment to see a new rule.
opens_soon() {
  n=0
  until s=$(opens "$1"); do
    n=$((n + 1))
    [ $n -lt 5 ] || { printf '%s\n' "$s"; return 1; }
    sleep 0.5
  done
}
