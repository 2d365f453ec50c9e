# SPDX-License-Identifier: GPL-3.0-or-later
# For both programs that copy onto a share and take it back, behind lock_place.sh.
#   alone ASIDE   waits until nobody else is at work on it. The copying goes on when its console is killed: who comes
#                 next waits for it. The lock is let go by the last process of it.
#   $sum          text for sh -c: a function sum FILE
# shellcheck shell=sh disable=SC2034,SC2154 # locks, sum
alone() { lock_place && n=$(printf %s "$1" | sha256sum) && exec 9>>"$locks/adopt-${n%% *}" && flock 9 || exit 1; }
sum='sum() { sha256sum <"$1" | cut -c 1-64; }
'
