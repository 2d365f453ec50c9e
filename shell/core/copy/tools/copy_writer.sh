# SPDX-License-Identifier: GPL-3.0-or-later
# Writes framed bytes (see core/copy/priv.h) to $r, which copy_path.sh has set, if it is the file of the identity that
# they begin with. $3: "lock" or "". $4: "zstd" or "". $5: the token. Says "@ready", "@done DATA READ", and with zstd
# "@end STATUS".
# shellcheck shell=sh disable=SC2154 # r
write_ranges() {
if perl -e 1 2>/dev/null; then
perl -e '
@copy_writer.pl@
' "$r" "$(uname -m)" "$1" "$2"
else
  t=0 w=0 open='' is=''
  while read -r o n; do
    case $o in =*) is=${o#=}; continue ;; esac
    w=$((w + 40))
    if [ -z "$open" ]; then
      pin "$r" "$is"
      [ -z "$1" ] || flock -n 9 || { echo 'migsh:state: another copy is writing it' >&2; exit 1; }
      open=yes
      echo @ready
    fi
    case $n in
    0) echo "@done $t $w" ;;
    -*)
      n=${n#-}
      { [ "$n" -ge 65536 ] && fallocate -p -o "$o" -l "$n" "$r" 2>/dev/null; } ||
        dd if=/dev/zero of="$r" bs=1M iflag=count_bytes,fullblock count="$n" oflag=seek_bytes seek="$o" conv=notrunc \
          status=none || exit 1
      ;;
    *)
      s=$(dd of="$r" bs=1M iflag=count_bytes,fullblock count="$n" oflag=seek_bytes seek="$o" conv=notrunc 2>&1)
      moved "$s" "$n" 'the data ended early' 'cannot write' || exit 1
      t=$((t + n)) w=$((w + n))
      ;;
    esac
  done
fi
}
if [ "$4" = zstd ]; then zstd -q -d -c | { write_ranges "$3" "$5"; echo "@end $?"; }; else write_ranges "$3" "$5"; fi
