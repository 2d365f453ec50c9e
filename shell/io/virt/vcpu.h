// SPDX-License-Identifier: GPL-3.0-or-later
// A domain's CPUs, memory and threads, and on which of the host's CPUs they may run. Job threads. JSON values are the
// caller's.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "io/virt/dom.h"

// How many CPUs the host has, online or not.
int virt_host_cpus(struct virt_conn *c, unsigned *ret, struct err *e);

// virDomainVcpuFlags, same bits, beside enum virt_affect.
enum virt_vcpu { VIRT_VCPU_MAXIMUM = 4, VIRT_VCPU_GUEST = 8, VIRT_VCPU_HOTPLUGGABLE = 16 };
int virt_dom_vcpu_count(struct virt_dom *d, unsigned flags, int *ret, struct err *e);
int virt_dom_set_vcpus(struct virt_dom *d, unsigned count, unsigned flags, struct err *e);
// One of them, or a group of threads: "0-3".
int virt_dom_set_vcpu(struct virt_dom *d, const char *list, bool enable, unsigned affect, struct err *e);
// *ret: {"host_cpus", "vcpus": [{"vcpu", "cpu", "state", "cpu_time_s", "affinity": "0-3", "map": "yyyy--"}]}; what can
// be told of a running domain alone is null of another.
int virt_dom_vcpus(struct virt_dom *d, json_t **ret, struct err *e);

enum virt_pin { VIRT_PIN_VCPU, VIRT_PIN_EMULATOR, VIRT_PIN_IOTHREAD };
// *ret: [{"vcpu" or "iothread": number, "affinity": "0-3"}]; of the emulator at most one, without a number.
int virt_dom_pins(struct virt_dom *d, enum virt_pin what, unsigned affect, json_t **ret, struct err *e);
// `list`: "0-3,^2" of the host's CPUs, or "r": all of them. ERR_USAGE: that is none.
int virt_dom_pin(struct virt_dom *d, enum virt_pin what, unsigned id, const char *list, unsigned affect, struct err *e);

int virt_dom_iothread_add(struct virt_dom *d, unsigned id, unsigned affect, struct err *e);
int virt_dom_iothread_del(struct virt_dom *d, unsigned id, unsigned affect, struct err *e);

int virt_dom_set_memory(struct virt_dom *d, unsigned long kib, bool maximum, unsigned affect, struct err *e);

// What it has used of the host's CPUs from `start` on, at most `count` of them (<0: all): *ret: [{"cpu", NAME_ns: …}],
// *ret_there: how many there are. ERR_USAGE: `start` is beyond them.
int virt_dom_cpu_stats(struct virt_dom *d, int start, int count, json_t **ret, int *ret_there, struct err *e);
// All together: {NAME_ns: …}.
int virt_dom_cpu_total(struct virt_dom *d, json_t **ret, struct err *e);
