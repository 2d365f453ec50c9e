// SPDX-License-Identifier: GPL-3.0-or-later
// What a guest's agent is asked for. Job threads. An agent may take for ever: libvirt waits 5 s for its first sign of
// life, and then, unless virt_agent_timeout() has said otherwise, as long as it takes. ERR_TIMEOUT: it does not answer.
#pragma once

#include "base/err.h"
#include "io/virt/dom.h"

// The guest's clock, since 1970.
int virt_agent_time(struct virt_dom *d, long long *ret_s, unsigned *ret_ns, struct err *e);
int virt_agent_set_time(struct virt_dom *d, long long s, unsigned ns, struct err *e);
// As its own hardware clock has it.
int virt_agent_sync_time(struct virt_dom *d, struct err *e);
// mountpoint NULL: all file systems. Free ranges that are smaller than `minimum` bytes may be left alone.
int virt_agent_trim(struct virt_dom *d, const char *mountpoint, unsigned long long minimum, struct err *e);
// How many seconds later commands may take, until the guest stops: -2 no limit, -1 libvirt's default, 0 no waiting.
// What was set before cannot be asked for; no limit is what a guest begins with.
enum { VIRT_AGENT_NO_LIMIT = -2, VIRT_AGENT_PATIENCE_S = 5 };
int virt_agent_timeout(struct virt_dom *d, int seconds, struct err *e);
