# SPDX-License-Identifier: GPL-3.0-or-later
# Sends ranges of $r, which copy_path.sh has set. $4: "zstd" or "". $5: the token. On stdin ranges "OFFSET LENGTH [z]",
# z for zeros; a line "fresh": zeros need not be told; "scan": look for zeros in the data; "is ID" goes to the writer.
# Out come framed bytes, see core/copy/priv.h. Without perl zeros in the data are not looked for: they are sent.
# shellcheck shell=sh disable=SC2154 # r
read_ranges() {
if perl -e 1 2>/dev/null; then
perl -e '
@copy_reader.pl@
' "$r" "$(uname -m)" "$1"
else
  fresh=
  exec 3>&1
  while read -r o n k; do
    if [ "$o" = fresh ]; then fresh=yes
    elif [ "$o" = is ]; then printf '%-39s\n' "=$n"
    elif [ "$o" = scan ]; then :
    elif [ "$n" = 0 ]; then printf '%-19s %-19s\n' 0 0
    elif [ -n "$k" ]; then [ -n "$fresh" ] || printf '%-19s %-19s\n' "$o" "-$n"
    else
      printf '%-19s %-19s\n' "$o" "$n"
      s=$(dd if="$r" bs=1M iflag=skip_bytes,count_bytes,fullblock skip="$o" count="$n" 2>&1 >&3)
      moved "$s" "$n" 'the file has become shorter' 'cannot read' || exit 1
    fi
  done
fi
}
if [ "$4" = zstd ]; then read_ranges "$5" | zstd -q -1 -c; else read_ranges "$5"; fi
