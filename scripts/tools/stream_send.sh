# SPDX-License-Identifier: GPL-3.0-or-later
# Sends noise to the host $1, port $2, behind the token $3, until the other side has heard enough, 4 seconds at most;
# tries for $4 seconds to reach it. stream_receive.sh listens there.
# shellcheck shell=sh
command -v perl >/dev/null || { echo 'it has no perl' >&2; exit 1; }
perl -MSocket=:all -e '
  my ($host, $port, $token, $seconds) = @ARGV;
  my ($s, $why);
  $SIG{PIPE} = "IGNORE";
  $SIG{ALRM} = sub { print STDERR $why || "no answer within $seconds s", "\n"; exit 1 };
  alarm $seconds;
  TRY: for (;;) {
    my ($bad, @all) = getaddrinfo($host, $port, {socktype => SOCK_STREAM});
    if ($bad) { print STDERR "$host: $bad\n"; exit 1 }
    for my $a (@all) {
      socket($s, $a->{family}, SOCK_STREAM, 0) && connect($s, $a->{addr}) and last TRY;
      $why = "$host port $port: $!";
    }
    select(undef, undef, undef, 0.1);
  }
  $SIG{ALRM} = "DEFAULT";
  alarm 4;
  srand(1);
  my $noise = pack("C*", map { int(rand(256)) } 1 .. 1 << 16);
  syswrite($s, $token) or exit 1;
  1 while syswrite($s, $noise x 4);
  exit 0' "$@"
