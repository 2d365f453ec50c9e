// SPDX-License-Identifier: GPL-3.0-or-later
// The one event loop: libvirt's default implementation, run by the main thread. File descriptors, timers, and functions
// posted from other threads. Everything but loop_post() is for the main thread only. Callbacks must not block.
#pragma once

#include <stdbool.h>

#include "base/err.h"

enum loop_events { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_ERROR = 4, LOOP_HANGUP = 8 };

int loop_init(struct err *e); // once, before any libvirt connection is opened

int loop_add_fd(int fd, int events, void (*fn)(int fd, int events, void *data), void *data); // id, never fails
void loop_update_fd(int id, int events);
void loop_remove_fd(int id);

// Fires after `ms`, and again every `ms` until removed. Removing inside the callback is fine.
int loop_add_timer(int ms, void (*fn)(int id, void *data), void *data); // id
void loop_remove_timer(int id);

// Any thread: fn(data) will run on the main thread, in order of posting.
void loop_post(void (*fn)(void *data), void *data);
// Main thread: runs what was posted so far.
void loop_drain(void);

// Waits for something to happen and runs its callbacks.
void loop_run_once(void);
// Runs callbacks until *flag becomes true (set by a callback).
void loop_run_until(const bool *flag);
