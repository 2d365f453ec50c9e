# SPDX-License-Identifier: GPL-3.0-or-later
# What a file or device is and who uses it, for the programs that look at an end of a copy (core/copy/look.c). They
# share their variables: $r is the file, resolved; $k its kind.
# shellcheck shell=sh disable=SC2034,SC2046,SC2154,SC2183 # identity, ids, owner; words of stat; self

# Sets $r to where $1 leads; $2 "-e": empty, if nothing is there.
real() {
  if r=$(realpath "${2:--m}" -- "$1" 2>/dev/null && echo x); then r=${r%?x}; else r=''; fi
}
# Sets $r to the file that $1 is: its own directory may be called by any name.
followed() {
  r=$1
  case $1 in
  /*[!/.]) [ -L "$1" ] || return 0 ;;
  esac
  real "$1"
}
kind() {
  k=
  if [ -f "$1" ]; then k='file'
  elif [ -b "$1" ]; then k=block
  elif [ -d "$1" ]; then k=dir
  elif [ -e "$1" ]; then k=other; fi
}
# Sets $length $identity $inode $device $ids $mode $owner
facts() {
  set -- "$1" $(stat -L -c '%s %.9Y %.9Z %i %d %t:%T %u:%g %a %U:%G' -- "$1" 2>/dev/null)
  length=$2 identity="$2 $3 $4 $5 $6 $7" inode=$5 device=$6 ids=$8 mode=${9-}
  shift
  owner=${9-}
  [ ! -b "$r" ] || length=$(blockdev --getsize64 "$r")
}
# udev looks for a moment at whatever was written.
looks() {
  set -- $(stat -c %u "/proc/$1" 2>/dev/null) "$(readlink "/proc/$1/exe" 2>/dev/null)"
  [ "$1" = 0 ] || return
  case $2 in
  /*bin/udevadm | /*bin/udevd | /lib/*/systemd-udevd | /usr/lib/*/systemd-udevd | /*bin/blkid) ;;
  *) return 1 ;;
  esac
}
# Says "used WHO" of $1, whose facts are known; $2 "readers": who only reads it does not count. A device may be open by
# any name: libvirt gives QEMU device nodes of its own. A process that is gone when its name is asked for uses nothing.
# At last the kernel is asked, which tells of swap and of partitions that are mounted, too.
used() {
  if [ -b "$1" ]; then
    p=$(find /proc/[0-9]*/fd -maxdepth 1 -type l -print0 2>/dev/null | xargs -0r stat -L -c '%F %t:%T %n' 2>/dev/null |
      sed -n "s,^block special file $(stat -L -c %t:%T -- "$1") /proc/,/proc/,p")
  else
    p=$(find -L /proc/[0-9]*/fd -maxdepth 1 -inum "$inode" -printf '%D %p\n' 2>/dev/null |
      sed -n "s,^$device /proc/,/proc/,p")
  fi
  for l in $p; do
    p=${l#/proc/} p=${p%%/*}
    if [ "$2" = readers ] && { { read -r l; read -r l; } <"/proc/$p/fdinfo/${l##*/}"; } 2>/dev/null; then
      case $l in *0) continue ;; esac
    fi
    [ "$p" != "${self-}" ] && { read -r l <"/proc/$p/comm"; } 2>/dev/null || continue
    ! looks "$p" || continue
    say used "$l (process $p)"
    break
  done
  for l in /sys/block/loop*/loop/backing_file; do
    [ -e "$l" ] && l=$(losetup -n -O NAME -j "$1" 2>/dev/null) && [ -n "$l" ] && say used "loop device ${l%% *}" && break
  done
  [ -b "$1" ] || return 0
  l=$(findmnt -n -o TARGET -S "$1" 2>/dev/null) && [ -n "$l" ] && say used "mount at ${l%% *}" && return
  for l in /sys/dev/block/"$(printf '%d:%d' $(stat -L -c '0x%t 0x%T' -- "$1"))"/holders/*; do
    [ ! -e "$l" ] || { say used "device ${l##*/}"; return; }
  done
  perl -MFcntl -e 'exit(!sysopen(F, $ARGV[0], O_RDONLY | O_EXCL) && $! == 16 ? 3 : 0)' "$1" 2>/dev/null
  [ $? != 3 ] || say used 'the kernel: a part of it is mounted, or it is swap'
}
