// SPDX-License-Identifier: GPL-3.0-or-later
// libvirt's last error, which is per thread, as a struct err; called in the function whose libvirt call failed. And
// what is said of every call (trace_priv.h).
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/trace.h"
#define VIRT_IMPLEMENTS_FAIL
#include "io/virt/priv.h"

static atomic_ullong calls;

// Of the call that this thread makes.
static _Thread_local struct {
    bool now;
    char where[256];
} call;

double virt_call_begins(void)
{
    atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
    if (!trace_is_on())
        return 0;
    call.now = true;
    call.where[0] = '\0';
    return clock_mono_ms();
}

// Before the call itself, which begins with no error: asking for the URI would take away one that is there.
void virt_call_at(virConnectPtr c)
{
    if (!call.now || call.where[0])
        return;
    _cleanup_free_ char *uri = (virConnectGetURI)(c);
    virt_call_at_uri(uri);
}

// What stands behind "?" may be a secret's place.
void virt_call_at_uri(const char *uri)
{
    if (uri)
        snprintf(call.where, sizeof(call.where), "%.*s", (int)strcspn(uri, "?"), uri);
}

void virt_call_ends(const char *text, double began_ms)
{
    if (began_ms == 0)
        return;
    call.now = false;
    bool failed = virGetLastErrorCode() != VIR_ERR_OK;
    trace_call(&(struct trace_call){.level = TRACE_CALL,
                                    .kind = "libvirt",
                                    .where = call.where,
                                    .what = text,
                                    .n = strcspn(text, "("),
                                    .began_ms = began_ms,
                                    .outcome = "ok",
                                    .failure = failed ? virGetLastErrorMessage() : NULL});
}

uint64_t virt_calls(void)
{
    return atomic_load(&calls);
}

static const struct {
    int virt;
    enum err_code code;
} codes[] = {
    {VIR_ERR_NO_DOMAIN, ERR_NOT_FOUND},
    {VIR_ERR_NO_STORAGE_POOL, ERR_NOT_FOUND},
    {VIR_ERR_NO_STORAGE_VOL, ERR_NOT_FOUND},
    {VIR_ERR_NO_NETWORK, ERR_NOT_FOUND},
    {VIR_ERR_NO_NETWORK_PORT, ERR_NOT_FOUND},
    {VIR_ERR_NO_SECRET, ERR_NOT_FOUND},
    {VIR_ERR_NO_NWFILTER, ERR_NOT_FOUND},
    {VIR_ERR_NO_NWFILTER_BINDING, ERR_NOT_FOUND},
    {VIR_ERR_NO_INTERFACE, ERR_NOT_FOUND},
    {VIR_ERR_NO_NODE_DEVICE, ERR_NOT_FOUND},
    {VIR_ERR_NO_DOMAIN_SNAPSHOT, ERR_NOT_FOUND},
    {VIR_ERR_NO_DOMAIN_CHECKPOINT, ERR_NOT_FOUND},
    {VIR_ERR_NO_DOMAIN_METADATA, ERR_NOT_FOUND},
    {VIR_ERR_DOM_EXIST, ERR_EXISTS},
    {VIR_ERR_NETWORK_EXIST, ERR_EXISTS},
    {VIR_ERR_STORAGE_VOL_EXIST, ERR_EXISTS},
    {VIR_ERR_STORAGE_POOL_BUILT, ERR_EXISTS},
    {VIR_ERR_AUTH_FAILED, ERR_AUTH},
    {VIR_ERR_AUTH_CANCELLED, ERR_AUTH},
    {VIR_ERR_AUTH_UNAVAILABLE, ERR_AUTH},
    {VIR_ERR_ACCESS_DENIED, ERR_AUTH},
    {VIR_ERR_OPERATION_DENIED, ERR_AUTH},
    {VIR_ERR_NO_CONNECT, ERR_UNREACHABLE},
    {VIR_ERR_SYSTEM_ERROR, ERR_UNREACHABLE},
    {VIR_ERR_OPERATION_TIMEOUT, ERR_TIMEOUT},
    {VIR_ERR_MIGRATE_UNSAFE, ERR_UNSAFE},
    {VIR_ERR_OPERATION_INVALID, ERR_STATE},
    {VIR_ERR_NO_SUPPORT, ERR_UNSUPPORTED},
    {VIR_ERR_OPERATION_UNSUPPORTED, ERR_UNSUPPORTED},
    {VIR_ERR_ARGUMENT_UNSUPPORTED, ERR_UNSUPPORTED},
    {VIR_ERR_CONFIG_UNSUPPORTED, ERR_UNSUPPORTED},
    {VIR_ERR_INVALID_ARG, ERR_USAGE},
    {VIR_ERR_XML_ERROR, ERR_USAGE},
    {VIR_ERR_XML_DETAIL, ERR_USAGE},
    {VIR_ERR_XML_INVALID_SCHEMA, ERR_USAGE},
    {VIR_ERR_AGENT_UNRESPONSIVE, ERR_TIMEOUT},
    {VIR_ERR_OPERATION_ABORTED, ERR_CANCELLED},
};

int virt_fail(struct err *e, const char *what)
{
    virErrorPtr v = virGetLastError();
    const char *msg = v && v->message ? v->message : "libvirt failed without telling why";
    enum err_code code = ERR_FAILED;
    for (size_t i = 0; v && i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i].virt == v->code)
            code = codes[i].code;
    }
    // "client socket is closed" and its like: the connection was lost before anybody could say why.
    if (v && v->code == VIR_ERR_INTERNAL_ERROR && v->domain == VIR_FROM_RPC)
        code = ERR_UNREACHABLE;
    // The system error of something else than a connection (a missing image, say) is just a failure.
    if (v && v->code == VIR_ERR_SYSTEM_ERROR && v->domain != VIR_FROM_RPC && v->domain != VIR_FROM_REMOTE &&
        !strstr(msg, "connect"))
        code = ERR_FAILED;
    if (strstr(msg, "Host key verification failed"))
        code = ERR_HOSTKEY;
    if (v && v->code == VIR_ERR_OPERATION_FAILED &&
        (strstr(msg, " already exists with uuid ") || strstr(msg, " is already defined with uuid ")))
        code = ERR_EXISTS;
    // Behind an XML error libvirt shows the line and a mark below its column; of an empty document there is none.
    const char *no_line = strstr(msg, "\n(null)\n");
    int len = (int)(no_line ? (size_t)(no_line - msg) : strlen(msg));
    while (len && msg[len - 1] == '\n') // of a child process's own message
        len--;
    if (what)
        err_set(e, code, "%s: %.*s", what, len, msg);
    else
        err_set(e, code, "%.*s", len, msg);
    if (v && v->code == VIR_ERR_OPERATION_DENIED && strstr(msg, "read only"))
        err_hint(e, "this console was started with --readonly");
    return -1;
}
