# SPDX-License-Identifier: GPL-3.0-or-later
# By which of its addresses does this node come to $1 …, each a host name or address? Says "from ADDRESS".
# shellcheck shell=sh
for name; do
  getent ahosts -- "$name" | sed -n 's/[[:space:]]*STREAM.*//p'
done | sort -u | while read -r a; do
  ip -o route get "$a" 2>/dev/null | sed -n 's/.* src \([0-9a-fA-F.:]*\).*/@from \1/p'
done | sort -u
