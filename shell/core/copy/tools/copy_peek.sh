# SPDX-License-Identifier: GPL-3.0-or-later
# Whether there is something at $1, and what. That there is nothing has to be said by the kernel: who may not look sees
# nothing, too. Behind copy_facts.sh.
# shellcheck shell=sh disable=SC2154 # r, inode, length
real "$1"
kind "$r"
if [ -z "$k" ]; then
  m=$(stat -- "$r" 2>&1)
  case $m in *'No such file or directory') say absent yes ;; esac
  say problem "${m##*: }"
  exit 0
fi
facts "$r"
say kind "$k"
say inode "$inode"
say size "$length"
say name "${r##*/}"
