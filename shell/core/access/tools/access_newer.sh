# SPDX-License-Identifier: GPL-3.0-or-later
# newer FILE DAEMON: has the file been changed since the daemon was started? 1: no; 2: it does not run. What counts is
# hundredths of a second, as a restart may follow a change at once.
# shellcheck shell=sh
newer() {
  p=$(pidof -s "$2") && [ -n "$p" ] || return 2
  [ -e "$1" ] || return 1
  read -r up _ </proc/uptime
  awk -v now="$(date +%s.%N)" -v up="$up" -v hz="$(getconf CLK_TCK 2>/dev/null || echo 100)" -v file="$(stat -L -c %.9Y -- "$1")" '
    { sub(/.*\) /, ""); exit !(file > now - up + $20 / hz + 0.05) }' "/proc/$p/stat"
}
