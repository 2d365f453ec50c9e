# SPDX-License-Identifier: GPL-3.0-or-later
# Asks the segment of a link who has an address, without claiming it (RFC 5227: an ARP probe; RFC 4862: a neighbour
# solicitation from nobody). Arguments: link, address. Prints "taken MAC" or "free".
use strict;
use Socket qw(inet_pton AF_INET AF_INET6);
my ($link, $text) = @ARGV;
my ($probes, $gap, $wait) = (3, 0.3, 1);
sub first { open my $f, "<", "/sys/class/net/$link/$_[0]" or die "$link: $!\n"; my $s = <$f>; chomp $s; $s }
my $index = first("ifindex");
my $mac = pack "H12", join "", split /:/, first("address");
my $six = $text =~ /:/;
my $address = inet_pton($six ? AF_INET6 : AF_INET, $text) or die "$text is no address\n";
socket(my $s, 17, 3, unpack("S", pack "n", 3)) or die "no packet socket: $!\n"; # AF_PACKET, raw, every protocol
bind $s, pack("S n i x8", 17, 3, $index) . "\0" x 8 or die "$link: $!\n";
# Who answers "nobody" answers to all nodes: all multicast is to come in.
setsockopt $s, 263, 1, pack("i S S a8", $index, 2, 0, "");

sub sum { my $n = 0; $n += $_ for unpack "n*", $_[0]; $n = ($n & 0xffff) + ($n >> 16) while $n >> 16; ~$n & 0xffff }
sub frame {
  return "\xff" x 6 . $mac . pack("n n n C C n", 0x806, 1, 0x800, 6, 4, 1) . $mac . "\0" x 4 . "\0" x 6 . $address
    unless $six;
  my $end = substr $address, 13;
  my $group = pack("H26", "ff0200000000000000000001ff") . $end;
  my $body = pack("C C n N", 135, 0, 0, 0) . $address;
  substr $body, 2, 2, pack "n", sum("\0" x 16 . $group . pack("N N", length $body, 58) . $body);
  return "\x33\x33\xff$end" . $mac . pack("n N n C C", 0x86dd, 0x60000000, length $body, 58, 255) . "\0" x 16 . $group .
    $body;
}
sub from { # the MAC address of whoever says by this frame that it has the address, or nothing
  my $f = shift;
  return if length $f < 14 || substr($f, 6, 6) eq $mac;
  my $type = unpack "n", substr $f, 12, 2;
  if (!$six) {
    return $type == 0x806 && length $f >= 42 && substr($f, 28, 4) eq $address ? substr $f, 22, 6 : undef;
  }
  return if $type != 0x86dd || length $f < 78 || ord(substr $f, 20, 1) != 58;
  my $kind = ord substr $f, 54, 1;
  # An advertisement, or somebody who tries the same address at this moment.
  my $said = $kind == 136 || ($kind == 135 && substr($f, 22, 16) eq "\0" x 16);
  return $said && substr($f, 62, 16) eq $address ? substr $f, 6, 6 : undef;
}
for my $n (1 .. $probes) {
  send $s, frame(), 0 or die "$link: $!\n";
  my $left = $n < $probes ? $gap : $wait;
  while ($left > 0) {
    my $in = "";
    vec($in, fileno $s, 1) = 1;
    my $found;
    ($found, $left) = select $in, undef, undef, $left;
    last if $found < 1;
    recv $s, my $f, 2048, 0;
    my $m = from($f);
    if (defined $m) {
      print "taken ", join(":", unpack "(H2)6", $m), "\n";
      exit;
    }
  }
}
print "free\n";
