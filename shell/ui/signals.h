// SPDX-License-Identifier: GPL-3.0-or-later
// Signals as events of the loop (signalfd), the same with and without a terminal. Main thread.
#pragma once

#include "base/err.h"

// Takes SIGINT, SIGTERM, SIGHUP, SIGWINCH and SIGCONT out of the usual way: before any thread is made. Signals that
// would stop or kill us for touching a terminal or a pipe are ignored.
int signals_start(struct err *e);
void signals_handle(void (*fn)(int signo, void *data), void *data);
