// SPDX-License-Identifier: GPL-3.0-or-later
// Files that tell root what to do: the inventory, recipes and their modules, journals, the history. Each is opened by
// going down its path component by component; every directory and link on the way, and at last the opened file itself,
// must belong to root or to us and be written by nobody else (ERR_UNSAFE). A directory with the sticky bit (/tmp) will
// do, as nobody else can take our names away there. What is read comes from the descriptor that was judged. Any thread;
// short blocking on a local disk is accepted. Must not know what the files are for.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

// *ret is NUL-terminated, the caller frees it. ERR_NOT_FOUND where there is none, whoever may write its directory;
// ERR_IO above `max` bytes.
int file_trusted_read(const char *path, size_t max, char **ret, size_t *ret_len, struct err *e);
// Judges it as file_trusted_read() does, and does not read it: for a library, which the loader opens by its name.
int file_trusted_check(const char *path, struct err *e);
// Opens (O_RDONLY, O_RDWR, O_APPEND …; never creates) `name`, which lies in the trusted directory `dir`; `path` is what
// messages call it. No link is followed.
int file_trusted_openat(int dir, const char *name, int flags, const char *path, int *ret_fd, struct err *e);
// Writes a temporary file beside it, syncs it and renames it: readers see the old content or the new. Missing
// directories above are made (0700). A link is followed to the file that it names.
int file_replace(const char *path, const char *data, size_t len, mode_t mode, struct err *e);
// Opens $XDG_STATE_HOME/migsh, or `name` in there: our own, and nobody else may even look in (0700). `make`: where it
// is missing it is made; otherwise that is ERR_NOT_FOUND.
int file_state_dir(const char *name, bool make, int *ret_fd, struct err *e);
