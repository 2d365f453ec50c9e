# SPDX-License-Identifier: GPL-3.0-or-later
# Whether there is something at each path, and what: rows "KEY N VALUE". That there is nothing has to be said by the
# kernel: who may not look sees nothing, too. Behind copy_facts.sh.
# shellcheck shell=sh disable=SC2154 # r, k, inode, length, nl
# One stat for all, where all are there: over a network each look at a path may be a question.
rows=$(stat -c '%i %s %F' -- "$@" 2>/dev/null) || rows=''
i=0
for p; do
  row=${rows%%"$nl"*} rows=${rows#*"$nl"}
  case $row$p in
  *' regular file'/*[!/.] | *' regular empty file'/*[!/.]) # no link
    r=$p k='file' inode=${row%% *} row=${row#* } length=${row%% *}
    ;;
  *)
    followed "$p"
    kind "$r"
    [ -z "$k" ] || facts "$r"
    ;;
  esac
  if [ -n "$k" ]; then
    say kind "$i $k"
    say inode "$i $inode"
    say size "$i $length"
    say dir "$i ${r%/*}/"
    say name "$i ${r##*/}"
  else
    m=$(stat -- "$r" 2>&1)
    case $m in *'No such file or directory') say absent "$i yes" ;; esac
    say problem "$i ${m##*: }"
  fi
  i=$((i + 1))
done
