// SPDX-License-Identifier: GPL-3.0-or-later
// Keys, buttons, sleep and signals of a running guest. Job threads. See virt/steer.h.
#include "io/virt/steer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "io/virt/keys_priv.h"
#include "io/virt/priv.h"

_Static_assert((int)VIRT_KEYS_MAX == VIR_DOMAIN_SEND_KEY_MAX_KEYS, "our limit is libvirt's");

const char *const virt_codesets[] = {[VIR_KEYCODE_SET_LINUX] = "linux",
                                     [VIR_KEYCODE_SET_XT] = "xt",
                                     [VIR_KEYCODE_SET_ATSET1] = "atset1",
                                     [VIR_KEYCODE_SET_ATSET2] = "atset2",
                                     [VIR_KEYCODE_SET_ATSET3] = "atset3",
                                     [VIR_KEYCODE_SET_OSX] = "os_x",
                                     [VIR_KEYCODE_SET_XT_KBD] = "xt_kbd",
                                     [VIR_KEYCODE_SET_USB] = "usb",
                                     [VIR_KEYCODE_SET_WIN32] = "win32",
                                     [VIR_KEYCODE_SET_QNUM] = "qnum",
                                     NULL};
const char *const virt_sleeps[] = {[VIR_NODE_SUSPEND_TARGET_MEM] = "mem",
                                   [VIR_NODE_SUSPEND_TARGET_DISK] = "disk",
                                   [VIR_NODE_SUSPEND_TARGET_HYBRID] = "hybrid",
                                   NULL};
const char *const virt_ends[] = {[VIR_DOMAIN_LIFECYCLE_POWEROFF] = "poweroff",
                                 [VIR_DOMAIN_LIFECYCLE_REBOOT] = "reboot",
                                 [VIR_DOMAIN_LIFECYCLE_CRASH] = "crash",
                                 NULL};
const char *const virt_end_actions[] = {[VIR_DOMAIN_LIFECYCLE_ACTION_DESTROY] = "destroy",
                                        [VIR_DOMAIN_LIFECYCLE_ACTION_RESTART] = "restart",
                                        [VIR_DOMAIN_LIFECYCLE_ACTION_RESTART_RENAME] = "rename-restart",
                                        [VIR_DOMAIN_LIFECYCLE_ACTION_PRESERVE] = "preserve",
                                        [VIR_DOMAIN_LIFECYCLE_ACTION_COREDUMP_DESTROY] = "coredump-destroy",
                                        [VIR_DOMAIN_LIFECYCLE_ACTION_COREDUMP_RESTART] = "coredump-restart",
                                        NULL};

static unsigned number_of(const char *const *words, const char *word)
{
    unsigned i = 0;
    while (words[i] && strcmp(words[i], word) != 0)
        i++;
    return i;
}

static int done(int r, struct err *e)
{
    return r < 0 ? virt_fail(e, NULL) : 0;
}

int virt_key_code(const char *codeset, const char *text, unsigned *ret, struct err *e)
{
    enum { MOST = 0xffff };
    char *end;
    unsigned long n = strtoul(text, &end, 0); // as virsh: 0xf, too
    if (isdigit((unsigned char)*text) && !*end && n <= MOST) {
        *ret = (unsigned)n;
        return 0;
    }
    for (const struct virt_key *k = virt_keys; strcmp(codeset, "linux") == 0 && k->name; k++) {
        if (strcmp(k->name, text) == 0) {
            *ret = k->code;
            return 0;
        }
    }
    err_set(e, ERR_USAGE, "invalid keycode: '%s'", text);
    return err_hint(e, "a number, or in the codeset linux a name as KEY_ENTER");
}

void virt_key_names(const char *prefix, struct strv *out)
{
    for (const struct virt_key *k = virt_keys; k->name; k++) {
        if (str_starts(k->name, prefix))
            strv_add(out, k->name);
    }
}

int virt_dom_send_keys(struct virt_dom *d, const char *codeset, unsigned hold_ms, const unsigned *keys, size_t n,
                       struct err *e)
{
    unsigned copy[VIRT_KEYS_MAX];
    memcpy(copy, keys, n * sizeof(*keys));
    return done(VIRT(virDomainSendKey(d->ptr, number_of(virt_codesets, codeset), hold_ms, copy, (int)n, 0)), e);
}

int virt_dom_reset(struct virt_dom *d, struct err *e)
{
    return done(VIRT(virDomainReset(d->ptr, 0)), e);
}

int virt_dom_nmi(struct virt_dom *d, struct err *e)
{
    return done(VIRT(virDomainInjectNMI(d->ptr, 0)), e);
}

int virt_node_sleep(struct virt_conn *c, const char *target, unsigned long long seconds, struct err *e)
{
    return done(VIRT(virNodeSuspendForDuration(c->ptr, number_of(virt_sleeps, target), seconds, 0)), e);
}

int virt_dom_sleep(struct virt_dom *d, const char *target, unsigned long long seconds, struct err *e)
{
    return done(VIRT(virDomainPMSuspendForDuration(d->ptr, number_of(virt_sleeps, target), seconds, 0)), e);
}

int virt_dom_wake(struct virt_dom *d, struct err *e)
{
    return done(VIRT(virDomainPMWakeup(d->ptr, 0)), e);
}

int virt_dom_set_end(struct virt_dom *d, const char *end, const char *action, unsigned impact, struct err *e)
{
    return done(VIRT(virDomainSetLifecycleAction(d->ptr, number_of(virt_ends, end), number_of(virt_end_actions, action),
                                                 impact)),
                e);
}

int virt_signal(const char *text, unsigned *ret, struct err *e)
{
    long long n;
    const char *name = strncasecmp(text, "sig", 3) == 0 ? text + 3 : text;
    name += *name == '_'; // virsh's sig_term
    if (str_to_int(text, 0, VIR_DOMAIN_PROCESS_SIGNAL_RT32, &n) == 0) {
        *ret = (unsigned)n;
        return 0;
    }
    for (int i = 1; i <= 31; i++) {
        const char *known = sigabbrev_np(i);
        if (known && strcasecmp(known, name) == 0) {
            *ret = (unsigned)i;
            return 0;
        }
    }
    if (strncasecmp(name, "rt", 2) == 0 && str_to_int(name + 2, 0, 32, &n) == 0) {
        *ret = VIR_DOMAIN_PROCESS_SIGNAL_RT0 + (unsigned)n;
        return 0;
    }
    if (strcasecmp(name, "nop") == 0) {
        *ret = 0;
        return 0;
    }
    return err_set(e, ERR_USAGE, "malformed signal name: %s", text);
}

int virt_dom_signal(struct virt_dom *d, long long pid, unsigned signal, struct err *e)
{
    return done(VIRT(virDomainSendProcessSignal(d->ptr, pid, signal, 0)), e);
}
