# SPDX-License-Identifier: GPL-3.0-or-later
# The change itself, detached, behind lock_place.sh and bridge_live.sh: bridge_switch.sh starts it. $1: token. What does
# not come about is taken back at once.
# shellcheck shell=sh disable=SC2154 # locks
LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL PATH
lock_place || exit 1
# In this order: bridge_undo.sh takes the directory away first, and then ends whoever has left a number in it.
cd "$locks/bridge" && echo $$ >pid && [ "$(cat "$locks/bridge/token")" = "$1" ] || exit 1
sleep 0.3 2>/dev/null || sleep 1 # the answer that it has begun goes the old way
read -r bridge port <links
read -r way <way
change() {
  if [ "$way" = back ]; then
    timeout 60 sh ./hook restore "$bridge" "$port"
    live_apply want
  elif sh ./hook native "$bridge" "$port"; then
    timeout 60 sh ./hook make "$bridge" "$port"
  else
    live_apply want && timeout 60 sh ./hook activate "$bridge" "$port"
  fi
}
change
rc=$? i=0
while ! live_is want && [ $i -lt 10 ]; do
  [ $rc = 0 ] || break
  sleep 1
  i=$((i + 1))
done
if live_is want; then
  echo good >result
else
  live_save "$bridge" "$port"
  echo 'so the links are, which is not as wanted'
  exec sh ./undo "$1"
fi
