# SPDX-License-Identifier: GPL-3.0-or-later
# What the directory $1 holds ("images", "nothing", "else", or empty: it is not there), and where it is behind all
# links; then a line "x".
# shellcheck shell=sh
real=$(realpath -m -- "$1" && echo x) || exit
holds=
if [ -d "$1" ]; then
  holds=nothing
  for f in "$1"/*; do
    case $f in
    */lost+found) ;;
    *.qcow2 | *.qcow | *.qed | *.img | *.raw | *.iso | *.vmdk | *.vdi | *.vhd | *.vhdx | *.fd) holds=images; break ;;
    *)
      if [ -f "$f" ] && [ "$(head -c 4 -- "$f" | od -An -tx1)" = " 51 46 49 fb" ]; then holds=images; break; fi
      if [ -e "$f" ]; then holds=else; fi ;;
    esac
  done
fi
printf '%s %s' "$holds" "$real"
