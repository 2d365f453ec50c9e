# SPDX-License-Identifier: GPL-3.0-or-later
# Copies what is aside, in $2, to the directory $1, the share by now, and compares it; $3: the list of what was copied,
# empty files of the same names. Behind nfs_adopt_alone.sh. May be cut off anywhere and run again: nothing is there
# under its name before it was compared.
# shellcheck shell=sh disable=SC2154 # sum
alone "$2"
cd "$2" || exit 1
if [ ! -d "$3" ]; then
  need=$(du -sk . | cut -f 1)
  have=$(df -Pk -- "$1" | awk 'END { print $4 }')
  [ "$need" -le "$have" ] || { echo "$need KiB are to be copied, and the share has $have KiB left" >&2; exit 1; }
fi
odd=$(find . ! -type f ! -type d ! -type l | head -n 1)
[ -z "$odd" ] || { echo "$odd is neither a file, a directory nor a link: it cannot be moved onto a share" >&2; exit 1; }
mkdir -p -- "$3" || exit 1
find . -type d -exec sh -c 'to=$0 list=$1; shift; for f; do
  mkdir -p -- "$list/$f" || exit 1
  [ -d "$to/$f" ] || { mkdir -- "$to/$f" && chmod --reference="$f" -- "$to/$f" && : >"$list/$f/.migsh-dir"; } || exit 1
done' "$1" "$3" {} + || exit 1
# No link that somebody puts there is followed.
find . \( -type f -o -type l \) -exec sh -c "$sum"'to=$0 list=$1; shift; for f; do
  if [ -L "$f" ]; then
    if [ -L "$to/$f" ] && [ "$(readlink -- "$f")" = "$(readlink -- "$to/$f")" ]; then continue; fi
    if [ -e "$to/$f" ] || [ -L "$to/$f" ]; then echo "${f#./} is on the share already, and is another" >&2; exit 1; fi
    : >"$list/$f" && cp -P -- "$f" "$to/$f" || exit 1
    continue
  fi
  want=$(sum "$f")
  if [ -e "$to/$f" ]; then
    [ "$(sum "$to/$f")" != "$want" ] || continue
    echo "${f#./} is on the share already, with other content: it was not touched" >&2
    exit 1
  fi
  p=$to/$f.migsh-part
  cp --remove-destination --sparse=always --preserve=mode,timestamps -- "$f" "$p" || { rm -f -- "$p"; exit 1; }
  chown -h --reference="$f" -- "$p" 2>/dev/null || :
  sync -- "$p" || exit 1
  [ "$(sum "$p")" = "$want" ] || { echo "${f#./} did not arrive whole on the share" >&2; rm -f -- "$p"; exit 1; }
  : >"$list/$f" && mv -T -- "$p" "$to/$f" || exit 1
done' "$1" "$3" {} + || exit 1
: >"$3/.migsh-all"
