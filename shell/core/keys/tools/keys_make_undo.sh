# SPDX-License-Identifier: GPL-3.0-or-later
# Removes the key of mark $1; $2: "dir" when the directory was not there before. A private half that does not belong to
# our public one is somebody else's. The public one goes last, as it bears the mark.
# shellcheck shell=sh
d=$HOME/.ssh f=$HOME/.ssh/id_ed25519
rm -f "$d/.$1" "$d/.$1.pub"
if [ -f "$f.pub" ] && grep -q " $1\$" "$f.pub"; then
  if [ -f "$f" ]; then
    [ "$(ssh-keygen -y -P '' -f "$f" </dev/null | cut -d' ' -f1,2)" = "$(cut -d' ' -f1,2 "$f.pub")" ] ||
      { echo "$f is not the key that was made" >&2; exit 1; }
    rm -f "$f" || exit 1
  fi
  rm -f "$f.pub" || exit 1
fi
if [ "$2" = dir ]; then rmdir "$d" 2>/dev/null; fi
exit 0
