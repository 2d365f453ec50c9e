# SPDX-License-Identifier: GPL-3.0-or-later
# What of a node matters to a guest that is to come or go, behind qemu_user.sh, qemu_ids.sh and node_links.sh. Nothing
# is changed. Arguments are pairs: "path" and a path, or "name" and a host's name. Rows bear the number of their path
# among the paths, or of their name among the names. What cannot be found out is not told.
#   hostname NAME, fqdn NAME, own ADDRESS (what its name resolves to here), resolve NUMBER ADDRESS, unresolved NUMBER
#   what node_links.sh tells of the network
#   conf FILE KEY VALUE (of several the first, as libvirt takes it), what qemu_ids.sh tells
#   hook SHA256|- PATH               what libvirt runs for QEMU's guests; "-": nobody can read it
#   busy PORT                        somebody listens at it; of libvirt's 64 alone
#   path NUMBER file|block|char|dir|other SIZE DEVICE:INODE MODE, absent NUMBER
#   mount NUMBER FSTYPE OPTIONS SOURCE TARGET    which holds it, or would
#   access NUMBER rw|r|none          QEMU's; of a directory rw: it may make files there
#   vulnerability NAME TEXT, microcode X, cpu_model TEXT, kvm yes|no, userfaultfd yes|no, cpus LIST, numa NODE LIST
#   notsent_lowat BYTES              net.ipv4.tcp_notsent_lowat
#   hugepages KIB TOTAL FREE, available KIB, ntp yes|no, tool NAME
#   now SECONDS[.NANOSECONDS]        the last one
# Processes are what takes the time here: small files are read by the shell itself.
# shellcheck shell=sh disable=SC2154 # nl, u, g, v

# Who answers late: all at once, each fact by a write of its own, so that they do not get mixed.
addresses() { # KEY NAME [NUMBER]; the status is getent's: 2, there is none
  all=$(timeout 5 getent ahosts -- "$2" 2>/dev/null) || return
  told=' '
  while read -r a _; do
    case $told in *" $a "*) continue ;; esac
    told="$told$a "
    say "$1" "${3:+$3 }$a"
  done <<END
$all
END
}
resolve() { # NUMBER NAME
  addresses resolve "$2" "$1" || [ $? -ne 2 ] || say unresolved "$1"
}
fqdn() {
  f=$(timeout 5 hostname -f 2>/dev/null) && say fqdn "$f"
}
ntp() {
  s=$(timeout 2 timedatectl 2>/dev/null) || s=$(timeout 2 chronyc -n tracking 2>/dev/null) || return
  case $s in
  *'ynchronized: yes'* | *'Leap status'*': Normal'*) say ntp yes ;;
  *'ynchronized: no'* | *'Leap status'*': Not sync'*) say ntp no ;;
  esac
}
late() {
  i=0
  while [ $# -gt 0 ]; do
    if [ "$1" = name ]; then
      resolve $i "$2" &
      i=$((i + 1))
    fi
    shift 2
  done
  addresses own "$host" &
  fqdn &
  ovs &
  ntp &
  wait
}

confs() {
  set --
  for f in qemu libvirtd virtqemud; do
    [ ! -r /etc/libvirt/$f.conf ] || set -- "$@" /etc/libvirt/$f.conf
  done
  [ $# -eq 0 ] || awk 'match($0, /^[ \t]*[a-z_]+[ \t]*=/) {
    key = substr($0, 1, RLENGTH - 1)
    v = substr($0, RLENGTH + 1)
    gsub(/[ \t]/, "", key)
    if (!index(" migration_port_min migration_port_max migration_address migration_host migrate_tls_force user group" \
        " security_driver lock_manager dynamic_ownership host_uuid ", " " key " ")) next
    sub(/^[ \t]+/, "", v)
    q = substr(v, 1, 1)
    if (q == "\"" || q == "\047") {
      v = substr(v, 2)
      if (index(v, q)) v = substr(v, 1, index(v, q) - 1)
    } else {
      sub(/[ \t]*(#.*)?$/, "", v)
      gsub(/["\047]/, "", v)
    }
    file = FILENAME
    sub(/.*\//, "", file)
    if (!told[file, key]++) print "@conf " file " " key " " v
  }' "$@"
}
hooks() {
  for f in /etc/libvirt/hooks/qemu /etc/libvirt/hooks/qemu.d/*; do
    [ -f "$f" ] || continue
    [ -x "$f" ] || continue
    sum=$(sha256sum 2>/dev/null <"$f") || sum=-
    say hook "${sum%% *} $f"
  done
}
ports() {
  set --
  for f in /proc/net/tcp /proc/net/tcp6; do
    [ ! -r $f ] || set -- "$@" $f
  done
  [ $# -eq 0 ] || awk '$4 == "0A" && match($2, /:C0[0-3][0-9A-F]$/) {
    hex = "0123456789ABCDEF"
    p = 49152 + 16 * (index(hex, substr($2, RSTART + 3, 1)) - 1) + index(hex, substr($2, RSTART + 4, 1)) - 1
    if (!told[p]++) print "@busy " p
  }' "$@"
}

machine() {
  for f in /sys/devices/system/cpu/vulnerabilities/*; do
    ! get "$f" || say vulnerability "${f##*/} $v"
  done
  # The kernel gives the value of such a file to the first read alone, and shells read byte by byte: awk reads this one.
  set -- /proc/sys/net/ipv4/tcp_notsent_lowat
  [ -r "$1" ] || set --
  awk -F '[ \t]*: ' 'FILENAME ~ /_lowat$/ { print "@notsent_lowat " $0; next }
    $1 == "microcode" { print "@microcode " $2 } $1 == "model name" { print "@cpu_model " $2 }
    /^$/ { exit }' "$@" /proc/cpuinfo
  if [ -c /dev/kvm ]; then say kvm yes; else say kvm no; fi
  # Of this one the first byte says enough.
  ! get /proc/sys/vm/unprivileged_userfaultfd || case $v in 0) say userfaultfd no ;; *) say userfaultfd yes ;; esac
  for d in /sys/kernel/mm/hugepages/hugepages-*kB; do
    k=${d##*-} k=${k%kB}
    ! get "$d/nr_hugepages" || { n=$v; ! get "$d/free_hugepages" || say hugepages "$k $n $v"; }
  done
  ! get /sys/devices/system/cpu/online || say cpus "$v"
  for d in /sys/devices/system/node/node[0-9]*; do
    [ ! -r "$d/cpulist" ] || { get "$d/cpulist" || :; say numa "${d##*/node} $v"; }
  done
  while read -r k v _; do
    case $k in MemAvailable:) say available "$v"; break ;; esac
  done </proc/meminfo
  for t in perl qemu-img swtpm ss; do
    ! command -v $t >/dev/null || say tool $t
  done
}

words='%s %d:%i %a %t %T %F'
# $there: the numbers of those that are there, $rows their lines. What root may not see (on a share that squashes it) is
# not absent.
singly() {
  i=0 there='' left=$#
  while [ $i -lt "$left" ]; do
    if [ -e "$1" ]; then
      set -- "$@" "$1"
      there="$there $i"
    else
      case $(stat -L -- "$1" 2>&1 >/dev/null) in
      *'No such file or directory' | *'Not a directory') say absent $i ;;
      esac
    fi
    shift
    i=$((i + 1))
  done
  rows=''
  [ $# -eq 0 ] || rows=$(for p; do stat -L -c "$words" -- "$p" 2>/dev/null || echo; done)
}
# $dirs, $plain: the numbers of directories, and of regular files; $linked: some of them may be links to these. One stat
# for all, where all are there and none is a link: over a network each look at a path may be a question.
files() {
  i=0 there='' dirs='' plain='' linked=''
  for p; do
    there="$there $i"
    i=$((i + 1))
  done
  if ! rows=$(stat -c "$words" -- "$@" 2>/dev/null) || case $rows in *' symbolic link'*) ;; *) false ;; esac; then
    linked=maybe
    singly "$@"
  fi
  for i in $there; do
    read -r size id mode major minor kind _
    case $kind in
    '') continue ;;
    regular) kind='file' plain="$plain $i" ;;
    directory) kind=dir dirs="$dirs $i" ;;
    character) kind=char ;;
    block)
      ! get "/sys/dev/block/$((0x$major)):$((0x$minor))/size" || size=$((v * 512))
      ;;
    *) kind=other ;;
    esac
    say path "$i $kind $size $id $mode"
  done <<END
$rows
END
}
# PATH NUMBER: sets $id to its mount's number, as of an open file; by its mount's name where we may not open it. It is
# its directory's, which is asked once, unless something is mounted on it.
mount_id() {
  d=$1
  [ -z "$linked" ] || [ ! -L "$d" ] || d=$(readlink -f -- "$d") || d=$1
  case $mounted in
  *"$nl$d$nl"*) ;;
  *)
    case "$dirs $plain " in
    *" $2 "*) case "$dirs " in *" $2 "*) ;; *) d=${d%/*} d=${d:-/} ;; esac ;;
    *) [ -d "$d" ] || d=${d%/*} d=${d:-/} ;;
    esac
    ;;
  esac
  case $known in
  *"$nl$d$nl"*) id=${known#*"$nl$d$nl"} id=${id%%"$nl"*}; return ;;
  esac
  was=$d
  while [ ! -d "$d" ] && [ ! -f "$d" ]; do d=${d%/*} d=${d:-/}; done
  id=''
  { while read -r k v; do [ "$k" != mnt_id: ] || id=$v; done </proc/self/fdinfo/9; } 2>/dev/null 9<"$d"
  [ -n "$id" ] || id=$(M=$(stat -L -c %m -- "$d" 2>/dev/null) awk '$5 == ENVIRON["M"] { id = $1 } END { print id }' \
    /proc/self/mountinfo)
  known="$known$was$nl$id$nl"
}
mounts() {
  i=0 ids='' known=$nl
  mounted=$nl$(printf %b "$(awk '{ print $5 }' /proc/self/mountinfo)")$nl # a blank is "\040" there
  for p; do
    mount_id "$p" $i
    [ -z "$id" ] || ids="$ids$id $i$nl"
    i=$((i + 1))
  done
  IDS=$ids awk '{
    for (i = 7; $i != "-" && i < NF; i++);
    of[$1] = $(i + 1) " " $6 "," $NF " " (NF < i + 3 ? "-" : $(i + 2)) " " $5
  }
  END {
    n = split(ENVIRON["IDS"], w, /[ \n]/)
    for (i = 1; i < n; i += 2) if (w[i] in of) print "@mount " w[i + 1] " " of[w[i]]
  }' /proc/self/mountinfo
}
may='there=" $1 " plain=" $2 " i=0
shift 2
for p; do
  a=none
  [ ! -r "$p" ] || a=r
  case $plain in
  *" $i "*) [ $a = none ] || [ ! -w "$p" ] || a=rw ;;
  *)
    if [ -d "$p" ]; then [ ! -w "$p" ] || [ ! -x "$p" ] || a=rw
    elif [ $a = r ] && [ -w "$p" ]; then a=rw; fi ;;
  esac
  case $a$there in none*" $i "* | r*) echo "@access $i $a" ;; esac
  i=$((i + 1))
done'
paths() {
  left=$(($# / 2))
  while [ $left -gt 0 ]; do
    k=$1 p=$2 left=$((left - 1))
    shift 2
    [ "$k" != path ] || set -- "$@" "$p"
  done
  [ $# -gt 0 ] || return
  files "$@"
  mounts "$@"
  [ -z "$u" ] || as_qemu sh -c "$may" sh "$there" "$plain" "$@" </dev/null 2>/dev/null
}

host=$(uname -n)
say hostname "$host"
late "$@" | {
  links
  confs
  users
  hooks
  ports
  machine
  paths "$@"
  cat
}
now=$(date +%s.%N)
say now "${now%.%N}"
