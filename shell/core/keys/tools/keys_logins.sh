# SPDX-License-Identifier: GPL-3.0-or-later
# Logs in somewhere and leaves, four words each time: number, host, port, user. One login after another: sshd turns some
# away when more than ten are on their way in. UpdateHostKeys would write into known_hosts. A fact for each: "login
# NUMBER STATUS MILLISECONDS WORDS", what ssh said last; -1 without GNU date. By keys_as.sh, so perhaps without what
# defines say.
# shellcheck shell=sh
LC_ALL=C; export LC_ALL
now() {
  n=$(date +%s%N)
  case $n in *N) n='' ;; esac
}
while [ $# -ge 4 ]; do
  now
  start=$n
  said=$(ssh -n -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=5 -o UpdateHostKeys=no \
    -o NumberOfPasswordPrompts=0 -o ControlPath=none -p "$3" -l "$4" -- "$2" true 2>&1 >/dev/null)
  status=$?
  now
  ms=-1
  [ -z "$n" ] || ms=$(((n - start) / 1000000))
  printf '@login %s %s %s %s\n' "$1" "$status" "$ms" "$(printf %s "$said" | tr '\n\r\000' '   ')"
  shift 4
done
