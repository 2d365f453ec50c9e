// SPDX-License-Identifier: GPL-3.0-or-later
// How it is with one guest, for the end of a topic. Job threads.
#pragma once

#include "base/buf.h"
#include "cmd/engine/cmd.h"

// Adds a paragraph: state, definition and what the topic is about: disks, with what the node says of their file
// systems. What cannot be found out is told as such.
int explain_guest(struct cmd_call *c, struct virt_dom *dom, const char *topic, struct buf *out, struct err *e);
