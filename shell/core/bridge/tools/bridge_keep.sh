# SPDX-License-Identifier: GPL-3.0-or-later
# The change $1 stays, behind lock_place.sh. 75: it works, and is to be said again over another login: one that was
# begun before the links changed may go on working although no new one would, so the first answer proves nothing;
# whoever has it logs in anew. 1, with words on stderr: it was taken back.
# shellcheck shell=sh disable=SC2154 # locks
lock_place || exit 1
t=$locks/bridge i=0
ours() { [ "$(cat "$1/token" 2>/dev/null)" = "$token" ]; }
token=$1
while ours "$t" && [ ! -s "$t/result" ] && [ $i -lt 200 ]; do
  sleep 0.1 2>/dev/null || sleep 1
  i=$((i + 1))
done
if ours "$t" && [ -s "$t/result" ]; then
  login=${SSH_CONNECTION:-}
  if [ ! -e "$t/seen" ] || { [ -n "$login" ] && [ "$login" = "$(cat "$t/seen")" ]; }; then
    printf '%s\n' "$login" >"$t/seen"
    exit 75
  fi
fi
if ours "$t" && [ -s "$t/result" ] && mv -- "$t" "$t.kept" 2>/dev/null; then
  read -r bridge port <"$t.kept/links"
  (cd "$t.kept" && exec sh ./hook keep "$bridge" "$port") || :
  [ ! -d /run/systemd/system ] || systemctl stop "migsh-bridge-$1.timer" 2>/dev/null || :
fi
! ours "$t.kept" || exit 0
if ours "$t.undone"; then
  i=0
  while [ ! -e "$t.undone/ended" ] && [ $i -lt 100 ]; do
    sleep 0.1 2>/dev/null || sleep 1
    i=$((i + 1))
  done
  why=$(head -c 600 "$t.undone/log" 2>/dev/null)
  echo "the node has taken the change back by itself${why:+: $why}" >&2
else
  echo 'the change is not on trial any more, and nothing is known of its end' >&2
fi
exit 1
