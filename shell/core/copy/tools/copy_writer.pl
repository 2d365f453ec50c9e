# SPDX-License-Identifier: GPL-3.0-or-later
# What copy_writer.sh says, by one process: FILE MACHINE LOCK. O_NOFOLLOW by its number, where that is known; what
# counts is that the opened file is the one of the identity.
use strict; my ($f, $m, $lock) = @ARGV; my $z = "\0" x 1048576;
my ($b, $t, $w, $punch, $open, $is) = ("", 0, 0, 1, 0, "");
my %nofollow = (x86_64 => 131072, riscv64 => 131072, s390x => 131072, aarch64 => 32768, ppc64le => 32768);
sub say_ { syswrite(STDOUT, "\@$_[0]\n") }
sub put { my ($d, $n) = @_; my $at = 0;
  while ($n > 0) { my $w = syswrite(F, $$d, $n, $at); defined $w or die "migsh: cannot write: $!\n"; $at += $w; $n -= $w } }
sub identity { my @s = stat F;
  return sprintf("b%x:%x", $s[6] >> 8 & 0xfff | $s[6] >> 32 & ~0xfff, $s[6] & 0xff | $s[6] >> 12 & 0xffffff00) if -b _;
  return -f _ ? sprintf("%x:%s", @s[0, 1]) : "other" }
for (;;) {
  my $h = "";
  while (length $h < 40) { my $r = sysread(STDIN, $h, 40 - length $h, length $h); last unless $r }
  last if $h eq "";
  die "migsh: the data ended early\n" if length $h < 40;
  if ($h =~ /^=(\S+)/) { $is = $1; next }
  my ($o, $n) = split " ", $h;
  $w += 40 + ($n > 0 ? $n : 0);
  if (!$open) {
    sysopen(F, $f, 2 | ($nofollow{$m} || 0)) or die "migsh: cannot open: $!\n";
    identity() eq $is or die "migsh:state: it was removed meanwhile, or is another file now\n";
    !$lock or flock(F, 6) or die "migsh:state: another copy is writing it\n";
    $f = "/proc/$$/fd/" . fileno F; $open = 1; say_("ready");
  }
  if ($n == 0) { say_("done $t $w"); next }
  defined sysseek(F, $o, 0) or die "migsh: cannot seek: $!\n";
  if ($n < 0) {
    $n = -$n;
    next if $n >= 65536 && $punch && system("fallocate", "-p", "-o", $o, "-l", $n, $f) == 0;
    $punch = 0 if $n >= 65536;
    while ($n > 0) {
      my $r = sysread(F, $b, $n < 1048576 ? $n : 1048576);
      $r or die "migsh: cannot read: $!\n";
      if ($b ne substr($z, 0, $r)) { sysseek(F, $o, 0); put(\$z, $r) }
      $o += $r; $n -= $r;
    }
    next;
  }
  while ($n > 0) {
    my $r = sysread(STDIN, $b, $n < 131072 ? $n : 131072);
    $r or die "migsh: the data ended early\n";
    put(\$b, $r); $t += $r; $n -= $r;
  }
}
