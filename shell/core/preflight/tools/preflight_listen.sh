# SPDX-License-Identifier: GPL-3.0-or-later
# Listens for one connection, of that many seconds at most, at a port that the hypervisor takes for migrations and that
# nobody has, and answers it with the token $2. $1 seconds, $3 libvirt's qemu.conf. The highest free one: libvirt takes
# the lowest, and must not find it taken. What listens ends by itself, whoever else is gone by then. Says "port", and
# "host", by which name sources are told to come, where the file has one; "problem" instead, where it cannot be. Behind
# qemu_user.sh.
# shellcheck shell=sh disable=SC2034 # qemu_conf
qemu_conf=$3
low=$(conf migration_port_min) high=$(conf migration_port_max) at=$(conf migration_address)
host=$(conf migration_host)
[ -z "$host" ] || say host "$host"
set -- "$1" "$2" "${low:-49152}" "${high:-49215}" "${at:-::}"
[ -n "$at" ] || set -- "$@" 0.0.0.0
command -v perl >/dev/null || { say problem 'it has no perl'; exit 0; }
perl -MSocket=:all -MPOSIX -e '
  my ($seconds, $token, $low, $high, @at) = @ARGV;
  my $why = "none of the ports from $low to $high is free";
  PORT: for (my $port = $high; $port >= $low; $port--) {
    for my $at (@at) {
      my ($bad, $a) = getaddrinfo($at, $port, {flags => AI_NUMERICHOST | AI_PASSIVE, socktype => SOCK_STREAM});
      if ($bad) { $why = "$at: $bad"; next }
      socket(my $s, $a->{family}, SOCK_STREAM, 0) or next;
      setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1); # or nobody can have the port for a minute
      setsockopt($s, IPPROTO_IPV6, IPV6_V6ONLY, 0) if $a->{family} == AF_INET6;
      if (!bind($s, $a->{addr}) || !listen($s, 1)) {
        next PORT if $!{EADDRINUSE};
        $why = "$at: $!";
        next;
      }
      defined(my $child = fork) or $why = "fork: $!", last PORT;
      if ($child) { print "\@port $port\n"; exit }
      setsid();
      POSIX::close($_) for grep { $_ != fileno($s) } 3 .. 255; # whoever reads those must not wait for us
      open(STDIN, "<", "/dev/null"), open(STDOUT, ">", "/dev/null"), open(STDERR, ">", "/dev/null");
      alarm $seconds;
      if (accept(my $c, $s)) { close($s); syswrite($c, "$token\n") } # whoever has it finds nobody after that
      exit;
    }
  }
  print "\@problem $why\n"' "$@"
