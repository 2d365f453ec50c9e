// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands on a domain's devices share. Job threads.
#pragma once

#include "cmd/rows.h"
#include "io/virt/device.h"

struct xml_doc;

// The bits of AFFECT_ROWS, of a change of this domain; with none of them, as virsh has it, the running guest.
unsigned device_affects(const struct cmd_call *c);
// The domain's description, or (`config`) that of its next start.
int device_domain_xml(struct cmd_call *c, bool config, struct xml_doc **ret, struct err *e);

typedef int device_change_fn(struct virt_dom *dom, const char *xml, unsigned affect, struct err *e);
// Lets libvirt change the device that `xml` describes; with --print-xml that is shown instead. The result is the
// domain; `verb` as domain_failed() has it.
int device_change(struct cmd_call *c, device_change_fn *change, const char *verb, const char *xml, unsigned affect,
                  struct err *e);
// What of the domain's <disk> elements `text` is: where it is in the guest, or else where it is stored; from 1, as
// XPath counts. `media`: only drives that take some. ERR_NOT_FOUND; ERR_USAGE: several are stored there.
int device_find_disk(const struct cmd_call *c, struct xml_doc *doc, const char *text, bool media, int *ret,
                     struct err *e);

// "AVERAGE[,PEAK[,BURST[,FLOOR]]]" of a network card's traffic, in KiB a second, but for the burst, in KiB: the first
// `n` of them can be said, and what is left empty is not. ERR_USAGE: that is no such text, or says no average.
enum { RATE_FIELDS = 4 };
struct interface_rate {
    unsigned said; // 1 << i
    long long n[RATE_FIELDS];
};
extern const char *const interface_rate_names[RATE_FIELDS];
int interface_rate(const char *option, const char *text, size_t n, struct interface_rate *ret, struct err *e);
