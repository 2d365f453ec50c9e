# SPDX-License-Identifier: GPL-3.0-or-later
# Gives the target of $1 its owner, $3 by name or $4 by number, its mode $5, and its name. Behind copy_path.sh and
# copy_facts.sh. Owner and mode are given to the opened file; if that file cannot have the name, it gets back what it
# had. "made" is said of the name: who reads it there sees the same.
# shellcheck shell=sh disable=SC2154 # d, part, name, r and what facts() sets
made() {
  case $2 in *:b*) ;; *) say made "$(stat -c '%i %.9Z %.9W' -- "$name")" ;; esac
}
sync -- "$r" || exit 1
case $2 in place*) made "$@"; exit ;; esac
facts "$r"
u=$(exec 9<&-; used "$part")
[ -z "$u" ] || { printf '%s\n' "$u"; exit 0; }
back=$ids m=$mode
chown -- "$3" "$r" 2>/dev/null || chown -- "$4" "$r" || exit 1
chmod -- "$5" "$r" && mv -nT -- "$part" "$name"
s=$?
if [ -e "$part" ] || [ -L "$part" ]; then
  chown -- "$back" "$r" && chmod -- "$m" "$r"
  [ ! -e "$name" ] || say there yes
  [ -e "$name" ]
  exit
fi
[ $s = 0 ] && [ ! -L "$name" ] && [ "$(identity "$name")" = "${2#*:}" ] || replaced
if selinuxenabled 2>/dev/null; then restorecon -F -- "$d/${name#./}" 2>/dev/null; fi
sync -- .
made "$@"
