// SPDX-License-Identifier: GPL-3.0-or-later
// QEMU's monitor, by way of libvirt. Job threads. See virt/monitor.h.
#include "io/virt/monitor.h"

#include <libvirt/libvirt-qemu.h>

#include "base/json.h"
#include "io/virt/priv.h"

enum { TELLS = 6000000 };

int virt_qemu_blockers_parse(const char *answer, json_t **ret, struct err *e)
{
    json_error_t why;
    json_auto_t *all = json_loads(answer, 0, &why);
    const json_t *told = json_object_get(all, "return");
    const char *refused = json_text_at(json_object_get(all, "error"), "desc");
    if (refused)
        return err_set(e, ERR_FAILED, "query-migrate: %s", refused);
    if (!json_is_object(told))
        return err_set(e, ERR_FAILED, "query-migrate: not an answer of QEMU's: %.200s", answer);
    json_t *reasons = json_object_get(told, "blocked-reasons"); // left out where there are none
    *ret = json_is_array(reasons) ? json_incref(reasons) : json_array();
    return 0;
}

int virt_qemu_blockers(struct virt_dom *d, json_t **ret, struct err *e)
{
    char *answer = NULL;
    unsigned long version = 0;
    if (VIRT(virConnectGetVersion(d->conn->ptr, &version)) < 0)
        return virt_fail(e, NULL);
    if (version < TELLS)
        return err_set(e, ERR_UNSUPPORTED, "only QEMU tells what blocks a migration, and since 6.0");
    if (VIRT(virDomainQemuMonitorCommand(d->ptr, "{\"execute\":\"query-migrate\"}", &answer, 0)) < 0)
        return virt_fail(e, NULL);
    int r = virt_qemu_blockers_parse(answer ? answer : "", ret, e);
    free(answer);
    return r;
}
