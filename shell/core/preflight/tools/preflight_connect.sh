# SPDX-License-Identifier: GPL-3.0-or-later
# Connects to what preflight_listen.sh has begun on other nodes, to all at once: $1 seconds for each address, then of
# each a host name or address, a port, and the token that it answers with, or "": to be connected is enough. Says, with
# its number, "resolved NUMBER ADDRESS" for each address, then "reached NUMBER yes" or "error NUMBER TEXT", of the last
# one; "problem" where it cannot try.
# shellcheck shell=sh
by_perl() {
  perl -MSocket=:all -e '
    my ($host, $port, $token, $seconds) = @ARGV;
    my ($bad, $a) = getaddrinfo($host, $port, {flags => AI_NUMERICHOST, socktype => SOCK_STREAM});
    if ($bad) { print $bad; exit }
    $SIG{ALRM} = sub { print "no answer within $seconds s"; exit };
    alarm $seconds;
    my $s;
    if (!socket($s, $a->{family}, SOCK_STREAM, 0) || !connect($s, $a->{addr})) { print "$!" }
    else { print $token eq "" || defined($_ = <$s>) && $_ eq "$token\n" ? "reached" : "another program answers there" }' "$@"
}
by_bash() {
  # shellcheck disable=SC2016 # the inner one expands
  said=$(timeout "$4" bash -c 'exec 3<>"/dev/tcp/$1/$2" || exit
    [ -z "$3" ] || read -r said <&3
    if [ "$said" = "$3" ]; then echo reached; else echo another program answers there; fi' bash "$@" 2>&1)
  [ $? != 124 ] || said="no answer within $4 s"
  printf '%s\n' "$said" | sed -n '1s/^bash: connect: //; 1p'
}
if command -v perl >/dev/null; then by=by_perl
elif command -v bash >/dev/null; then by=by_bash
else
  say problem 'it has neither perl nor bash'
  exit 0
fi
try() { # NUMBER HOST PORT TOKEN; each fact by a write of its own
  why='the name is not resolved' all=$(getent ahosts -- "$2" | sed -n 's/[[:space:]]*STREAM.*//p')
  for a in $all; do say resolved "$1 $a"; done
  for a in $all; do
    why=$($by "$a" "$3" "$4" "$seconds")
    [ "$why" != reached ] || { say reached "$1 yes"; return; }
    why="$a: $why"
  done
  say error "$1 $why"
}
seconds=$1 n=0
shift
while [ $# -ge 3 ]; do
  try $n "$1" "$2" "$3" &
  n=$((n + 1))
  shift 3
done
wait
