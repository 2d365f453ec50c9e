// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands on a domain's devices share. Job threads.
#pragma once

#include "cmd/engine/cmd.h"
#include "io/virt/device.h"

struct xml_doc;

// What a change of a device is to affect, as bits of enum virt_affect.
#define AFFECT_CONFIG_ROW                                                                                              \
    {                                                                                                                  \
        "config", OPT_BOOL, 0, "affect next boot", .bits = VIRT_AFFECT_CONFIG                                          \
    }
#define AFFECT_LIVE_ROW                                                                                                \
    {                                                                                                                  \
        "live", OPT_BOOL, 0, "affect running domain", .bits = VIRT_AFFECT_LIVE                                         \
    }
#define AFFECT_CURRENT_ROW                                                                                             \
    {                                                                                                                  \
        "current", OPT_BOOL, 0, "affect current domain", .excludes = "config|live"                                     \
    }
#define AFFECT_CURRENT_ROWS AFFECT_CONFIG_ROW, AFFECT_LIVE_ROW, AFFECT_CURRENT_ROW
#define AFFECT_PERSISTENT_ROW                                                                                          \
    {                                                                                                                  \
        "persistent", OPT_BOOL, 0, "make live change persistent", .bits = VIRT_AFFECT_CONFIG, .excludes = "current"    \
    }
#define AFFECT_ROWS AFFECT_PERSISTENT_ROW, AFFECT_CURRENT_ROWS
enum { N_AFFECT_CURRENT_ROWS = 3, N_AFFECT_ROWS };
#define AFFECT_STATE_HINT "use --config for a domain that is not running"
#define AFFECT_HELP                                                                                                    \
    "--live changes the running guest, --config its next start, and --persistent both, if it is running. Without "     \
    "any\n"                                                                                                            \
    "of these only the running guest is changed."

// The bits of those, of a change of this domain; with none of them, as virsh has it, the running guest.
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
