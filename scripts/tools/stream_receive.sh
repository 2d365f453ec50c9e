# SPDX-License-Identifier: GPL-3.0-or-later
# Counts what stream_send.sh sends from another node: listens at the port $1 for one connection that begins with the
# token $2, $3 seconds at most, and no longer than a second and a half more for what comes. Says "BYTES MILLISECONDS" of
# the second that follows the first fifth of one; whatever happens, it ends by itself, and the port with it.
# shellcheck shell=sh
command -v perl >/dev/null || { echo 'it has no perl' >&2; exit 1; }
perl -MSocket=:all -MPOSIX -e '
  my ($port, $token, $seconds) = @ARGV;
  my ($s, $c);
  sub now { (POSIX::times())[0] * 1000 / POSIX::sysconf(&POSIX::_SC_CLK_TCK) }
  $SIG{ALRM} = sub { print STDERR "nothing came within $seconds s\n"; exit 1 };
  alarm $seconds;
  for my $at ("::", "0.0.0.0") {
    my ($bad, $a) = getaddrinfo($at, $port, {flags => AI_NUMERICHOST | AI_PASSIVE, socktype => SOCK_STREAM});
    next if $bad;
    socket($s, $a->{family}, SOCK_STREAM, 0) or next;
    setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
    setsockopt($s, IPPROTO_IPV6, IPV6_V6ONLY, 0) if $a->{family} == AF_INET6;
    last if bind($s, $a->{addr}) && listen($s, 1);
    my $why = "port $port: $!\n";
    undef $s;
    $at eq "::" && $!{EAFNOSUPPORT} or print(STDERR $why), exit 1;
  }
  $s or exit 1;
  my $data = "";
  for (;;) {
    accept($c, $s) or exit 1;
    last if sysread($c, $data, length($token)) && $data eq $token;
    close $c;
  }
  close $s;
  $SIG{ALRM} = sub { print STDERR "it stood still\n"; exit 1 };
  alarm 4;
  my ($first, $from, $bytes, $n, $now) = (now(), 0, 0, 0, 0);
  while ($n = sysread($c, $data, 1 << 18)) {
    $now = now();
    if ($from) { $bytes += $n } elsif ($now - $first >= 200) { $from = $now }
    last if $from && $now - $from >= 1000;
  }
  $from && $now > $from or print(STDERR "it ended too early\n"), exit 1;
  printf "%d %d\n", $bytes, $now - $from' "$@"
