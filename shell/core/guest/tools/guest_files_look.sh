# SPDX-License-Identifier: GPL-3.0-or-later
# What files are, and who uses them: pairs of words, "stat", "save", "probe" or "image:FORMAT", and a path. The facts of
# the pair N are rows "KEY N VALUE". The list of what is open for writing names inodes, and block devices by their
# numbers: libvirt gives QEMU device nodes of its own. QEMU locks images, over NFS too; the first call notices, the
# second does not care.
# shellcheck shell=sh disable=SC2154 # nl
open=$nl$(find /proc/[0-9]*/fd -maxdepth 1 -type l -perm -200 -print0 2>/dev/null |
  xargs -0r stat -L --printf 'f %d:%i\nd %F %t:%T\n' 2>/dev/null)$nl
row() { say "$1" "$i $2"; }
in_use() {
  case $open in *"$nl$1$nl"*) row use yes ;; esac
}
info() { qemu-img info "$@" ${f:+-f "$f"} --output=json "$p"; }
image() {
  command -v qemu-img >/dev/null || { say noqemu yes; return; }
  if j=$(info 2>/dev/null); then row info "$j"; return; fi
  m=$(info 2>&1 >/dev/null)
  case $m in
  *' lock'*)
    row use yes
    if j=$(info -U 2>/dev/null); then row info "$j"; return; fi
    m=$(info -U 2>&1 >/dev/null)
    ;;
  esac
  row problem "$m"
}
# struct _virQEMUSaveHeader: magic[16], version, data_len, was_running, in the host's byte order
saved() {
  [ "$(head -c 16 -- "$p" | tr -d '\0')" = LibvirtQemudSave ] || return
  case $(od -An -tu4 -j24 -N4 -- "$p" | tr -d ' ') in 0) row ran no ;; 1) row ran yes ;; esac
}
i=0
while [ $# -gt 0 ]; do
  how=$1 p=$2
  shift 2
  if s=$(stat -L -c '%b %B %a %u %g %d:%i %t:%T %s %Y %F' -- "$p" 2>&1); then
    row stat "$s"
    row owner "$(stat -L -c '%U %G' -- "$p")"
    row fs "$(stat -f -c %T -- "$p" 2>/dev/null)"
    case $s in
    *' directory')
      row du "$(du -s -B1 --apparent-size -- "$p" 2>/dev/null | cut -f1) $(du -s -B1 -- "$p" 2>/dev/null | cut -f1)"
      ;;
    *' block special file')
      row bytes "$(blockdev --getsize64 "$p" 2>/dev/null)"
      in_use "d block special file $(stat -L -c %t:%T -- "$p")"
      ;;
    *) in_use "f $(stat -L -c %d:%i -- "$p")" ;;
    esac
    case $how in
    image:*) f=${how#image:}; image ;;
    probe) f=''; image ;;
    save) saved ;;
    esac
  else
    case $s in
    *'No such file or directory' | *'Not a directory') row absent yes ;;
    *) row problem "$s" ;;
    esac
  fi
  i=$((i + 1))
done
