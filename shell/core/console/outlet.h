// SPDX-License-Identifier: GPL-3.0-or-later
// A result that goes to no screen: into a file, or to a program of this machine. Main thread, but for
// outlet_on_terminal().
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/file_new.h"
#include "io/ssh/remote.h"

struct job;

struct outlet_to {
    struct file_new file; // of outlet_open(), taken over; its fd -1: the program
    const char *command;  // a line for sh, which reads the result
};

// Opens the file of that name ("~" is the home directory) for a result to come: behind what it holds, or instead of it
// once all of the result is there.
int outlet_open(const char *path, bool append, struct file_new *ret, struct err *e);
// Hands over the text; done() follows on the main thread with what the program did, or with an error. The program has
// the terminal if results go to one that can be lent; otherwise what it prints is in the result. NULL: no thread; the
// file is closed.
typedef void outlet_done_fn(const struct remote_result *result, const struct err *err, void *data);
struct job *outlet_start(const struct outlet_to *to, const struct buf *text, outlet_done_fn *done, void *data,
                         struct err *e);

// The text to the line for sh, which has the terminal: out_lend() has succeeded. A job's thread.
int outlet_on_terminal(struct job *job, const char *command, const struct buf *text, int *ret_status, struct err *e);
