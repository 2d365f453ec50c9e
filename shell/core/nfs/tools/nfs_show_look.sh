# SPDX-License-Identifier: GPL-3.0-or-later
# What the servers $@ (addresses) export to this node. Behind a fact "server ADDRESS" comes what is told of it. A server
# for NFSv4 alone has no mountd to be asked: its pseudo root, mounted for a moment, shows the names at the top, and the
# mount table what is in use.
# shellcheck shell=sh
for s in "$@"; do
  say server "$s"
  if command -v showmount >/dev/null; then
    if out=$(timeout 10 showmount --no-headers -e -- "$s" 2>&1); then
      printf '%s\n' "$out" | sed -n 's/^\//@export \//p'
      say end mountd
      continue
    fi
    [ -n "$out" ] || out='showmount: no answer within 10 s'
  else out='showmount is not installed'; fi
  say problem "$out"
  case $s in *:*) m="[$s]" ;; *) m=$s ;; esac
  t=$(mktemp -d) || continue
  if timeout 20 mount -t nfs -o vers=4,ro,soft,timeo=30,retrans=1 -- "$m:/" "$t" 2>/dev/null; then
    timeout 10 ls -A -- "$t" | sed 's/^/@v4 \//'
    umount -- "$t" || umount -l -- "$t"
    say end nfs4
  fi
  rmdir -- "$t"
  S="$m:" awk '{ for (i = 7; $i != "-" && i < NF; i++); if (index($(i + 2), ENVIRON["S"]) == 1)
      print "@mounted " substr($(i + 2), length(ENVIRON["S"]) + 1) }' /proc/self/mountinfo
done
