# SPDX-License-Identifier: GPL-3.0-or-later
# Takes back what nfs_adopt_copy.sh has copied: words as there, behind the same and a function is_mounted. With the
# share still mounted, no list and nothing aside mean that it was discarded. Only what was copied goes, and nothing if
# any of it has changed on the share since: a guest may have run on it.
# shellcheck shell=sh disable=SC2154 # sum
if [ -d "$2" ]; then alone "$2"; fi
if [ ! -d "$3" ]; then
  if [ ! -d "$2" ] && (is_mounted); then
    echo "the copy aside of $1 was discarded, what is on the share is the only one" >&2
    exit 1
  fi
  exit 0
fi
cd "$3" || exit 1
to=$1 aside=$2
each() {
  find . -type f ! -name '.migsh-*' -exec sh -c "$sum"'to=$0 aside=$1; shift; for f; do '"$1"'
    done' "$to" "$aside" {} +
}
each 'if [ -L "$aside/$f" ] || [ ! -e "$to/$f" ]; then continue; fi
  [ "$(sum "$to/$f")" = "$(sum "$aside/$f")" ] || { echo "${f#./} has changed on the share since it was copied," \
    "so nothing was taken back: copy it to $aside, or remove it from the share, and try again" >&2; exit 1; }' || exit 1
each 'rm -f -- "$to/$f" "$to/$f.migsh-part" || exit 1' || exit 1
find . -depth -name .migsh-dir -exec sh -c 'to=$0; for f; do rmdir -- "$to/${f%/*}" || :; done' "$1" {} +
cd / && rm -rf -- "$3"
