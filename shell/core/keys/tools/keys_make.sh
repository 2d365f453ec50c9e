# SPDX-License-Identifier: GPL-3.0-or-later
# Makes a key; $1: its mark, $2: its comment. Made under a name of its own and put in place whole, the private half last
# and never over another (mv -n says nothing then, but leaves its source), so that it can be cut off anywhere and begun
# again.
# shellcheck shell=sh
umask 077
d=$HOME/.ssh f=$HOME/.ssh/id_ed25519 w=$HOME/.ssh/.$1
[ ! -e "$f" ] || { echo "$f is there, but cannot be used without a passphrase" >&2; exit 1; }
[ ! -e "$f.pub" ] || grep -q ' migsh-key-[0-9a-f]*$' "$f.pub" ||
  { echo "$f.pub is there without its other half" >&2; exit 1; }
[ -d "$d" ] || mkdir -p "$d" || exit 1
if [ -e "$w" ] || [ -e "$w.pub" ]; then rm -f "$w" "$w.pub"; fi
ssh-keygen -q -t ed25519 -N '' -C "$2 $1" -f "$w" </dev/null &&
  { sync "$w" "$w.pub" || sync; } && mv -f "$w.pub" "$f.pub" && mv -nT "$w" "$f" && [ ! -e "$w" ]
s=$?
if [ $s != 0 ]; then rm -f "$w" "$w.pub"
elif command -v restorecon >/dev/null; then restorecon "$d" "$f" "$f.pub"; fi
exit $s
