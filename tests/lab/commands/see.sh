# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a guest and its host look like.
for words in 'list --all' 'dominfo local1' 'domstate local1 --reason' 'domblklist local1 --details' 'domiflist local1' nodeinfo \
    'dumpxml local1 --inactive'; do
    read -r -a words <<<"$words"
    check "as virsh: ${words[*]}" as_virsh "${words[@]}"
done
