// SPDX-License-Identifier: GPL-3.0-or-later
// Entries in the systemd journal of this machine, by its native protocol: one datagram each. Any thread; blocks for at
// most two seconds, where journald does not keep up. A machine without one gets none, and nobody is told: an entry is
// never what something fails by.
#pragma once

#include <jansson.h>

#include "base/buf.h"

// fields: an object of texts, {"MESSAGE": …, "MESSAGE_ID": …}, with names as journald takes them. Lent.
void syslog_send(const json_t *fields);
// The datagram. Pure.
void syslog_datagram(const json_t *fields, struct buf *out);
