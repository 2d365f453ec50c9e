// SPDX-License-Identifier: GPL-3.0-or-later
// What somebody in front of the machine would do to a running guest: press keys, its reset button, let it sleep; and
// the sleep of a whole host. Job threads.
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/strv.h"
#include "io/virt/dom.h"

enum { VIRT_KEYS_MAX = 16 }; // pressed at once
// NULL-terminated, in the order of libvirt's numbers.
extern const char *const virt_codesets[];
// The code of one key: a number, or (of Linux's codes) a name as in <linux/input-event-codes.h>. ERR_USAGE.
int virt_key_code(const char *codeset, const char *text, unsigned *ret, struct err *e);
void virt_key_names(const char *prefix, struct strv *out); // Linux's
int virt_dom_send_keys(struct virt_dom *d, const char *codeset, unsigned hold_ms, const unsigned *keys, size_t n,
                       struct err *e);

int virt_dom_reset(struct virt_dom *d, struct err *e);
int virt_dom_nmi(struct virt_dom *d, struct err *e);
// By the agent inside. `target`: one of virt_sleeps[]; `seconds` 0: until it is woken.
extern const char *const virt_sleeps[];
int virt_dom_sleep(struct virt_dom *d, const char *target, unsigned long long seconds, struct err *e);
// Of the host, for 60 seconds or more; it wakes up by itself.
int virt_node_sleep(struct virt_conn *c, const char *target, unsigned long long seconds, struct err *e);
int virt_dom_wake(struct virt_dom *d, struct err *e);

// What happens when the guest ends: one of both lists; `impact` of enum virt_affect.
extern const char *const virt_ends[], *const virt_end_actions[];
int virt_dom_set_end(struct virt_dom *d, const char *end, const char *action, unsigned impact, struct err *e);

// "15", "TERM", "sigterm", "rt3". ERR_USAGE.
int virt_signal(const char *text, unsigned *ret, struct err *e);
int virt_dom_signal(struct virt_dom *d, long long pid, unsigned signal, struct err *e);
