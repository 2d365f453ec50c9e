// SPDX-License-Identifier: GPL-3.0-or-later
// Local files, read whole and replaced whole. Any thread; short blocking on a local disk is accepted.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

// *ret is NUL-terminated, the caller frees it. ERR_NOT_FOUND where there is none; ERR_IO above `max` bytes.
int file_read(const char *path, size_t max, char **ret, size_t *ret_len, struct err *e);
// Temp file beside it, fsync, rename, fsync of the directory: readers see the old content or the new. Missing
// directories above are made (0700). A symlink is followed to the file it names.
int file_replace(const char *path, const char *data, size_t len, mode_t mode, struct err *e);
// Refuses (ERR_UNSAFE) a file or its directory that somebody else than root or we could write: it is about to be
// executed.
int file_check_trusted(const char *path, struct err *e);
// $XDG_CONFIG_HOME/migsh/NAME and the like; kind is "CONFIG", "STATE" or "CACHE". The caller frees.
char *file_xdg(const char *kind, const char *name);
// "~" and "~/…" become the home directory; anything else is copied.
char *file_expand_home(const char *path);
// What a rename or a new name in the directory of `path` needs to be there after a crash too.
void file_sync_directory_of(const char *path);
