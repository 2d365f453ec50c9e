# SPDX-License-Identifier: GPL-3.0-or-later
# What copy_writer.sh says, by one process: FILE LOCK.
use strict; my ($f, $lock) = @ARGV; my $z = "\0" x 1048576; my ($b, $t, $w, $punch, $open) = ("", 0, 0, 1, 0);
sub say_ { syswrite(STDOUT, "\@$_[0]\n") }
sub put { my ($d, $n) = @_; my $at = 0;
  while ($n > 0) { my $w = syswrite(F, $$d, $n, $at); defined $w or die "migsh: cannot write: $!\n"; $at += $w; $n -= $w } }
for (;;) {
  my $h = "";
  while (length $h < 40) { my $r = sysread(STDIN, $h, 40 - length $h, length $h); last unless $r }
  last if $h eq "";
  die "migsh: the data ended early\n" if length $h < 40;
  my ($o, $n) = split " ", $h;
  $w += 40 + ($n > 0 ? $n : 0);
  if (!$open) {
    open(F, "+<", $f) or die "migsh: cannot open: $!\n";
    !$lock or flock(F, 6) or die "migsh: another copy is writing it\n";
    $open = 1; say_("ready");
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
