# SPDX-License-Identifier: GPL-3.0-or-later
# What a host hears from the address $ARGV[0] until its standard input ends: of each RARP, and of each neighbour
# advertisement that overrides, a line "rarp MS" or "na MS TARGET", MS since the first.
use strict;
use Socket qw(AF_INET6 inet_ntop);
use Time::HiRes 'time';
$| = 1;
my ($mac) = @ARGV;
my $first;
socket(my $s, 17, 3, 0x0300) or die "raw socket: $!\n";
vec(my $wanted = '', fileno $s, 1) = 1;
vec($wanted, 0, 1) = 1;
for (;;) {
    select my $ready = $wanted, undef, undef, undef;
    exit 0 if vec $ready, 0, 1;
    defined sysread $s, my $frame, 2048 or die "raw socket: $!\n";
    next if $mac ne join ':', unpack 'x6 (H2)6', $frame;
    my $type = unpack 'x12 n', $frame;
    my $is_na = $type == 0x86dd && unpack('x20 C', $frame) == 58 && unpack('x54 C', $frame) == 136
        && unpack('x58 C', $frame) & 0x20;
    next unless $type == 0x8035 || $is_na;
    $first //= time;
    printf "%s %.0f%s\n", $is_na ? 'na' : 'rarp', 1000 * (time - $first),
        $is_na ? ' ' . inet_ntop(AF_INET6, substr $frame, 62, 16) : '';
}
