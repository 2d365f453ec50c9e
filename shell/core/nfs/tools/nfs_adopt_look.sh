# SPDX-License-Identifier: GPL-3.0-or-later
# Who has a file of the directory $1 open, in a fact "user WHO" each: by device and inode, so that mount namespaces and
# other names do not hide it (a lock, OFD ones too, is held by an open file). $2: the copy aside; "aside yes": it is
# there.
# shellcheck shell=sh
[ ! -e "$2" ] || say aside yes
t=$(mktemp -d) || exit 1
trap 'rm -rf -- "$t"' EXIT
find "$1" -xdev -type f -printf '%D:%i\n' >"$t/files" 2>/dev/null
find -L /proc/[0-9]*/fd -maxdepth 1 -type f -printf '%D:%i %p\n' >"$t/open" 2>/dev/null
awk 'NR == FNR { file[$1]; next } $1 in file { split($2, part, "/"); pid[part[3]] }
    END { for (p in pid) print p }' "$t/files" "$t/open" | while read -r p; do
  name=$(tr '\0' '\n' <"/proc/$p/cmdline" | sed -n 's/^guest=\([^,]*\).*/\1/p' | head -n 1)
  say user "$(cat "/proc/$p/comm") (process $p${name:+, guest $name})"
done
