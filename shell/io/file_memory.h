// SPDX-License-Identifier: GPL-3.0-or-later
// A text for those who take a path, that is on no disk and gone with this process, whatever ends it: for secrets. Any
// thread.
#pragma once

#include <stddef.h>

#include "base/err.h"

// *ret_fd is at the beginning of the text. *ret_path: good in this process alone, as long as *ret_fd is open. The
// caller frees the one and closes the other.
int file_memory(const char *data, size_t len, int *ret_fd, char **ret_path, struct err *e);
