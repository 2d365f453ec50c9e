# SPDX-License-Identifier: GPL-3.0-or-later
# What is at the directory $1, which a mount table has as $2; behind nfs_packages.sh and nfs_mounted.sh. What is mounted
# is not touched, not even by readlink: its server may be gone, and then whoever touches it hangs.
# shellcheck shell=sh
real=$1 m=
if mounted "$2"; then m=1; else real=$(readlink -m -- "$1" 2>/dev/null) || real=$1; fi
say real "$real"
command -v mount.nfs >/dev/null && say client yes
if [ -n "$m" ]; then say dir yes
elif [ -d "$1" ]; then
  say dir yes
  ls -A -- "$1" | head -n 4 | sed 's/^/@entry /'
elif [ -e "$1" ]; then say dir other
else
  say dir no
  say missing "$(missing "$1")"
fi
sed 's/^/@mount /' /proc/self/mountinfo
sed 's/^/@fstab /' /etc/fstab 2>/dev/null
:
