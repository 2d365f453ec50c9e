# SPDX-License-Identifier: GPL-3.0-or-later
# Asks the node's resolver for the names $3 … and prints each that has another address than it should have ($2: "NAME
# ADDRESS", a line each), and the machine's own name, where it leads to a loopback address; status 1 then. getent(1)
# prints a line "ADDRESS NAME ALIAS…" for each name it finds. awk judges it, unless it is to the byte $1, what glibc
# prints where all is well.
# shellcheck shell=sh
LC_ALL=C; export LC_ALL
read -r own </proc/sys/kernel/hostname || own=$(uname -n)
fine=$1 wanted=$2
shift 2
for n; do
  [ "$n" != "$own" ] || own=
done
found=$(getent hosts "$@" ${own:+"$own"}) || :
[ "$found" != "$fine" ] || exit 0
printf '%s-\n%s\n' "$wanted" "$found" | awk -v own="$own" 'BEGIN { own = tolower(own) }
  $0 == "-" { found = 1; next }
  !found { order[++n] = tolower($1); want[tolower($1)] = $2; next }
  {
    for (i = 2; i <= NF; i++) {
      k = tolower($i)
      if (index(" " has[k] " ", " " $1 " ") == 0) has[k] = has[k] (has[k] == "" ? "" : " ") $1
    }
  }
  END {
    for (i = 1; i <= n; i++) {
      k = order[i]
      if (has[k] != want[k]) {
        bad = 1
        print k " resolves to " (has[k] == "" ? "nothing" : has[k]) ", not to " want[k]
      }
    }
    if (!(own in want) && has[own] ~ /(^| )(127\.|::1( |$))/) {
      bad = 1
      print "its own name " own " resolves to " has[own]
    }
    exit bad
  }'
