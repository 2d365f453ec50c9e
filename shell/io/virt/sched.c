// SPDX-License-Identifier: GPL-3.0-or-later
// Scheduler parameters. Job threads. See virt/sched.h.
#include "io/virt/sched.h"

#include "base/json.h"
#include "io/virt/params_priv.h"
#include "io/virt/priv.h"

static int get(struct virt_dom *d, unsigned affect, char **ret_type, virTypedParameterPtr *ret, int *ret_n,
               struct err *e)
{
    int n = 0;
    char *type = VIRT(virDomainGetSchedulerType(d->ptr, &n));
    if (!type)
        return virt_fail(e, NULL);
    virTypedParameterPtr params = xcalloc((size_t)n + 1, sizeof(*params));
    // The older call where it will do: not every hypervisor knows the flags.
    int r = !n       ? 0
            : affect ? VIRT(virDomainGetSchedulerParametersFlags(d->ptr, params, &n, affect))
                     : VIRT(virDomainGetSchedulerParameters(d->ptr, params, &n));
    if (r < 0) {
        free(type);
        free(params);
        return virt_fail(e, NULL);
    }
    *ret_type = type;
    *ret = params;
    *ret_n = n;
    return 0;
}

int virt_dom_sched(struct virt_dom *d, unsigned affect, json_t **ret, struct err *e)
{
    _cleanup_free_ char *type = NULL;
    virTypedParameterPtr params = NULL;
    int n = 0;
    if (get(d, affect, &type, &params, &n, e) < 0)
        return -1;
    *ret = json_pack("{s:o, s:o}", "scheduler", json_text(type), "parameters", virt_params_json(params, n));
    virTypedParamsFree(params, n);
    return 0;
}

int virt_dom_set_sched(struct virt_dom *d, const struct strv *settings, unsigned affect, struct err *e)
{
    _cleanup_free_ char *type = NULL;
    virTypedParameterPtr known = NULL, list = NULL;
    int n = 0, count = 0;
    if (get(d, affect, &type, &known, &n, e) < 0)
        return -1;
    int r = virt_params_parse(known, n, "scheduler option", settings, &list, &count, e);
    if (r == 0 && (affect ? VIRT(virDomainSetSchedulerParametersFlags(d->ptr, list, count, affect))
                          : VIRT(virDomainSetSchedulerParameters(d->ptr, list, count))) < 0)
        r = virt_fail(e, NULL);
    virTypedParamsFree(known, n);
    virTypedParamsFree(list, count);
    return r;
}
