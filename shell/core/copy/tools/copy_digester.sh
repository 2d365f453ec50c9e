# SPDX-License-Identifier: GPL-3.0-or-later
# Units "OFFSET LENGTH [OFFSET LENGTH ...]" of $r on stdin, "@DIGEST" for each. $4: the token. After copy_path.sh and
# copy_tool.sh.
# shellcheck shell=sh disable=SC2154 # r, tool
if perl -e 1 2>/dev/null; then exec perl -e '
@copy_digester.pl@
' "$r" "$(uname -m)" "$4" $tool; fi
while read -r l; do
  set -- $l
  while [ $# -ge 2 ]; do
    dd if="$r" bs=1M iflag=skip_bytes,count_bytes,fullblock skip="$1" count="$2" status=none || exit 1
    shift 2
  done | $tool | sed -n 's/^\\*\([0-9a-f]\{16,\}\).*/@\1/p'
done
