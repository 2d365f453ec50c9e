# SPDX-License-Identifier: GPL-3.0-or-later
# Listens for $4 connections, for $1 seconds at most, at a free port of each range LOW-HIGH or N from $5 on, and answers
# them with the token $2. A range "migration" is that of $3, libvirt's qemu.conf, at the address that is set there. The
# highest free port: libvirt takes the lowest, and must not find it taken. What listens ends by itself, whoever else is
# gone by then. Says "host", by which name sources are told to come, where the file has one; and with the range's number
# "port NUMBER PORT", "busy NUMBER PORT" where somebody listens at its only port already, or "why NUMBER TEXT", where it
# cannot be; "problem" where nothing can. Behind qemu_user.sh.
# shellcheck shell=sh disable=SC2034 # qemu_conf
qemu_conf=$3
low=$(conf migration_port_min) high=$(conf migration_port_max) at=$(conf migration_address)
host=$(conf migration_host)
[ -z "$host" ] || say host "$host"
command -v perl >/dev/null || { say problem 'it has no perl'; exit 0; }
seconds=$1 token=$2 times=$4
shift 4
perl -MSocket=:all -MPOSIX -e '
  my ($seconds, $token, $times, $migration, $address, @ranges) = @ARGV;
  $| = 1; # or the children tell it again
  sub listener {
    my ($range) = @_;
    my @at = ("::", "0.0.0.0");
    if ($range eq "migration") { $range = $migration; @at = ($address) if $address ne "" }
    my ($low, $high) = split(/-/, $range);
    $high = $low if !defined $high;
    my $why = "none of the ports from $low to $high is free";
    PORT: for (my $port = $high; $port >= $low; $port--) {
      for my $at (@at) {
        my ($bad, $a) = getaddrinfo($at, $port, {flags => AI_NUMERICHOST | AI_PASSIVE, socktype => SOCK_STREAM});
        if ($bad) { $why = "$at: $bad"; next }
        socket(my $s, $a->{family}, SOCK_STREAM, 0) or next;
        setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1); # or nobody can have the port for a minute
        setsockopt($s, IPPROTO_IPV6, IPV6_V6ONLY, 0) if $a->{family} == AF_INET6;
        return ($s, "port $port") if bind($s, $a->{addr}) && listen($s, 16);
        return (undef, "busy $low") if $!{EADDRINUSE} && $low == $high;
        next PORT if $!{EADDRINUSE};
        $why = "$at: $!";
      }
    }
    return (undef, "why $why");
  }
  for my $row (0 .. $#ranges) {
    my ($s, $said) = listener($ranges[$row]);
    if ($s) {
      defined(my $child = fork) or print("\@why $row fork: $!\n"), next;
      if (!$child) {
        setsid();
        POSIX::close($_) for grep { $_ != fileno($s) } 3 .. 255; # whoever reads those must not wait for us
        open(STDIN, "<", "/dev/null"), open(STDOUT, ">", "/dev/null"), open(STDERR, ">", "/dev/null");
        alarm $seconds;
        while ($times-- > 0) {
          accept(my $c, $s) or last;
          close($s) if !$times; # whoever has it finds nobody after that
          syswrite($c, "$token\n");
        }
        POSIX::_exit(0);
      }
    }
    $said =~ s/ / $row /;
    print "\@$said\n";
  }' "$seconds" "$token" "$times" "${low:-49152}-${high:-49215}" "$at" "$@"
