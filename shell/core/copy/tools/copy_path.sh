# SPDX-License-Identifier: GPL-3.0-or-later
# Every program of the copy begins with this: sh with $1 = path, $2 = target. Sets $r to what is to be opened:
#   source          the file, whatever links lead to it
#   place, part     at the destination the file itself, or the part file beside it, by its name in the current directory
#   place:ID, part:ID   the same, if it is the file of that identity() and no other: opened as 9, $r leads there
#   look            only the functions
# A user of the node may own the directory, or one above: no link of his is followed, and no file that he has put there
# in the meantime is taken for ours. A file is known by its identity, and what is done to it is done to the opened file.
# shellcheck shell=sh disable=SC2034,SC2046 # d, part, r, self, why; words are what is wanted of stat
LC_ALL=C; export LC_ALL
suffix=.migsh-part # the part file of NAME is .NAME.migsh-part

# Can nobody but root have put the link $1 of the current directory there? Who is not root follows his own.
fixed() {
  [ "$(id -u)" = 0 ] || return 0
  set -- $(stat -c '%u %a' .) $(stat -c %u -- "$1")
  [ "$1 $3" = "0 0" ] || return
  case $2 in [1357]???) ;; *[2367] | *[2367]?) return 1 ;; esac
}

# Goes to the directory of $1, name by name, so that what comes after is about names in it, whatever becomes of those
# above. Sets $d to its path, $r to ./NAME and $part to its part file; or fails with $why (empty: no such directory).
reach() {
  left=$1 d='' r='' n=0 why=''
  unset CDPATH
  cd -P / || return
  while [ -n "$left" ]; do
    c=${left%%/*}
    case $left in */*) left=${left#*/} more=/ ;; *) left='' more='' ;; esac
    case $c in
    '' | .) continue ;;
    ..) cd -P .. && d=${d%/*} || return; continue ;;
    esac
    if [ -L "./$c" ]; then
      n=$((n + 1)) why="the link $d/$c leads to it, and another user could change that"
      [ $n -lt 40 ] && fixed "./$c" || return
      c=$(readlink -- "./$c"; echo x) left=${c%?x}$more$left why=''
      case $left in /*) d=''; cd -P / || return ;; esac
    elif [ -n "$more" ]; then
      cd -P "./$c" 2>/dev/null || return
      d=$d/$c
    else r=./$c; fi
  done
  part=./.${r#./}$suffix r=${r:-.}
  c=$(pwd -P; echo x)
  [ "${c%?x}" = "${d:-/}" ]
}

# One word for the file that $1 leads to, or nothing.
identity() {
  set -- $(stat -L -c '%D:%i b%t:%T %F' -- "$1" 2>/dev/null)
  case ${3-} in block) echo "$2" ;; regular) echo "$1" ;; esac
}
replaced() { echo 'migsh:state: it was removed meanwhile, or is another file now' >&2; exit 1; }
# Opens $1 as 9 if it is the file of identity $2. $self is who holds it then, which $$ is not in a subshell.
pin() {
  if [ -f "$1" ] || [ -b "$1" ]; then [ ! -L "$1" ] || replaced; else replaced; fi
  exec 9<"$1"
  read -r self _ </proc/self/stat
  [ -n "$2" ] && [ "$(identity /proc/self/fd/9)" = "$2" ] || replaced
  r=/proc/self/fd/9
}
# Where there is no perl: $1 is what dd said; has it moved $2 bytes? Otherwise says why, $3 where dd does not, or $4.
moved() {
  case $1 in
  *[!0-9]"$2 byte"*) return ;;
  dd:*) set -- "${1%%
*}" "$2" "$3" "$4" && echo "migsh: $4: ${1##*: }" >&2 ;;
  *) echo "migsh: $3" >&2 ;;
  esac
  return 1
}
target() {
  case $2 in
  look) return ;;
  source) r=$(realpath -m -- "$1"; echo x); r=${r%?x}; return ;;
  esac
  reach "$1" || { echo "migsh: ${why:-there is no such directory}" >&2; exit 1; }
  name=$r
  case $2 in part*) r=$part ;; esac
  case $2 in *:*) pin "$r" "${2#*:}" ;; esac
}
target "$1" "$2"
