// SPDX-License-Identifier: GPL-3.0-or-later
// Scheduler parameters. Job threads. See virt/sched.h.
#include "io/virt/sched.h"

#include <string.h>

#include "base/json.h"
#include "io/virt/priv.h"

_Static_assert((int)VIRT_IMPACT_LIVE == VIR_DOMAIN_AFFECT_LIVE && (int)VIRT_IMPACT_CONFIG == VIR_DOMAIN_AFFECT_CONFIG,
               "our bits are libvirt's");

static int get(struct virt_dom *d, unsigned impact, char **ret_type, virTypedParameterPtr *ret, int *ret_n,
               struct err *e)
{
    int n = 0;
    char *type = VIRT(virDomainGetSchedulerType(d->ptr, &n));
    if (!type)
        return virt_fail(e, NULL);
    virTypedParameterPtr params = xcalloc((size_t)n + 1, sizeof(*params));
    // The older call where it will do: not every hypervisor knows the flags.
    int r = !n       ? 0
            : impact ? VIRT(virDomainGetSchedulerParametersFlags(d->ptr, params, &n, impact))
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

int virt_dom_sched(struct virt_dom *d, unsigned impact, json_t **ret, struct err *e)
{
    _cleanup_free_ char *type = NULL;
    virTypedParameterPtr params = NULL;
    int n = 0;
    if (get(d, impact, &type, &params, &n, e) < 0)
        return -1;
    json_t *values = json_object();
    for (int i = 0; i < n; i++)
        json_object_set_new(values, params[i].field, virt_param_value(&params[i]));
    virTypedParamsFree(params, n);
    *ret = json_pack("{s:o, s:o}", "scheduler", json_text(type), "parameters", values);
    return 0;
}

// One setting, with the type that the hypervisor gives to the parameter.
static int add_setting(const char *text, virTypedParameterPtr known, int n, virTypedParameterPtr *list, int *count,
                       int *max, struct err *e)
{
    const char *equals = strchr(text, '=');
    _cleanup_free_ char *name = xstrndup(text, equals ? (size_t)(equals - text) : strlen(text));
    virTypedParameterPtr p = virTypedParamsGet(known, n, name);
    if (!equals || !p) {
        err_set(e, ERR_USAGE, "invalid scheduler option: %s", text);
        return err_hint(e, "NAME=VALUE, with a name that schedinfo shows");
    }
    if (virTypedParamsAddFromString(list, count, max, name, p->type, equals + 1) < 0)
        return virt_fail(e, NULL);
    return 0;
}

int virt_dom_set_sched(struct virt_dom *d, const struct strv *settings, unsigned impact, struct err *e)
{
    _cleanup_free_ char *type = NULL;
    virTypedParameterPtr known = NULL, list = NULL;
    int n = 0, count = 0, max = 0, r = 0;
    if (get(d, impact, &type, &known, &n, e) < 0)
        return -1;
    for (size_t i = 0; i < settings->n && r == 0; i++)
        r = add_setting(settings->s[i], known, n, &list, &count, &max, e);
    if (r == 0 && (impact ? VIRT(virDomainSetSchedulerParametersFlags(d->ptr, list, count, impact))
                          : VIRT(virDomainSetSchedulerParameters(d->ptr, list, count))) < 0)
        r = virt_fail(e, NULL);
    virTypedParamsFree(known, n);
    virTypedParamsFree(list, count);
    return r;
}
