// SPDX-License-Identifier: GPL-3.0-or-later
// Statistics of a domain's job, and the event of each pass over its memory. Job threads; the event comes on the main
// thread. See virt/migrate.h.
#include <stdatomic.h>
#include <string.h>

#include "base/json.h"
#include "io/job.h"
#include "io/virt/migrate.h"
#include "io/virt/params_priv.h"
#include "io/virt/priv.h"

static const char *const types[] = {
    [VIR_DOMAIN_JOB_NONE] = "none",           [VIR_DOMAIN_JOB_BOUNDED] = "bounded",
    [VIR_DOMAIN_JOB_UNBOUNDED] = "unbounded", [VIR_DOMAIN_JOB_COMPLETED] = "completed",
    [VIR_DOMAIN_JOB_FAILED] = "failed",       [VIR_DOMAIN_JOB_CANCELLED] = "cancelled",
};
_Static_assert((int)VIRT_JOB_CANCELLED == VIR_DOMAIN_JOB_CANCELLED, "job types have libvirt's values");
_Static_assert((int)VIRT_JOB_STATS_COMPLETED == VIR_DOMAIN_JOB_STATS_COMPLETED, "bit");
_Static_assert((int)VIRT_JOB_SAVE == VIR_DOMAIN_JOB_OPERATION_SAVE &&
                   (int)VIRT_JOB_MIGRATION_OUT == VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT &&
                   (int)VIRT_JOB_DUMP == VIR_DOMAIN_JOB_OPERATION_DUMP,
               "operations have libvirt's values");
_Static_assert((int)VIRT_JOB_STATS_KEEP == VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED, "bit");

static const char *const operations[] = {
    [VIR_DOMAIN_JOB_OPERATION_UNKNOWN] = "unknown",
    [VIR_DOMAIN_JOB_OPERATION_START] = "start",
    [VIR_DOMAIN_JOB_OPERATION_SAVE] = "save",
    [VIR_DOMAIN_JOB_OPERATION_RESTORE] = "restore",
    [VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN] = "migration-in",
    [VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT] = "migration-out",
    [VIR_DOMAIN_JOB_OPERATION_SNAPSHOT] = "snapshot",
    [VIR_DOMAIN_JOB_OPERATION_SNAPSHOT_REVERT] = "snapshot-revert",
    [VIR_DOMAIN_JOB_OPERATION_DUMP] = "dump",
    [VIR_DOMAIN_JOB_OPERATION_BACKUP] = "backup",
};

static const char *pick(const char *const *names, size_t n, int i)
{
    return i >= 0 && (size_t)i < n && names[i] ? names[i] : "unknown";
}

int virt_job_stats(struct virt_dom *d, int flags, enum virt_job_type *ret_type, json_t **ret, struct err *e)
{
    virTypedParameterPtr list = NULL;
    int type = 0, n = 0;
    if (VIRT(virDomainGetJobStats(d->ptr, &type, &list, &n, (unsigned)flags)) < 0)
        return virt_fail(e, NULL);
    json_t *all = json_pack("{s:o}", "type", json_text(pick(types, ARRAY_SIZE(types), type)));
    for (int i = 0; i < n; i++) {
        bool operation = strcmp(list[i].field, VIR_DOMAIN_JOB_OPERATION) == 0;
        json_object_set_new(all, list[i].field,
                            operation ? json_text(pick(operations, ARRAY_SIZE(operations), list[i].value.i))
                                      : virt_param_value(&list[i]));
    }
    virTypedParamsFree(list, n);
    *ret_type = (enum virt_job_type)type;
    *ret = all;
    return 0;
}

bool virt_job_is(const json_t *stats, enum virt_job_operation operation)
{
    const char *running = json_text_at(stats, "operation");
    return running && strcmp(running, operations[operation]) == 0;
}

int virt_job_abort_own(struct virt_dom *d, enum virt_job_operation own, struct err *e)
{
    enum virt_job_type type;
    json_auto_t *stats = NULL;
    if (virt_job_stats(d, 0, &type, &stats, e) < 0)
        return -1;
    const char *running = json_text_at(stats, "operation");
    if (type == VIRT_JOB_NONE)
        return err_set(e, ERR_STATE, "'%s' has no job", virt_dom_name(d));
    if (!virt_job_is(stats, own))
        return err_set(e, ERR_STATE, "the job of '%s' is not a %s (but %s)", virt_dom_name(d), operations[own],
                       running ? running : "unknown");
    return virt_job_abort(d, false, e);
}

struct virt_iteration {
    struct virt_conn *conn; // a reference
    int id;
    void (*fn)(void *data, int iteration);
    void *data;
};

static void on_iteration(virConnectPtr conn, virDomainPtr dom, int iteration, void *opaque)
{
    (void)conn;
    (void)dom;
    struct virt_iteration *w = opaque;
    if (w->fn)
        w->fn(w->data, iteration);
}

static void on_released(void *opaque)
{
    free(opaque);
}

int virt_iteration_watch(struct virt_dom *d, void (*fn)(void *data, int iteration), void *data,
                         struct virt_iteration **ret, struct err *e)
{
    struct virt_iteration *w = xnew(struct virt_iteration);
    w->conn = d->conn;
    w->fn = fn;
    w->data = data;
    w->id = VIRT(virConnectDomainEventRegisterAny(d->conn->ptr, d->ptr, VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION,
                                                  VIR_DOMAIN_EVENT_CALLBACK(on_iteration), w, on_released));
    if (w->id < 0) {
        virt_fail(e, "cannot watch the passes of the migration");
        free(w);
        return -1;
    }
    virt_conn_ref(w->conn);
    *ret = w;
    return 0;
}

// On the main thread, where the callbacks come: so none of them is under way.
static void silence(void *data)
{
    ((struct virt_iteration *)data)->fn = NULL;
}

void virt_iteration_stop(struct virt_iteration *w)
{
    if (!w)
        return;
    struct virt_conn *conn = w->conn;
    int id = w->id;
    job_call_main(silence, w);
    // libvirt frees w by on_released() once the loop lets go of it; an event in between finds fn NULL.
    (void)VIRT(virConnectDomainEventDeregisterAny(conn->ptr, id));
    virt_conn_unref(conn);
}
