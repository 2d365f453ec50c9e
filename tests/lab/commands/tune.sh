# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A guest's limits, CPUs, memory and threads. What a lab has no cgroups for, libvirt refuses, to both in the same words.
for words in 'vcpucount local1' 'vcpucount local1 --maximum --config' 'vcpupin local1' 'vcpupin local1 0 --config' 'emulatorpin local1' \
    'iothreadinfo local1' 'numatune local1' 'numatune local1 --config' 'memtune local1 --config' 'blkdeviotune local1 vda' \
    'blkiotune local1 --config' 'perf local1'; do
    read -r -a words <<<"$words"
    check "as virsh: ${words[*]}" as_virsh "${words[@]}"
done
check "vcpuinfo" says "CPU Affinity:" m -C source vcpuinfo local1 --pretty
check "setvcpus" m -C source setvcpus local1 2 --maximum --config
check "… is there" says "<vcpu placement='static' current='1'>2</vcpu>" v dumpxml local1 --inactive
check "setvcpu" m -C source setvcpu local1 1 --enable --config
check "… too" says "<vcpu placement='static'>2</vcpu>" v dumpxml local1 --inactive
check "back to one" m -C source -c 'setvcpu local1 1 --disable --config; setvcpus local1 1 --maximum --config'
check "vcpupin" m -C source vcpupin local1 0 0
check "… is shown" says " 0   0" v vcpupin local1
check "… and taken back" m -C source vcpupin local1 0 r
check "emulatorpin" m -C source -c 'emulatorpin local1 0 --live; emulatorpin local1 r'
check "iothreadadd" m -C source iothreadadd local1 3 --live --config
check "iothreadinfo" as_virsh iothreadinfo local1
check "iothreadpin" m -C source iothreadpin local1 3 0
check "iothreadset" m -C source iothreadset local1 3 --poll-max-ns 1000
check "iothreaddel" m -C source iothreaddel local1 3 --live --config
check "setmem" m -C source setmem local1 96M --config
check "… of the configuration" says "<currentMemory unit='KiB'>98304</currentMemory>" v dumpxml local1 --inactive
check "setmem: this guest has no balloon" refused 10 'without the balloon device.*hint: .*memballoon' setmem local1 96M
check "… and back" m -C source setmem local1 128M --config
check "setmaxmem" m -C source setmaxmem local1 128M --config
check "a running guest's maximum stays" refused 10 'cannot resize the maximum memory on an active domain\nhint: .*--config' setmaxmem local1 128M --live
check "blkdeviotune" m -C source blkdeviotune local1 vda --total-iops-sec 5000 --total-bytes-sec 50M
check "… is shown" as_virsh blkdeviotune local1 vda
check "… and taken away" m -C source blkdeviotune local1 vda --total-iops-sec 0 --total-bytes-sec 0
check "memtune" m -C source -c 'memtune local1 --hard-limit 1G --config; memtune local1 --hard-limit -1 --config'
check "numatune" m -C source numatune local1 --mode preferred --nodeset 0 --config
check "… is shown" as_virsh numatune local1 --config
check "blkiotune" m -C source blkiotune local1 --weight 500 --config
mac=$(v domiflist local1 | awk 'NR == 1 {print $5}')
check "domiftune" m -C source domiftune local1 "$mac" --inbound 100000,200000 --outbound 100000 --config
check "… is shown" as_virsh domiftune local1 "$mac" --config
check "… and taken away" m -C source domiftune local1 "$mac" --inbound 0 --outbound 0 --config
check "perf" m -C source perf local1 --enable cpu_clock --config
check "cpu-stats: no cgroups" refused 10 'cgroup CPUACCT controller is not mounted' cpu-stats local1
