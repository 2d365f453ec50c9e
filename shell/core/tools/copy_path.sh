# SPDX-License-Identifier: GPL-3.0-or-later
# Every program of the copy begins with this: sh with $1 = path, $2 = target ("place" or "part"). Sets $r to the target.
# shellcheck shell=sh
real() { r=$(realpath -m -- "$1"; echo x); r=${r%?x}; }
target() { real "$1"; [ "$2" = place ] || r=${r%/*}/.${r##*/}.migsh-part; }
target "$1" "$2"
