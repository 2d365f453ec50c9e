// SPDX-License-Identifier: GPL-3.0-or-later
// The log of what this program asks of other machines: each command by ssh and each call of libvirt, with its time and
// its outcome. Never what goes along: no arguments of calls, no input of commands. Any thread, but for trace_start().
#pragma once

#include <stdbool.h>
#include <stddef.h>

// As virsh counts: a level has all that is above it, too.
enum trace_level {
    TRACE_CALL,    // every call of libvirt
    TRACE_COMMAND, // every login and command by ssh
    TRACE_SLOW,    // whatever took longer than a second
    TRACE_FAILED,  // whatever failed
    TRACE_ERROR,   // what the operator was told of as an error
    TRACE_NONE,
};

// Before there is another thread. Lines of `level` and above go to the file `fd` (>= 0, kept open), or to `sink`, which
// any thread may call.
void trace_start(enum trace_level level, int fd, void (*sink)(const char *line));
// Is there somebody to read of calls at all? Cheap.
bool trace_is_on(void);

struct trace_call {
    enum trace_level level; // of one that went well and fast
    const char *kind;       // "ssh", "libvirt"
    const char *where;      // the host; "": not known
    const char *what;       // … and as many bytes of it
    size_t n;
    double began_ms;     // clock_mono_ms()
    const char *outcome; // "ok", "status 1"
    const char *failure; // NULL: it did not fail
};
void trace_call(const struct trace_call *call);
// An error of a command, or of none (NULL).
void trace_error(const char *command, const char *text);
