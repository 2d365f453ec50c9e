# SPDX-License-Identifier: GPL-3.0-or-later
# What files are, and who uses them: pairs of words, "stat", "save", "probe" or "image:FORMAT", and a path. The facts of
# the pair N are rows "KEY N VALUE". The list of what is open for writing names inodes, and block devices by their
# numbers: libvirt gives QEMU device nodes of its own. QEMU locks images, over NFS too; qemu-img notices, unless it is
# told not to care (-U), as of what is known to be in use.
# shellcheck shell=sh disable=SC2154 # nl
open=$nl$(find /proc/[0-9]*/fd -maxdepth 1 -type l -perm -200 -print0 2>/dev/null |
  xargs -0r stat -L --printf 'f %d:%i\nd %F %t:%T\n' 2>/dev/null)$nl
types=' '
row() { say "$1" "$i $2"; }
in_use() {
  case $open in *"$nl$1$nl"*) row use yes; u=-U ;; esac
}
info() { qemu-img info ${u:+-U} ${f:+-f "$f"} --output=json "$p"; }
image() {
  command -v qemu-img >/dev/null || { say noqemu yes; return; }
  if j=$(info 2>/dev/null); then row info "$j"; return; fi
  m=$(info 2>&1 >/dev/null)
  case $u$m in
  -U*) ;;
  *' lock'*)
    row use yes
    u=-U
    image
    return
    ;;
  esac
  row problem "$m"
}
# struct _virQEMUSaveHeader: magic[16], version, data_len, was_running, in the host's byte order
saved() {
  [ "$(head -c 16 -- "$p" | tr -d '\0')" = LibvirtQemudSave ] || return
  case $(od -An -tu4 -j24 -N4 -- "$p" | tr -d ' ') in 0) row ran no ;; 1) row ran yes ;; esac
}
# The type of the file system with that device number: one question each.
fs() {
  case $types in
  *" $1="*) t=${types#*" $1="} t=${t%% *} ;;
  *)
    t=$(stat -f -c %T -- "$p" 2>/dev/null)
    case $t in *' '*) ;; *) types="$types$1=$t " ;; esac
    ;;
  esac
  row fs "$t"
}
stats() { stat -L -c "%d:%i %t:%T$nl%U %G$nl%b %B %a %u %g %d:%i %t:%T %s %Y %F" -- "$@" 2>&1; }
look() { # HOW PATH [STATS]
  how=$1 p=$2 s=${3-} u=''
  if [ -z "$s" ] && ! s=$(stats "$p"); then
    case $s in
    *'No such file or directory' | *'Not a directory') row absent yes ;;
    *) row problem "$s" ;;
    esac
    return
  fi
  id=${s%%"$nl"*} s=${s#*"$nl"} owner=${s%%"$nl"*}
  s=${s#*"$nl"}
  row stat "$s"
  row owner "$owner" # by name, where it has one
  fs "${id%%:*}"
  case $s in
  *' directory')
    row du "$(du -s -B1 --apparent-size -- "$p" 2>/dev/null | cut -f1) $(du -s -B1 -- "$p" 2>/dev/null | cut -f1)"
    ;;
  *' block special file')
    row bytes "$(blockdev --getsize64 "$p" 2>/dev/null)"
    in_use "d block special file ${id#* }"
    ;;
  *) in_use "f ${id% *}" ;;
  esac
  case $how in
  image:*) f=${how#image:}; image ;;
  probe) f=''; image ;;
  save) saved ;;
  esac
}
# Of all of them each $1th, from the one of number $2 on.
every() {
  n=$1 mine=$2 i=0
  shift 2
  while [ $# -gt 0 ]; do
    s=''
    if [ -n "$all" ]; then
      a=${all%%"$nl"*} all=${all#*"$nl"} b=${all%%"$nl"*} all=${all#*"$nl"}
      s=$a$nl$b$nl${all%%"$nl"*} all=${all#*"$nl"}
    fi
    [ $((i % n)) -ne "$mine" ] || look "$1" "$2" "$s"
    shift 2
    i=$((i + 1))
  done
}
# One stat for all, where all are there: three lines each.
paths() {
  left=$(($# / 2))
  while [ $left -gt 0 ]; do
    left=$((left - 1)) p=$2
    shift 2
    set -- "$@" "$p"
  done
  stats "$@"
}
all=$(paths "$@") || all=''
if [ $# -lt 16 ]; then
  every 1 0 "$@"
  exit
fi
# Four at once, as qemu-img takes its time; what the others have told waits in their pipes.
every 4 3 "$@" | {
  every 4 2 "$@" </dev/null | {
    every 4 1 "$@" </dev/null | {
      every 4 0 "$@" </dev/null
      cat
    }
    cat
  }
  cat
}
