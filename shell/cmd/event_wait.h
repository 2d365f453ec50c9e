// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for libvirt's events, as event and net-event do: they are told one by one, and the command's result is how
// many there were and what ended it. Job threads.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cmd/engine/cmd.h"

struct lock;
struct virt_sub;

struct event_wait {
    struct cmd_call *c;
    bool loop, timestamp;
    double timeout_ms; // INFINITY: none
    // The rest is its own.
    struct lock *lock;
    size_t events;
};

// Between the two the caller subscribes event_wait_on() with `w`; `r` is what came of that. The n subscriptions (NULL
// is fine) are ended. ERR_TIMEOUT: nothing came in the time given.
void event_wait_begin(struct event_wait *w);
void event_wait_on(const json_t *event, void *w);
int event_wait_end(struct event_wait *w, int r, struct virt_sub **subs, size_t n, struct err *e);
