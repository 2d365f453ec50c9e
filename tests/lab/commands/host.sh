# shellcheck shell=bash
# shellcheck disable=SC2154 # the caller's $work
# SPDX-License-Identifier: GPL-3.0-or-later
# What a host tells of its CPUs and its memory. Hosts share the machine's kernel: nothing of it is changed.
for words in maxvcpus 'maxvcpus --type qemu' nodecpumap 'nodecpumap --pretty' 'cpu-models x86_64' 'freepages --all --pagesize 2048' \
    'freepages --cellno 0 --pagesize 2MiB' 'hypervisor-cpu-baseline --model Nehalem --virttype qemu'; do
    read -r -a words <<<"$words"
    check "as virsh: ${words[*]}" as_virsh "${words[@]}"
done
for words in 'nodecpustats --cpu 0' 'nodecpustats --percent' nodememstats 'nodememstats --cell 0' freecell 'freecell --all' 'freecell 0' \
    node-memory-tune 'nodecpumap --node source,dest'; do
    read -r -a words <<<"$words"
    check "${words[*]}" m -C source "${words[@]}"
done
m -C source capabilities >"$work/caps.xml"
m -C dest capabilities >>"$work/caps.xml"
m -C source domcapabilities --virttype qemu >"$work/domcaps.xml"
chmod 644 "$work"/*.xml
check "cpu-compare" says "CPU described in $work/caps.xml is identical to host CPU" m -C source cpu-compare "$work/caps.xml"
check "cpu-baseline" says "<model fallback" m -C source cpu-baseline "$work/caps.xml"
check "hypervisor-cpu-compare" says "is identical to the CPU provided by hypervisor" \
    m -C source hypervisor-cpu-compare "$work/domcaps.xml" --virttype qemu
check "hypervisor-cpu-baseline" says "<model fallback" m -C source hypervisor-cpu-baseline "$work/domcaps.xml" --virttype qemu
sed 's,<model fallback[^<]*<,<model>no-such-model<,' "$work/domcaps.xml" >"$work/nocpu.xml"
check "a CPU that nobody has" refused 1 "Unknown CPU model no-such-model\\nhint: .*domcapabilities --node source" \
    hypervisor-cpu-compare "$work/nocpu.xml" --virttype qemu
check "allocpages: none more" m -C source allocpages 2MiB 0 --add
check "sysinfo: no firmware is seen" refused 11 'failed to get sysinfo: .*SMBIOS information is not available' sysinfo
check "nodesevinfo: no AMD" refused 11 'QEMU does not support SEV guest' nodesevinfo
check "domlaunchsecinfo" as_virsh domlaunchsecinfo local1
check "domsetlaunchsecstate: none is awaited" refused 11 'a launch secret is only supported in SEV-enabled domains' \
    domsetlaunchsecstate local1 --secrethdr "$work/caps.xml" --secret "$work/caps.xml"
