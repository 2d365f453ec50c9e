# SPDX-License-Identifier: GPL-3.0-or-later
# Replaces a file, behind lock_place.sh; the new content is the input. Processes are what costs here, too: both sums by
# one, and owners are only looked at where they are not one's own.
#   $1 real path    $2 sha256 seen, or "absent"    $3 bytes to come, or "absent"    $4 their sha256
#   $5 mode    $6 owner, or ""    $7 mode of a directory to make, or "0", or "drop"
#   $8 backup's name, or "" for none    $9 the temporary file's name
# "done HOW" says renamed, removed, or why it had to be written in place: busy, foreign. 21: the file is not the one
# seen any more; 27: it has an owner that a new one could not have.
# shellcheck shell=sh disable=SC2046,SC2154 # words are what is wanted of sha256sum and stat; locks
umask 077
r=$1 old=$2 n=$3 new=$4 mode=$5 owner=$6 dirmode=$7 b=$8 w=$9 t='' nb='' md='' stay='' d=${1%/*}
d=${d:-/}
die() { c=$1; shift; [ -z "$*" ] || echo "$*" >&2; exit "$c"; }
trap '[ -z "$t" ] || rm -f -- "$t"; [ -z "$nb" ] || rm -f -- "$nb"; [ -z "$md" ] || rmdir -- "$md"' EXIT
trap 'exit 24' HUP INT TERM PIPE
own() { [ -O "$1" ] && [ -G "$1" ]; }
label() { stat -c %C -- "$1" 2>/dev/null; }
if [ ! -d "$d" ]; then
  case $dirmode in 0 | drop) die 22 "the directory $d is not there" ;; esac
  mkdir -m "$dirmode" -- "$d" || exit 22
  md=$d
  [ -z "$owner" ] || chown -- "$owner:" "$d" || exit 22
  ! command -v restorecon >/dev/null || restorecon -- "$d" || :
fi
if [ "$n" != absent ]; then
  set -C
  command printf '' >"$w" || exit 22
  set +C
  t=$w
  # A shell does not say why it cannot write; a program does.
  input >"$t" 2>/dev/null || {
    m=$(head -c "$n" /dev/zero 2>&1 >"$t")
    die 22 "cannot write beside $r (${m##*: }): it is left as it was"
  }
fi
lock_place && exec 9>>"$locks/edit" || exit 25
flock -w 60 9 || die 25 "someone has held the lock on edits ($locks/edit) for 60 s"
have=absent got=$new
[ ! -e "$r" ] || have=''
if [ -n "$t" ] && [ -z "$have" ]; then
  set -- $(sha256sum /dev/fd/3 /dev/fd/4 3<"$t" 4<"$r")
  got=${1:-} have=${3:-}
elif [ -n "$t" ]; then
  set -- $(sha256sum <"$t")
  got=${1:-}
elif [ -z "$have" ]; then
  set -- $(sha256sum <"$r")
  have=${1:-}
fi
[ "$got" = "$new" ] || die 23 "the new content of $r did not arrive whole: it is left as it was"
[ "$have" = "$old" ] || die 21 "$r has changed meanwhile"
if [ -n "$t" ]; then
  if [ "$have" != absent ]; then
    cp --attributes-only --preserve=all --no-preserve=timestamps -- "$r" "$t" || exit 22
    ! selinuxenabled 2>/dev/null || [ "$(label "$r")" = "$(label "$t")" ] ||
      chcon --reference="$r" -- "$t" || stay=foreign
    if ! own "$r" || ! own "$t"; then
      set -- $(stat -c %u:%g:%a -- "$r" "$t")
      [ $# = 2 ] && [ "$1" = "$2" ] || stay=foreign
    fi
    if [ -n "$stay" ] && [ ! -w "$r" ]; then
      a=$(stat -c %U:%G -- "$r")
      die 27 "$r belongs to $a, which a new file could not: it is left as it was"
    fi
  else
    [ "$mode" = 0600 ] || chmod "$mode" "$t" || exit 22
    [ -z "$owner" ] || chown -- "$owner:" "$t" || exit 22
  fi
  sync -- "$t" || exit 22
fi
if [ "$have" != absent ] && [ -n "$b" ]; then
  nb=$b
  ln -f -- "$r" "$b" 2>/dev/null || cp --preserve=all -- "$r" "$b" || die 22 "cannot keep a backup of $r"
fi
how=renamed
if [ -z "$t" ]; then
  rm -f -- "$r" || exit 22
  how=removed
elif [ -z "$stay" ] && m=$(mv -fT -- "$t" "$r" 2>&1); then t=''
else
  case $stay$m in foreign) ;; *busy*) stay=busy ;; *) die 22 "$m" ;; esac
  how=$stay s=$b
  [ -n "$s" ] || { s=$d/.migsh.$$; nb=$s; }
  rm -f -- "$s"
  cp --preserve=all -- "$r" "$s" && sync -- "$s" || die 22 "cannot keep a backup of $r"
  if dd if="$t" of="$r" bs=16M conv=notrunc,fsync 2>/dev/null && truncate -s "$n" -- "$r" && sync -- "$r" &&
    s2=$(sha256sum <"$r") && [ "${s2%% *}" = "$new" ]; then :
  else
    dd if="$s" of="$r" bs=16M conv=notrunc,fsync 2>/dev/null && truncate -r "$s" -- "$r" ||
      { nb=''; die 22 "cannot write into $r: its old content is in $s"; }
    die 22 "cannot write into $r: its old content was put back"
  fi
fi
[ "$have" != absent ] || ! command -v restorecon >/dev/null || restorecon -- "$r" || :
[ -z "$b" ] || nb=''
md=''
sync -- "$d"
for o in "$r".migsh-*~; do
  [ "$o" = "$b" ] || [ ! -e "$o" ] || rm -f -- "$o"
done
[ "$dirmode" != drop ] || rmdir -- "$d" 2>/dev/null || :
say 'done' "$how"
