// SPDX-License-Identifier: GPL-3.0-or-later
// Opening, sharing and asking libvirt connections. Job threads, except what virt/conn.h says is quick.
#include "io/virt/conn.h"

#include <string.h>

#include "io/job.h"
#include "io/virt/priv.h"
#include "io/xml.h"

// A dead peer is noticed after 25 s: the fifth question is not asked any more. The operator is to hear of it within
// half a minute, and what is left of that is for the way out.
static unsigned keepalive_count = 4;
static int keepalive_s = 5;

void virt_keepalive_count(unsigned count)
{
    keepalive_count = count;
}

void virt_keepalive_interval(int seconds)
{
    keepalive_s = seconds;
}

struct asker {
    virt_ask_fn *fn;
    void *data;
};

static int on_credentials(virConnectCredentialPtr cred, unsigned int n, void *opaque)
{
    struct asker *a = opaque;
    for (unsigned int i = 0; i < n; i++) {
        if (!a->fn)
            return -1;
        bool secret = cred[i].type == VIR_CRED_PASSPHRASE || cred[i].type == VIR_CRED_NOECHOPROMPT;
        _cleanup_err_ struct err e = ERR_INIT;
        char *answer = NULL;
        if (a->fn(a->data, secret, cred[i].prompt, &answer, &e) < 0)
            return -1;
        cred[i].result = answer;
        cred[i].resultlen = (unsigned int)strlen(answer);
    }
    return 0;
}

static void on_close(virConnectPtr ptr, int reason, void *opaque)
{
    (void)ptr;
    (void)reason;
    struct virt_conn *c = opaque;
    atomic_store(&c->closed, true);
}

int virt_conn_open(const char *uri, bool readonly, virt_ask_fn *ask, void *ask_data, struct virt_conn **ret,
                   struct err *e)
{
    static int kinds[] = {VIR_CRED_AUTHNAME, VIR_CRED_ECHOPROMPT, VIR_CRED_PASSPHRASE, VIR_CRED_NOECHOPROMPT,
                          VIR_CRED_REALM};
    struct asker asker = {ask, ask_data};
    virConnectAuth auth = {kinds, sizeof(kinds) / sizeof(kinds[0]), on_credentials, &asker};
    virConnectPtr ptr = VIRT(virConnectOpenAuth(uri, &auth, readonly ? VIR_CONNECT_RO : 0));
    if (!ptr) {
        virt_fail(e, NULL);
        return err_wrap(e, "cannot connect to %s", uri ? uri : "the default hypervisor");
    }
    struct virt_conn *c = xnew(struct virt_conn);
    c->ptr = ptr;
    c->events = lock_new();
    c->type = lock_new();
    atomic_init(&c->refs, 1);
    char *canonical = virConnectGetURI(ptr);
    c->uri = canonical ? canonical : xstrdup(uri ? uri : "");
    // Local drivers have neither keepalive nor a close callback; that is no failure.
    (void)virConnectSetKeepAlive(ptr, keepalive_s, keepalive_count);
    (void)virConnectRegisterCloseCallback(ptr, on_close, c, NULL);
    *ret = c;
    return 0;
}

struct virt_conn *virt_conn_ref(struct virt_conn *c)
{
    atomic_fetch_add(&c->refs, 1);
    return c;
}

void virt_conn_unref(struct virt_conn *c)
{
    if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    (void)virConnectUnregisterCloseCallback(c->ptr, on_close);
    virConnectClose(c->ptr);
    lock_free(c->events);
    lock_free(c->type);
    free(c->uri);
    free(c);
}

const char *virt_conn_uri(const struct virt_conn *c)
{
    return c->uri;
}

bool virt_conn_alive(const struct virt_conn *c)
{
    return !atomic_load(&c->closed) && virConnectIsAlive(c->ptr) == 1;
}

int virt_conn_hostname(struct virt_conn *c, char **ret, struct err *e)
{
    char *name = VIRT(virConnectGetHostname(c->ptr));
    if (!name) {
        virt_fail(e, NULL);
        return -1; // said plainly, for the analyzer
    }
    *ret = name;
    return 0;
}

// NULL: it tells none. The caller frees.
static char *host_uuid(struct virt_conn *c)
{
    _cleanup_free_ char *xml = VIRT(virConnectGetCapabilities(c->ptr));
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    return xml && xml_parse(xml, &doc, &e) == 0 ? xml_string(doc, NULL, "/capabilities/host/uuid") : NULL;
}

char *virt_conn_identity(struct virt_conn *c)
{
    _cleanup_free_ char *uuid = host_uuid(c), *name = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    if (!uuid || virt_conn_hostname(c, &name, &e) < 0)
        return NULL;
    return xasprintf("%s %s", uuid, name);
}

bool virt_conn_same_host(struct virt_conn *a, struct virt_conn *b)
{
    if (a == b || strcmp(a->uri, b->uri) == 0)
        return true;
    _cleanup_free_ char *one = virt_conn_identity(a), *other = virt_conn_identity(b);
    return one && other && strcmp(one, other) == 0;
}

int virt_conn_version(struct virt_conn *c, unsigned long *ret_lib, unsigned long *ret_hv, const char **ret_type,
                      struct err *e)
{
    unsigned long lib, hv = 0;
    lock_acquire(c->type);
    const char *type = VIRT(virConnectGetType(c->ptr));
    lock_release(c->type);
    if (!type || VIRT(virConnectGetLibVersion(c->ptr, &lib)) < 0)
        return virt_fail(e, NULL);
    if (VIRT(virConnectGetVersion(c->ptr, &hv)) < 0)
        hv = 0;
    *ret_lib = lib;
    *ret_hv = hv;
    *ret_type = type;
    return 0;
}
