# SPDX-License-Identifier: GPL-3.0-or-later
# The change $1 stays, behind lock_place.sh. 75: to be said again over another login. The change is still being made, or
# it works: a login that was begun before the links changed may go on working although no new one would, so the first
# answer proves nothing; whoever has it logs in anew. 1, with words on stderr: it was taken back.
# shellcheck shell=sh disable=SC2154 # locks
lock_place || exit 1
t=$locks/bridge i=0 token=$1
ours() { [ "$(cat "$1/token" 2>/dev/null)" = "$token" ]; }
while ours "$t" && [ ! -s "$t/result" ] && [ $i -lt 50 ]; do
  sleep 0.1 2>/dev/null || sleep 1
  i=$((i + 1))
done
if ours "$t"; then
  [ -s "$t/result" ] || exit 75
  login=${SSH_CONNECTION:-}
  if [ ! -e "$t/seen" ] || { [ -n "$login" ] && [ "$login" = "$(cat "$t/seen")" ]; }; then
    printf '%s\n' "$login" >"$t/seen"
    exit 75
  fi
fi
# Who is taking it back at this moment has this lock until he is done.
exec 9>>"$locks/bridge.lock" && flock 9 || exit 1
! ours "$t" || mv -- "$t" "$t.kept" || exit 1
if ours "$t.kept"; then
  # Again, if it was said before: that answer may be lost, and the hook never run.
  ! read -r bridge port 2>/dev/null <"$t.kept/links" || (cd "$t.kept" && exec sh ./hook keep "$bridge" "$port" 9>&-) || :
  [ ! -d /run/systemd/system ] || systemctl stop "migsh-bridge-$1.timer" 2>/dev/null || :
  exit 0
fi
if ours "$t.undone"; then
  tail -c 600 "$t.undone/log" >&2 2>/dev/null # before what has to be read: of long words the end is shown
  echo 'the node has taken the change back by itself' >&2
else
  echo 'the change is not on trial any more, and nothing is known of its end' >&2
fi
exit 1
