# SPDX-License-Identifier: GPL-3.0-or-later
# Would the daemon $1 read the file of settings that is the input? It is started for that as a user without rights, and
# ends behind its reading, as it has no place for its sockets. Says "fault TEXT" where it would not.
# shellcheck shell=sh
b=$(command -v "$1") && command -v setpriv >/dev/null || exit 0 # nobody to ask
d=$(mktemp -d) && trap 'rm -rf -- "$d"' EXIT && chmod 755 "$d" || exit
input >"$d/conf" && chmod 644 "$d/conf" || exit
m=$(cd / && env -i LC_ALL=C PATH="$PATH" HOME=/nonexistent XDG_RUNTIME_DIR=/nonexistent/run XDG_CONFIG_HOME=/nonexistent \
  XDG_CACHE_HOME=/nonexistent timeout 10 setpriv --reuid 65534 --regid 65534 --clear-groups \
  "$b" -f "$d/conf" -p /nonexistent/pid 2>&1 </dev/null)
case $m in *"Can't load config file: "*)
  m=${m##*"Can't load config file: "}
  # Its own name for the file tells nobody anything.
  say fault "$(printf '%s\n' "$m" | sed "s,: $d/conf\$,,; s,$d/conf:\([0-9]*\),line \1,g; s,$d/conf: ,,g" | head -n 1)"
  ;;
esac
