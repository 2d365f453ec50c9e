# SPDX-License-Identifier: GPL-3.0-or-later
# Connects to what preflight_listen.sh has begun on another node: $1 host name or address, $2 port, $3 the token that it
# answers with, $4 seconds for each address of that name. Says "resolved" for each of them, then "reached yes" or
# "error", of the last one; "problem" where it cannot try.
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
    else { print defined($_ = <$s>) && $_ eq "$token\n" ? "reached" : "another program answers there" }' "$@"
}
by_bash() {
  # shellcheck disable=SC2016 # the inner one expands
  said=$(timeout "$4" bash -c 'exec 3<>"/dev/tcp/$1/$2" || exit
    read -r said <&3
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
why='the name is not resolved'
for a in $(getent ahosts -- "$1" | sed -n 's/[[:space:]]*STREAM.*//p'); do say resolved "$a"; done
for a in $(getent ahosts -- "$1" | sed -n 's/[[:space:]]*STREAM.*//p'); do
  why=$($by "$a" "$2" "$3" "$4")
  [ "$why" != reached ] || { say reached yes; exit 0; }
  why="$a: $why"
done
say error "$why"
