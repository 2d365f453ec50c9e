// SPDX-License-Identifier: GPL-3.0-or-later
// Devices of a domain that come, go and change. Job threads.
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "io/virt/dom.h"

// virDomainModificationImpact, same bits. None: a running domain's devices, else its configuration.
enum virt_affect { VIRT_AFFECT_LIVE = 1, VIRT_AFFECT_CONFIG = 2 };
// `xml` describes the device. ERR_STATE: the domain does not run, or has no lasting configuration.
int virt_dom_attach(struct virt_dom *d, const char *xml, unsigned affect, struct err *e);
int virt_dom_detach(struct virt_dom *d, const char *xml, unsigned affect, struct err *e);
int virt_dom_update(struct virt_dom *d, const char *xml, unsigned affect, struct err *e);
