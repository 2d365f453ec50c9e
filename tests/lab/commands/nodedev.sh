# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A host's devices, as far as they are only looked at: hosts share the machine's.
for words in 'nodedev-list' 'nodedev-list --cap net' 'nodedev-list --tree' 'nodedev-list --all' 'nodedev-info computer' \
    'nodedev-dumpxml computer'; do
    read -r -a words <<<"$words"
    check "as virsh: ${words[*]}" as_virsh "${words[@]}"
done
check "nodedev-reset: not this one" refused 2 'device computer is not a PCI device' nodedev-reset computer
