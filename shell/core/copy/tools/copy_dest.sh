# SPDX-License-Identifier: GPL-3.0-or-later
# What the destination $1 is. $3: "update" or "". Behind copy_path.sh with "look", copy_facts.sh, copy_means.sh and
# copy_ours.sh.
# shellcheck shell=sh disable=SC2154 # why, part, k, r and what facts() sets

# What is on a device $1 of $2 bytes: what blkid knows, an image, or anything at its begin and its end.
holds() {
  h=$(blkid -p -o export -- "$1" 2>/dev/null | sed -n 's/^\(PTTYPE\|TYPE\|LABEL\)=//p' | tr '\n' ' ')
  [ -n "$h" ] || [ "$(head -c 4 -- "$1" | od -An -tx1)" != ' 51 46 49 fb' ] || h='qcow2 '
  [ -n "$h" ] || [ "$({
    head -c 1048576 -- "$1"
    dd if="$1" bs=64K iflag=skip_bytes skip="$(($2 > 1048576 ? $2 - 1048576 : 0))" status=none
  } | tr -d '\0' | head -c 1 | wc -c)" = 0 ] || h='data '
  [ -z "$h" ] || say holds "${h% }"
}
reach "$1" || { if [ -n "$why" ]; then say unsafe "$why"; else say nodir yes; fi; exit 0; }
ls -f >/dev/null 2>&1
kind "$r"
say kind "$k"
tools
say room "$(stat -f -c '%a %S' .)"
if [ -n "$k" ]; then
  facts "$r"
  say inode "$inode"
  case $k in file | block) [ "$3" = update ] || exit 0 ;; *) exit 0 ;; esac
  t=$r
else
  t=$part
  if [ -L "$t" ]; then k='link'; else kind "$t"; fi
  say part "$k"
fi
case $k in file | block) ;; *) exit 0 ;; esac
i=$(identity "$t")
pin "$t" "$i"
say identity "$i"
[ "$t" != "$part" ] || ours || exit 0
facts "$r"
say size "$length"
u=$(exec 9<&-; used "$t")
[ -z "$u" ] || printf '%s\n' "$u"
[ "$k" != block ] || holds "$r" "$length"
show_map "$r"
:
