// SPDX-License-Identifier: GPL-3.0-or-later
// One small page by HTTP/1.0, such as a guest's boot id. A job's thread: it blocks, and ends at once when cancelled.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct job;

// Sends `request` (whole, ending in an empty line) and returns the body of a 2xx answer; the caller frees *ret, which
// is NUL-terminated and may hold NULs. ERR_NOT_FOUND (the name), ERR_UNREACHABLE, ERR_TIMEOUT, ERR_CANCELLED,
// ERR_FAILED (another status, no HTTP, more than 1 MiB).
int fetch_http(struct job *job, const char *host, uint16_t port, const char *request, double timeout_ms, char **ret,
               size_t *ret_len, struct err *e);
