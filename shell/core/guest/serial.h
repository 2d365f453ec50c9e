// SPDX-License-Identifier: GPL-3.0-or-later
// The operator's terminal on a guest's serial console, wherever the guest is: when it is migrated, the console of its
// new host is opened, and one line tells so. Job threads.
//
// What the guest prints reaches the terminal as it is: this is the one place where foreign bytes do, as that is what a
// console is for. The keys are read all the time, so that the escape character ends it whatever a host does; a search
// among the hypervisors is over after a few seconds.
#pragma once

#include "base/err.h"
#include "base/strv.h"
#include "core/console/ctx.h"

struct job;
struct virt_conn;
struct virt_dom;

struct serial {
    struct ctx *ctx;
    struct job *job;
    const struct target *here; // where the guest is now
    struct virt_conn *conn;
    struct virt_dom *dom;
    const char *devname; // of the device; NULL: the first one
    unsigned flags;      // enum virt_console_flags
    char escape;
    int (*opened)(void *data, struct err *e); // when the first console is open; may be NULL
    void *data;
};

// Until the escape character, or the end of the guest: 0. *ret_moved: the hosts it followed the guest to, in turn.
// ERR_UNSUPPORTED: there is no terminal; nothing was opened then, and opened() not called.
int serial_run(const struct serial *s, struct strv *ret_moved, struct err *e);
// ERR_UNSUPPORTED without a terminal: for who has something to do before that is not to be done in vain.
int serial_possible(struct err *e);

// "^]" or one character. ERR_USAGE: it is none.
int serial_escape(const char *text, char *ret, struct err *e);
