# SPDX-License-Identifier: GPL-3.0-or-later
# How much of its memory the guest with the UUID $1 has ever used: KiB that its QEMU has in memory or on swap of what is
# mapped in pieces of 128 MiB and more, which are the guest's own; "none" where no QEMU here has that UUID. TCG's code
# is executable, and not counted.
# shellcheck shell=sh
for file in $(grep -lzxF -- "$1" /proc/[0-9]*/cmdline 2>/dev/null); do
  { tr '\0' '\n' <"$file"; } 2>/dev/null |
    awk -v uuid="$1" 'last == "-uuid" && $0 == uuid { found = 1 } { last = $0 } END { exit !found }' || continue
  awk '/^[0-9a-f]+-[0-9a-f]+ / { ours = $2 ~ /^rw-/ }
    $1 == "Size:" { ours = ours && $2 >= 131072 }
    ours && $1 ~ /^(Rss|Swap|Shared_Hugetlb|Private_Hugetlb):$/ { kib += $2 }
    END { if (NR) print kib + 0; else exit 1 }' "${file%cmdline}smaps" && exit
done
echo none
