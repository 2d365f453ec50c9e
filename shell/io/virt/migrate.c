// SPDX-License-Identifier: GPL-3.0-or-later
// The migration call, its parameters, and what tunes a running one. Statistics are in virt/job.c. See virt/migrate.h.
#include "io/virt/migrate.h"

#include <string.h>

#include "base/json.h"
#include "io/job.h"
#include "io/virt/params_priv.h"
#include "io/virt/priv.h"

_Static_assert((int)VIRT_MIGRATE_LIVE == VIR_MIGRATE_LIVE, "bit");
_Static_assert((int)VIRT_MIGRATE_PEER2PEER == VIR_MIGRATE_PEER2PEER, "bit");
_Static_assert((int)VIRT_MIGRATE_TUNNELLED == VIR_MIGRATE_TUNNELLED, "bit");
_Static_assert((int)VIRT_MIGRATE_PERSIST_DEST == VIR_MIGRATE_PERSIST_DEST, "bit");
_Static_assert((int)VIRT_MIGRATE_UNDEFINE_SOURCE == VIR_MIGRATE_UNDEFINE_SOURCE, "bit");
_Static_assert((int)VIRT_MIGRATE_PAUSED == VIR_MIGRATE_PAUSED, "bit");
_Static_assert((int)VIRT_MIGRATE_NON_SHARED_DISK == VIR_MIGRATE_NON_SHARED_DISK, "bit");
_Static_assert((int)VIRT_MIGRATE_NON_SHARED_INC == VIR_MIGRATE_NON_SHARED_INC, "bit");
_Static_assert((int)VIRT_MIGRATE_CHANGE_PROTECTION == VIR_MIGRATE_CHANGE_PROTECTION, "bit");
_Static_assert((int)VIRT_MIGRATE_UNSAFE == VIR_MIGRATE_UNSAFE, "bit");
_Static_assert((int)VIRT_MIGRATE_OFFLINE == VIR_MIGRATE_OFFLINE, "bit");
_Static_assert((int)VIRT_MIGRATE_COMPRESSED == VIR_MIGRATE_COMPRESSED, "bit");
_Static_assert((int)VIRT_MIGRATE_ABORT_ON_ERROR == VIR_MIGRATE_ABORT_ON_ERROR, "bit");
_Static_assert((int)VIRT_MIGRATE_AUTO_CONVERGE == VIR_MIGRATE_AUTO_CONVERGE, "bit");
_Static_assert((int)VIRT_MIGRATE_RDMA_PIN_ALL == VIR_MIGRATE_RDMA_PIN_ALL, "bit");
_Static_assert((int)VIRT_MIGRATE_POSTCOPY == VIR_MIGRATE_POSTCOPY, "bit");
_Static_assert((int)VIRT_MIGRATE_TLS == VIR_MIGRATE_TLS, "bit");
_Static_assert((int)VIRT_MIGRATE_PARALLEL == VIR_MIGRATE_PARALLEL, "bit");
_Static_assert((int)VIRT_MIGRATE_NON_SHARED_SYNCHRONOUS_WRITES == VIR_MIGRATE_NON_SHARED_SYNCHRONOUS_WRITES, "bit");
_Static_assert((int)VIRT_MIGRATE_POSTCOPY_RESUME == VIR_MIGRATE_POSTCOPY_RESUME, "bit");
_Static_assert((int)VIRT_MIGRATE_ZEROCOPY == VIR_MIGRATE_ZEROCOPY, "bit");

static const struct {
    const char *name;
    int type;
} kinds[VIRT_PARAM_COUNT] = {
    [VIRT_PARAM_URI] = {VIR_MIGRATE_PARAM_URI, VIR_TYPED_PARAM_STRING},
    [VIRT_PARAM_DEST_NAME] = {VIR_MIGRATE_PARAM_DEST_NAME, VIR_TYPED_PARAM_STRING},
    [VIRT_PARAM_DEST_XML] = {VIR_MIGRATE_PARAM_DEST_XML, VIR_TYPED_PARAM_STRING},
    [VIRT_PARAM_PERSIST_XML] = {VIR_MIGRATE_PARAM_PERSIST_XML, VIR_TYPED_PARAM_STRING},
    [VIRT_PARAM_GRAPHICS_URI] = {VIR_MIGRATE_PARAM_GRAPHICS_URI, VIR_TYPED_PARAM_STRING},
    [VIRT_PARAM_LISTEN_ADDRESS] = {VIR_MIGRATE_PARAM_LISTEN_ADDRESS, VIR_TYPED_PARAM_STRING},
    [VIRT_PARAM_MIGRATE_DISKS] = {VIR_MIGRATE_PARAM_MIGRATE_DISKS, VIR_TYPED_PARAM_STRING},
    [VIRT_PARAM_DISKS_PORT] = {VIR_MIGRATE_PARAM_DISKS_PORT, VIR_TYPED_PARAM_INT},
    [VIRT_PARAM_DISKS_URI] = {VIR_MIGRATE_PARAM_DISKS_URI, VIR_TYPED_PARAM_STRING},
    [VIRT_PARAM_COMPRESSION] = {VIR_MIGRATE_PARAM_COMPRESSION, VIR_TYPED_PARAM_STRING},
    [VIRT_PARAM_MT_LEVEL] = {VIR_MIGRATE_PARAM_COMPRESSION_MT_LEVEL, VIR_TYPED_PARAM_INT},
    [VIRT_PARAM_MT_THREADS] = {VIR_MIGRATE_PARAM_COMPRESSION_MT_THREADS, VIR_TYPED_PARAM_INT},
    [VIRT_PARAM_MT_DTHREADS] = {VIR_MIGRATE_PARAM_COMPRESSION_MT_DTHREADS, VIR_TYPED_PARAM_INT},
    [VIRT_PARAM_XBZRLE_CACHE] = {VIR_MIGRATE_PARAM_COMPRESSION_XBZRLE_CACHE, VIR_TYPED_PARAM_ULLONG},
    [VIRT_PARAM_AUTO_CONVERGE_INITIAL] = {VIR_MIGRATE_PARAM_AUTO_CONVERGE_INITIAL, VIR_TYPED_PARAM_INT},
    [VIRT_PARAM_AUTO_CONVERGE_INCREMENT] = {VIR_MIGRATE_PARAM_AUTO_CONVERGE_INCREMENT, VIR_TYPED_PARAM_INT},
    [VIRT_PARAM_BANDWIDTH] = {VIR_MIGRATE_PARAM_BANDWIDTH, VIR_TYPED_PARAM_ULLONG},
    [VIRT_PARAM_BANDWIDTH_POSTCOPY] = {VIR_MIGRATE_PARAM_BANDWIDTH_POSTCOPY, VIR_TYPED_PARAM_ULLONG},
    [VIRT_PARAM_PARALLEL_CONNECTIONS] = {VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS, VIR_TYPED_PARAM_INT},
    [VIRT_PARAM_TLS_DESTINATION] = {VIR_MIGRATE_PARAM_TLS_DESTINATION, VIR_TYPED_PARAM_STRING},
};

struct virt_params {
    virTypedParameterPtr list;
    int n, max;
};

struct virt_params *virt_params_new(void)
{
    // Opening a connection does this, too, but parameters may be made before. Without it libvirt's slot for the
    // thread's last error is somebody else's.
    if (virInitialize() < 0)
        abort();
    return xnew(struct virt_params);
}

void virt_params_free(struct virt_params *p)
{
    if (!p)
        return;
    virTypedParamsFree(p->list, p->n);
    free(p);
}

bool virt_param_is_string(enum virt_migrate_param which)
{
    return kinds[which].type == VIR_TYPED_PARAM_STRING;
}

const char *virt_param_name(enum virt_migrate_param which)
{
    return kinds[which].name;
}

long long virt_param_max(enum virt_migrate_param which)
{
    return kinds[which].type == VIR_TYPED_PARAM_INT ? 0x7fffffff : 0x7fffffffffffffffLL;
}

// Adding fails for want of memory or for a name too long only: neither can happen to a sane program.
static void must(int r)
{
    if (r < 0)
        abort();
}

void virt_params_add_string(struct virt_params *p, enum virt_migrate_param which, const char *value)
{
    must(virTypedParamsAddString(&p->list, &p->n, &p->max, kinds[which].name, value));
}

void virt_params_add_number(struct virt_params *p, enum virt_migrate_param which, unsigned long long value)
{
    if (kinds[which].type == VIR_TYPED_PARAM_INT)
        must(virTypedParamsAddInt(&p->list, &p->n, &p->max, kinds[which].name, (int)value));
    else
        must(virTypedParamsAddULLong(&p->list, &p->n, &p->max, kinds[which].name, value));
}

bool virt_params_has(const struct virt_params *p, enum virt_migrate_param which)
{
    return virTypedParamsGet(p->list, p->n, kinds[which].name) != NULL;
}

json_t *virt_migrate_params_json(const struct virt_params *p)
{
    return virt_params_json(p->list, p->n);
}

static bool lost_sight(void)
{
    virErrorPtr v = virGetLastError();
    // The client library tells of a guest that has left the source and is not found on the destination by these two.
    if (!v || v->code == VIR_ERR_MIGRATE_FINISH_OK || v->code == VIR_ERR_NO_DOMAIN)
        return true;
    return v->code == VIR_ERR_RPC || v->domain == VIR_FROM_RPC || v->domain == VIR_FROM_REMOTE ||
           (v->message && strcasestr(v->message, "connection"));
}

int virt_migrate(struct virt_dom *d, struct virt_conn *dest, const char *dest_uri, struct virt_params *p,
                 unsigned flags, struct virt_dom **ret_dom, bool *ret_lost, struct err *e)
{
    virDomainPtr moved = NULL;
    bool ok;
    if (dest) {
        moved = VIRT(virDomainMigrate3(d->ptr, dest->ptr, p->list, (unsigned)p->n, flags));
        ok = moved != NULL;
    } else {
        ok = VIRT(virDomainMigrateToURI3(d->ptr, dest_uri, p->list, (unsigned)p->n, flags)) == 0;
    }
    if (!ok) {
        *ret_lost = lost_sight();
        return virt_fail(e, NULL);
    }
    if (moved)
        *ret_dom = virt_dom_wrap(dest, moved);
    return 0;
}

int virt_job_abort(struct virt_dom *d, bool postcopy, struct err *e)
{
    int r = postcopy ? VIRT(virDomainAbortJobFlags(d->ptr, VIR_DOMAIN_ABORT_JOB_POSTCOPY))
                     : VIRT(virDomainAbortJob(d->ptr));
    return r < 0 ? virt_fail(e, NULL) : 0;
}

int virt_migrate_set_downtime(struct virt_dom *d, unsigned long long ms, struct err *e)
{
    return VIRT(virDomainMigrateSetMaxDowntime(d->ptr, ms, 0)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_migrate_get_downtime(struct virt_dom *d, unsigned long long *ret_ms, struct err *e)
{
    return VIRT(virDomainMigrateGetMaxDowntime(d->ptr, ret_ms, 0)) < 0 ? virt_fail(e, NULL) : 0;
}

static unsigned speed_flags(bool postcopy)
{
    return postcopy ? VIR_DOMAIN_MIGRATE_MAX_SPEED_POSTCOPY : 0;
}

int virt_migrate_set_speed(struct virt_dom *d, unsigned long mib_s, bool postcopy, struct err *e)
{
    return VIRT(virDomainMigrateSetMaxSpeed(d->ptr, mib_s, speed_flags(postcopy))) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_migrate_get_speed(struct virt_dom *d, bool postcopy, unsigned long *ret_mib_s, struct err *e)
{
    return VIRT(virDomainMigrateGetMaxSpeed(d->ptr, ret_mib_s, speed_flags(postcopy))) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_migrate_set_cache(struct virt_dom *d, unsigned long long bytes, struct err *e)
{
    return VIRT(virDomainMigrateSetCompressionCache(d->ptr, bytes, 0)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_migrate_get_cache(struct virt_dom *d, unsigned long long *ret_bytes, struct err *e)
{
    return VIRT(virDomainMigrateGetCompressionCache(d->ptr, ret_bytes, 0)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_migrate_start_postcopy(struct virt_dom *d, struct err *e)
{
    return VIRT(virDomainMigrateStartPostCopy(d->ptr, 0)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_migrate_suspend(struct virt_dom *d, struct err *e)
{
    return VIRT(virDomainSuspend(d->ptr)) < 0 ? virt_fail(e, NULL) : 0;
}

static enum virt_presence presence_of(int state, int reason)
{
    switch (state) {
    case VIR_DOMAIN_SHUTOFF:
    case VIR_DOMAIN_CRASHED:
        return VIRT_SHUT_OFF;
    case VIR_DOMAIN_PAUSED:
        return reason == VIR_DOMAIN_PAUSED_POSTCOPY || reason == VIR_DOMAIN_PAUSED_POSTCOPY_FAILED
                   ? VIRT_PAUSED_POSTCOPY
                   : VIRT_PAUSED;
    default:
        return VIRT_RUNNING;
    }
}

int virt_dom_presence(struct virt_conn *c, const char *uuid, enum virt_presence *ret, struct err *e)
{
    virDomainPtr ptr = VIRT(virDomainLookupByUUIDString(c->ptr, uuid));
    int state = 0, reason = 0;
    int r = ptr ? VIRT(virDomainGetState(ptr, &state, &reason, 0)) : -1;
    virErrorPtr v = r < 0 ? virGetLastError() : NULL;
    bool absent = v && v->code == VIR_ERR_NO_DOMAIN;
    if (r < 0 && !absent)
        virt_fail(e, NULL);
    if (ptr)
        virDomainFree(ptr);
    if (r < 0 && !absent)
        return -1;
    *ret = absent ? VIRT_ABSENT : presence_of(state, reason);
    return 0;
}
