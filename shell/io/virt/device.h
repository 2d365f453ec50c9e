// SPDX-License-Identifier: GPL-3.0-or-later
// Devices of a domain that come, go and change. Job threads.
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "io/virt/dom.h"

// `affect`: enum virt_affect.
// `xml` describes the device. ERR_STATE: the domain does not run, or has no lasting configuration.
int virt_dom_attach(struct virt_dom *d, const char *xml, unsigned affect, struct err *e);
int virt_dom_detach(struct virt_dom *d, const char *xml, unsigned affect, struct err *e);
int virt_dom_update(struct virt_dom *d, const char *xml, unsigned affect, struct err *e);
// By its alias. Returns when the guest has been asked: the event device-removed tells that it is gone.
int virt_dom_detach_alias(struct virt_dom *d, const char *alias, unsigned affect, struct err *e);
