# SPDX-License-Identifier: GPL-3.0-or-later
# Unmounts $1; may tell a fact "note TEXT". On a mount whose server is gone umount may wait for ever: it gets a limit,
# and then the mount is only taken out of sight. Not so where the server answers: what it is still being sent must be
# there when this ends. Who is stuck in the kernel stays behind, and must not hold our streams open.
# shellcheck shell=sh
PATH=$PATH:/usr/sbin:/sbin
timeout -k 1 10 stat -f -- "$1" </dev/null >/dev/null 2>&1
s=$?
if [ $s -eq 124 ] || [ $s -eq 137 ]; then
  timeout -k 1 10 umount -- "$1" </dev/null >/dev/null 2>&1 && exit 0
  timeout -k 1 10 umount -l -- "$1" </dev/null >/dev/null 2>&1 ||
    { echo "the server of $1 does not answer, and umount -l failed" >&2; exit 1; }
  printf '@note the server of %s does not answer: it was unmounted lazily (umount -l); %s\n' "$1" \
    'what still uses it, and what was not written yet, waits for the server'
  exit 0
fi
m=$(LC_ALL=C umount -- "$1" 2>&1) && exit 0
u=$(timeout -k 1 10 fuser -m "$1" 2>/dev/null | tr -s ' ' '\n' | while read -r p; do
  [ -z "$p" ] || echo "$p ($(cat "/proc/$p/comm"))"
done | paste -sd, -)
echo "$m${u:+, in use by $u}" >&2
exit 1
