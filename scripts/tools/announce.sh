# SPDX-License-Identifier: GPL-3.0-or-later
# Sends the frames that are its arguments, in hex: each out of the bridge that has the tap of its source address, at
# once, and again 100 and 300 ms later. First where, for each address: "out MAC BRIDGE TAP"; "no MAC WHY". Then for each
# time "sent NUMBER MS", MS since the first; "failed BRIDGE WHY". Without perl: "perl" alone.
# (To tap devices libvirt gives the address of the guest's card with another first byte. /proc/uptime is the clock that
# needs no module.)
# shellcheck shell=sh
command -v perl >/dev/null || { echo perl; exit 0; }
exec perl -e '
  use strict;
  $| = 1;
  sub line { open(my $f, "<", $_[0]) or return ""; my $l = <$f>; return "" unless defined $l; chomp $l; $l }
  sub ms { my ($s) = split " ", line("/proc/uptime"); int($s * 1000 + 0.5) }
  my (%tap, %where, @frames);
  for my $d (glob "/sys/class/net/*") {
    my $mac = lc line("$d/address");
    $tap{substr $mac, 2} = $d if -e "$d/tun_flags" and $mac =~ /^f[ea]:/;
    $tap{substr $mac, 2} ||= $d if -d "$d/macvtap";
  }
  for my $hex (@ARGV) {
    my $frame = pack "H*", $hex;
    my $mac = join ":", unpack "x6 (H2)6", $frame;
    if (!exists $where{$mac}) {
      my $d = $tap{substr $mac, 2};
      my ($master) = ($d && readlink("$d/master") || "") =~ m,([^/]+)$,;
      my $tap = $d || ""; $tap =~ s,.*/,,;
      my $why = !$d ? "it has no tap device" : -d "$d/macvtap" ? "$tap has no bridge (macvtap)"
        : !$master ? "$tap is in no bridge" : !-d "/sys/class/net/$master/bridge" ? "$tap is of Open vSwitch" : "";
      $where{$mac} = $why ? 0 : {bridge => $master, index => line("/sys/class/net/$master/ifindex")};
      print $why ? "no $mac $why\n" : "out $mac $master $tap\n";
    }
    push @frames, [$where{$mac}, $frame] if $where{$mac};
  }
  exit 0 unless @frames;
  socket(my $s, 17, 3, 0) or do { print STDERR "no raw socket: $!\n"; exit 1 };
  my $began = ms();
  for my $at (0, 100, 300) {
    my $wait = $began + $at - ms();
    select undef, undef, undef, $wait / 1000 if $wait > 0;
    my ($n, $now, %told) = (0, ms() - $began);
    for my $f (@frames) {
      my ($to, $frame) = @$f;
      my $address = pack "S n l S C C a8", 17, unpack("x12 n", $frame), $to->{index}, 0, 0, 6, substr($frame, 0, 6);
      if (defined send $s, $frame, 0, $address) { $n++ }
      elsif (!$told{$to->{bridge}}++) { print "failed $to->{bridge} $!\n" }
    }
    print "sent $n $now\n";
  }' "$@"
