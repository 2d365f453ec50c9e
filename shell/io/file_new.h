// SPDX-License-Identifier: GPL-3.0-or-later
// A large local file written bit by bit, that has its name only once it is complete. Any thread; short blocking on a
// local disk is accepted.
#pragma once

#include "base/err.h"

struct file_new {
    int fd;       // to write to
    char *temp;   // NULL: a device or pipe, which is written in place
    char *target; // behind symlinks
};

// A new file beside `path`; an existing file of that name stays as it is until file_new_commit(). ERR_IO and the like
// name the path.
int file_new_open(const char *path, struct file_new *ret, struct err *e);
// Syncs and gives it its name, with mode and (where allowed) owner of a file that it replaces.
int file_new_commit(struct file_new *f, struct err *e);
// Closes and frees; what was not committed is gone.
void file_new_release(struct file_new *f);
