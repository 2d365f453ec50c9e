# SPDX-License-Identifier: GPL-3.0-or-later
# What copy_reader.sh says, by one process: FILE MACHINE.
use strict; my ($f, $m) = @ARGV; my ($fresh, $open, $scan) = (0, 0, 0);
my %splice = (x86_64 => 275, aarch64 => 76, riscv64 => 76, ppc64le => 283, s390x => 306); my $splice = $splice{$m};
my $z = "\0" x 65536; my $b; my ($zo, $zn) = (0, 0);
sub head { my $h = sprintf("%-19s %-19s\n", @_); (syswrite(STDOUT, $h) || 0) == 40 or die "migsh: cannot send: $!\n" }
sub flush { head($zo, "-$zn") if $zn && !$fresh; $zn = 0 }
sub zero { flush() if $zn && $zo + $zn != $_[0]; $zo = $_[0] if !$zn; $zn += $_[1] }
sub data { my ($o, $at, $n) = @_; flush(); head($o, $n); put($at, $n) }
sub put { my ($at, $n) = @_;
  while ($n > 0) { my $w = syswrite(STDOUT, $b, $n, $at); defined $w or die "migsh: cannot send: $!\n"; $at += $w; $n -= $w } }
# A full pipe that is filled up behind each read of ssh's costs two switches for 32 KiB; a large one that is filled up
# each few hundred microseconds costs one for ten times that. It must not run dry, so the nap follows what has left it.
my ($large, $nap, $moved) = (fcntl(STDOUT, 1031, 1048576), 0.0005, 0);
sub nap {
  $nap *= 1.5 if $moved < 262144 && $nap < 0.003; $nap /= 2 if $moved > 524288 && $nap > 0.0003;
  $moved = 0; select(undef, undef, undef, $nap);
}
while (defined(my $l = <STDIN>)) {
  if (!$open) { open(F, "<", $f) or die "migsh: cannot open: $!\n"; $open = 1 }
  if ($l =~ /^is (\S+)/) { syswrite(STDOUT, sprintf("%-39s\n", "=$1")); next }
  if ($l =~ /fresh/) { $fresh = 1; next }
  if ($l =~ /scan/) { $scan = 1; next }
  my ($o, $n, $k) = split " ", $l;
  if (!$n) { flush(); head(0, 0); next }
  if ($k) { zero($o, $n); next }
  defined sysseek(F, $o, 0) or die "migsh: cannot seek: $!\n";
  if (!$scan) { flush(); head($o, $n) }
  while ($n > 0) {
    if (!$scan && $splice) {
      my $r = syscall($splice, fileno(F), 0, fileno(STDOUT), 0, $n, $large ? 2 : 0);
      $r or die "migsh: the file has become shorter\n";
      if ($r > 0) { $n -= $r; $moved += $r; next }
      if ($large && $! == 11) { nap(); next }
      $splice = 0;
    }
    my $r = sysread(F, $b, $n < 262144 ? $n : 262144);
    defined $r or die "migsh: cannot read: $!\n";
    $r or die "migsh: the file has become shorter\n";
    if (!$scan) { put(0, $r); $n -= $r; next }
    my ($s, $i) = (0, 0);
    while ($i < $r) {
      my $m = $r - $i; $m = 65536 if $m > 65536;
      if (substr($b, $i, 1) eq "\0" && substr($b, $i, $m) eq substr($z, 0, $m)) {
        data($o + $s, $s, $i - $s) if $i > $s;
        zero($o + $i, $m); $s = $i + $m;
      }
      $i += $m;
    }
    data($o + $s, $s, $r - $s) if $r > $s;
    $o += $r; $n -= $r;
  }
}
flush();
