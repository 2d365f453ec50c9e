# SPDX-License-Identifier: GPL-3.0-or-later
# What copy_digester.sh says: FILE MACHINE TOKEN TOOL... One process of the digest program for sixteen units, which it
# reads as so many pipes; they hold a segment each, so the one who fills them and the one who reads them need not wait
# for each other. splice(2) by its number, where that is known, puts the file's pages into a pipe without copying them.
use strict; $^F = 4096; $| = 1; my ($f, $m, undef, @tool) = @ARGV; my ($b, $last);
my %splice = (x86_64 => 275, aarch64 => 76, riscv64 => 76, ppc64le => 283, s390x => 306); my $splice = $splice{$m};
sub collect { my $h = shift; while (<$h>) { print "\@$1\n" if /^\\?([0-9a-f]{16,})/ } close $h }
sub pass { my ($w, $o, $n) = @_;
  defined sysseek(F, $o, 0) or die "migsh: cannot seek: $!\n";
  while ($n > 0) {
    if ($splice) {
      my $r = syscall($splice, fileno(F), 0, fileno($w), 0, $n, 0);
      if ($r > 0) { $n -= $r; next }
      $splice = 0;
    }
    my $r = sysread(F, $b, $n < 262144 ? $n : 262144);
    $r or die "migsh: cannot read: $!\n";
    for (my $at = 0; $at < $r; ) { my $k = syswrite($w, $b, $r - $at, $at); defined $k or die "migsh: $!\n"; $at += $k }
    $n -= $r;
  } }
open(F, "<", $f) or die "migsh: cannot open: $!\n";
for (;;) {
  my (@units, @r, @w);
  while (@units < 16 && defined(my $l = <STDIN>)) {
    push @units, [split " ", $l];
    pipe(my $r, my $w) or die "migsh: $!\n";
    fcntl($w, 1031, 1048576); push @r, $r; push @w, $w;
  }
  last unless @units;
  defined(my $pid = open(my $h, "-|")) or die "migsh: $!\n";
  if (!$pid) { close $_ for @w; open(STDIN, "<", "/dev/null"); exec @tool, map { "/dev/fd/" . fileno $_ } @r; exit 1 }
  close $_ for @r;
  for my $u (@units) {
    my $w = shift @w;
    while (@$u > 1) { my ($o, $n) = splice @$u, 0, 2; pass($w, $o, $n) }
    close $w;
  }
  collect($last) if $last; $last = $h;
}
collect($last) if $last;
