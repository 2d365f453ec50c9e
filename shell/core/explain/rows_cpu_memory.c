// SPDX-License-Identifier: GPL-3.0-or-later
// CPUs, memory, NUMA. See rows_priv.h.
#include "core/explain/rows_priv.h"

const struct explain_row explain_rows_cpu_memory[] = {
    {"cpu-extra-vmx", "extra features: *vmx-|extra features: vmx",
     "two versions of libvirt disagree about nested virtualisation", EXPLAIN_BOTH,
     "update libvirt to 10.2 or later on both; or give the guest <feature policy='disable' name='vmx'/> and restart it "
     "once"},
    {"cpu-extra-ht", "extra features: ht|extra features: *,ht",
     "QEMU 10 shows hyper-threading that an older libvirt does not know", EXPLAIN_BOTH,
     "update libvirt to 11.10 or later; or one thread a core in <topology>"},
    {"cpu-extra", "doesn't match specification: extra features",
     "the destination's CPU would show the guest more than the source's did", EXPLAIN_GUEST,
     "name the features with policy='disable' in <cpu>, and restart it once; or update the older libvirt"},
    {"cpu-missing",
     "doesn't match specification: missing features|Host CPU does not provide required features|doesn't match "
     "specification",
     "the host's CPU lacks what the guest has to have", EXPLAIN_GUEST,
     "give it a CPU model that both hosts have (virsh hypervisor-cpu-baseline), and restart it once"},
    {"cpu-forbidden",
     "Host CPU provides forbidden features|CPU is incompatible with host CPU|host CPU are not compatible|CPU model of "
     "the guest is not compatible",
     "the guest's CPU does not fit the host's", EXPLAIN_GUEST,
     "give it a CPU model that both hosts have (virsh hypervisor-cpu-baseline), and restart it once"},
    {"cpu-model",
     "CPU model '*' not supported|CPU mode '*' for * is not supported by hypervisor|Unknown CPU model|unable to find "
     "CPU definition|CPU features not supported by hypervisor|any CPU models for|unable to find CPU model",
     "the hypervisor there does not know the CPU model", EXPLAIN_DEST,
     "domcapabilities --node {D} lists those that it can; name one of them in <cpu>"},
    {"cpu-warning", "host doesn't support requested feature", "the CPU lacks a feature that the guest asks for",
     EXPLAIN_DEST,
     "harmless at the start; but such a guest moves only to hosts with the same CPU: name a model in <cpu>"},
    {"tsc",
     "TSC frequency * is outside tolerance|TSC frequency mismatch|invtsc flag|with invtsc|TSC frequency|but TSC "
     "frequency is not specified",
     "the guest counts on the clock rate of this CPU", EXPLAIN_GUEST,
     "set <timer name='tsc' frequency='…'/>, or take the feature invtsc out, and restart it once"},
    {"no-kvm",
     "Could not access KVM kernel module|failed to initialize kvm|does not support virt type 'kvm'|could not find "
     "capabilities for domaintype=kvm|KVM is not available|/dev/kvm",
     "the host cannot virtualise: no KVM", EXPLAIN_DEST,
     "switch VT-x or SVM on in the firmware and modprobe kvm_intel or kvm_amd; virt-host-validate qemu says what is "
     "missing"},
    {"kvm-entry", "KVM: entry failed|KVM internal error|KVM_SET_MSRS|failed to set MSR",
     "the CPU refused a state that another one had made", EXPLAIN_DEST,
     "the CPUs or microcodes differ more than the model says: use a common CPU model, and update microcode and kernel "
     "on both"},
    {"ram-allocate",
     "backing store for guest RAM: Cannot allocate memory|cannot set up guest memory|Cannot allocate memory",
     "there is too little memory for the guest", EXPLAIN_DEST,
     "nodeinfo --node {D} and free -m there; free memory, or huge pages where the guest uses them",
     "free -m there; free memory, or huge pages where the guest uses them"},
    {"hugepages",
     "Insufficient free host memory pages|preallocating memory failed|any usable hugetlbfs|hugetlbfs filesystem is not "
     "mounted|not enough free huge|qemu_prealloc_mem",
     "there are too few huge pages, or none of that size", EXPLAIN_DEST,
     "sysctl vm.nr_hugepages there (mount hugetlbfs for 1 GiB pages), or take <hugepages> out of the definition"},
    {"numa",
     "cannot bind memory to host NUMA nodes|NUMA node * is unavailable|NUMA node * is out of range|host NUMA node",
     "the guest is bound to a NUMA node that the host does not have", EXPLAIN_DEST,
     "take <numatune> out, or name a node of {D} (capabilities --node {D}) in --xml",
     "take <numatune> out of the definition, or name a node that capabilities lists"},
    {"cpuset", "for 'cpuset.cpus'|for 'cpuset.mems'|sched_setaffinity|Unable to set affinity|cannot set CPU affinity",
     "the guest is pinned to CPUs or nodes that the host does not have", EXPLAIN_DEST,
     "take <vcpupin>, <emulatorpin> and cpuset= out, or name CPUs of {D} in --xml",
     "take <vcpupin>, <emulatorpin> and cpuset= out of the definition, or name CPUs that are there"},
    {"ram-length", "Length mismatch: |Size mismatch: |Unknown ramblock|has a different length",
     "the memory of the two guests is not laid out alike", EXPLAIN_BOTH,
     "memory, devices and machine type have to be the same; after memory was plugged in, --xml from dumpxml {G} "
     "--migratable"},
    {"page-size",
     "matching RAM page sizes|RAM blocks to be a page size multiple|Mismatched RAM page size|page size mismatch",
     "the two hosts back the guest by pages of different size", EXPLAIN_BOTH,
     "use the same <hugepages> on both, or leave out --postcopy"},
    {"oom", "Out of memory: Killed process|oom-kill:|oom_reaper: reaped process",
     "the kernel killed a process as memory ran out", EXPLAIN_HERE,
     "the host is overcommitted: move a guest away (live-migrate), add memory or swap"},
    {"balloon", "balloon * failed|memory of active domain without the balloon",
     "memory cannot be changed while it runs: there is no balloon", EXPLAIN_GUEST,
     "add <memballoon model='virtio'/>, and its driver in the guest"},
    {NULL},
};
