# SPDX-License-Identifier: GPL-3.0-or-later
# lock_place sets $locks to a directory whose files nobody else can lock: root's own, or a plain user's in his home. Not
# below /run/lock, where any user may make a directory of our name before we do. 1, with a word on stderr: there is
# none.
# shellcheck shell=sh
lock_place() {
  if [ -O / ] || [ "$(id -u)" = 0 ]; then locks=/run/migsh; else locks=${HOME:?}/.migsh-locks; fi
  [ -d "$locks" ] || mkdir -m 700 -- "$locks" 2>/dev/null || [ -d "$locks" ] ||
    { echo "cannot make the directory $locks" >&2; return 1; }
  # One that only its owner could write to holds nothing of others', and needs but to be closed.
  ok=
  [ -L "$locks" ] || ! [ -O "$locks" ] || case $(stat -c %A -- "$locks") in
    drwx------) ok=1 ;;
    d????-??-?) chmod 700 -- "$locks" && ok=1 ;;
  esac
  [ -n "$ok" ] || { echo "$locks is not a directory of its user's own, closed to others (0700): no lock in it can be trusted" >&2
    return 1; }
}
