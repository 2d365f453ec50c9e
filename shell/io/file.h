// SPDX-License-Identifier: GPL-3.0-or-later
// Local files that are data, read whole. What root is told to do by a file is file_trusted.h's. Any thread; short
// blocking on a local disk is accepted.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

// *ret is NUL-terminated, the caller frees it. ERR_NOT_FOUND where there is none; ERR_IO above `max` bytes. What was
// read leaves no other trace in memory: who reads a secret wipes *ret.
int file_read(const char *path, size_t max, char **ret, size_t *ret_len, struct err *e);
// A text: ERR_USAGE where it holds a NUL byte.
int file_read_text(const char *path, size_t max, char **ret, struct err *e);
// What a file held, of n bytes, is that a text?
int file_is_text(const char *path, const char *text, size_t n, struct err *e);
// The rest of an open file; `path` is what messages call it.
int file_read_fd(int fd, const char *path, size_t max, char **ret, size_t *ret_len, struct err *e);
// $XDG_CONFIG_HOME/migsh/NAME and the like; kind is "CONFIG", "STATE" or "CACHE". NAME may be NULL. The
// caller frees.
char *file_xdg(const char *kind, const char *name);
// "~" and "~/…" become the home directory; anything else is copied.
char *file_expand_home(const char *path);
// What a rename or a new name in the directory of `path` needs to be there after a crash too.
void file_sync_directory_of(const char *path);
