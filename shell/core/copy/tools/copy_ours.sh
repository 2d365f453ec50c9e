# SPDX-License-Identifier: GPL-3.0-or-later
# ours: is the part file, open as 9, one that nobody else can have made? Otherwise says why not. On a file system of
# another machine, root's files may belong to somebody else.
# shellcheck shell=sh disable=SC2046 # words are what is wanted of stat
ours() {
  set -- $(stat -L -c '%u %h %U' /proc/self/fd/9)
  [ "$2" -le 1 ] || { say foreign "it is a hard link"; return 1; }
  [ "$1" != "$(id -u)" ] || return 0
  case $(stat -f -c %T .) in
  nfs* | fuse* | cifs | smb* | v9fs | ceph | lustre | afs | gpfs | prl_fs | vboxsf)
    l=$(mktemp -p . .migsh-mark-XXXXXXXX) && n=$(stat -c %u -- "$l")
    rm -f -- "$l"
    [ "$n" != "$1" ] || return 0
    ;;
  esac
  say foreign "it belongs to ${3-somebody else}"
  return 1
}
