// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for libvirt's events, as event and net-event do: they are told one by one, and the command's result is how
// many there were and what ended it. Job threads.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cmd/engine/cmd.h"
#include "io/virt/event.h"

struct lock;
struct virt_sub;

// The last rows of such a command, and its help.
#define EVENT_WAIT_ROWS                                                                                                \
    {"loop", OPT_BOOL, 0, "loop until timeout or interrupt, rather than one-shot"},                                    \
        {"timeout", OPT_DURATION, OPTF_POS, "give up after this time", .unit = "s"},                                   \
    {                                                                                                                  \
        "timestamp", OPT_BOOL, 0, "show timestamp for each printed event"                                              \
    }
#define EVENT_ROWS                                                                                                     \
    EVENT_WAIT_ROWS,                                                                                                   \
    {                                                                                                                  \
        "list", OPT_BOOL, 0, "list valid event types"                                                                  \
    }
#define EVENT_HELP                                                                                                     \
    "Ends after one event, or with --loop at Ctrl-C or the timeout; with several nodes, after one of each. Fails\n"    \
    "if the timeout passes without any. With --json each event is an object on a line of its own."

// Its own.
struct event_wait {
    struct cmd_call *c;
    bool loop, timestamp;
    double timeout_ms; // INFINITY: none
    struct lock *lock;
    size_t events;
    const char *ended; // how the wait did: NULL before
};

// --list: the result is the names, and no event is waited for.
bool event_wait_lists(struct cmd_call *c, const char *const *names, size_t n);
// Between the two the caller subscribes event_wait_on() with `w`; `r` is what came of that. The n subscriptions (NULL
// is fine) are ended. ERR_TIMEOUT: nothing came in the time given.
void event_wait_begin(struct event_wait *w, struct cmd_call *c);
void event_wait_on(const json_t *event, void *w);
// The same in one, of objects that are no domains: --event is one of the n names, at the same place in `which`. `uuid`
// NULL: of all of them. ERR_USAGE: none is given.
int event_wait_objects(struct cmd_call *c, const char *const *names, const enum virt_event_objects *which,
                       const char *uuid, struct err *e);
int event_wait_end(struct event_wait *w, int r, struct virt_sub **subs, size_t n, struct err *e);
// Between the two, too, by who has subscribed to something else, and ends that then: the wait, whose end is r.
int event_wait_until(struct event_wait *w, int r, struct err *e);
