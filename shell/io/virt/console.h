// SPDX-License-Identifier: GPL-3.0-or-later
// A guest's serial console, over a libvirt stream. What arrives is read out of the loop; all that may block (opening
// it, sending, asking what became of the guest) is done by a thread of its own, so that the operator's keys are read
// whatever the host does. Job threads.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "io/virt/conn.h"

struct buf;
struct virt_console;

enum virt_console_flags { VIRT_CONSOLE_FORCE = 1, VIRT_CONSOLE_SAFE = 2 }; // libvirt's bits

enum virt_console_state {
    VIRT_CONSOLE_OPENING,
    VIRT_CONSOLE_OPEN,
    VIRT_CONSOLE_ENDED, // by the host; what it had sent before can still be taken
};

struct virt_console_seen {
    enum virt_console_state state;
    bool leaving;                // the host has told that the guest goes on elsewhere, or is about to
    bool stopped;                // the host has told that the guest ended, and did not go on elsewhere
    const char *domain, *reason; // ENDED: what became of the guest there, as virt_dom_state() has it; NULL: not known
    unsigned long long dropped;  // bytes that came while nobody took any
    // ENDED: why it could not be opened, broke, or what became of the guest is not known; unset: the stream came to its
    // end.
    struct err err;
};

// Begins to open the console `devname` (NULL: the first) of the guest with that UUID. Only fails for lack of a thread.
int virt_console_open(struct virt_conn *c, const char *uuid, const char *devname, unsigned flags,
                      struct virt_console **ret, struct err *e);
int virt_console_fd(const struct virt_console *c); // readable when there is something to look at; never read it
// Fills *ret (its err is the caller's) and adds to `out` what the guest has printed since.
void virt_console_look(struct virt_console *c, struct virt_console_seen *ret, struct buf *out);
// How many of the n bytes were taken to be sent; the rest has to wait.
size_t virt_console_send(struct virt_console *c, const char *bytes, size_t n);
// The host is told, which is waited for no longer than two seconds. NULL is fine.
void virt_console_close(struct virt_console *c);
DEFINE_CLEANUP(struct virt_console, virt_console_close);
