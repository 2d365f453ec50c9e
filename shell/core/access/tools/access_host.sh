# SPDX-License-Identifier: GPL-3.0-or-later
# virt-host-validate of the hypervisor $1, or of all ("") that it knows: its lines, as the text. "absent yes": it is not
# there. What it finds wrong is no failure of ours.
# shellcheck shell=sh disable=SC2086 # no word is one less
command -v virt-host-validate >/dev/null || { say absent yes; exit 0; }
t=$(virt-host-validate $1 2>&1 </dev/null)
say status $?
echo @text
printf '%s\n' "$t"
