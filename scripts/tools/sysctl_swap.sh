# SPDX-License-Identifier: GPL-3.0-or-later
# Gives the kernel parameter $1 the value $3 if it has the value $2. Says "swapped"; "other VALUE", which it has
# instead; "refused WHY", it cannot be set here.
# shellcheck shell=sh
v=$(sysctl -n -- "$1") || exit
case $v in
"$2")
  if why=$(sysctl -q -w -- "$1=$3" 2>&1); then echo swapped; else echo "refused $why"; fi ;;
*) echo "other $v" ;;
esac
