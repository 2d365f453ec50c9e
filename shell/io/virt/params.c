// SPDX-License-Identifier: GPL-3.0-or-later
// Typed parameters. See virt/params_priv.h.
#include "io/virt/params_priv.h"

#include <string.h>

#include "base/json.h"
#include "io/virt/priv.h"

// JSON has no unsigned 64-bit numbers; what does not fit jansson's signed ones is kept as nearly as a double can.
static json_t *unsigned_value(unsigned long long n)
{
    return n <= 0x7fffffffffffffffULL ? json_integer((json_int_t)n) : json_real((double)n);
}

json_t *virt_param_value(const virTypedParameter *p)
{
    switch (p->type) {
    case VIR_TYPED_PARAM_INT:
        return json_integer(p->value.i);
    case VIR_TYPED_PARAM_UINT:
        return json_integer(p->value.ui);
    case VIR_TYPED_PARAM_LLONG:
        return json_integer(p->value.l);
    case VIR_TYPED_PARAM_ULLONG:
        return unsigned_value(p->value.ul);
    case VIR_TYPED_PARAM_DOUBLE:
        return json_real(p->value.d);
    case VIR_TYPED_PARAM_BOOLEAN:
        return json_boolean(p->value.b);
    case VIR_TYPED_PARAM_STRING:
        return json_text(p->value.s);
    default:
        return json_null();
    }
}

// A field may stand there several times (migrate_disks): it becomes a list then.
json_t *virt_params_json(const virTypedParameter *params, int n)
{
    json_t *v = json_object();
    for (int i = 0; i < n; i++) {
        json_t *before = json_object_get(v, params[i].field);
        if (!before) {
            json_object_set_new(v, params[i].field, virt_param_value(&params[i]));
            continue;
        }
        json_t *list = json_is_array(before) ? json_incref(before) : json_pack("[O]", before);
        json_array_append_new(list, virt_param_value(&params[i]));
        json_object_set_new(v, params[i].field, list);
    }
    return v;
}

int virt_params_parse(const virTypedParameter *known, int n, const char *what, const struct strv *settings,
                      virTypedParameterPtr *ret, int *ret_n, struct err *e)
{
    int max = 0;
    *ret = NULL;
    *ret_n = 0;
    for (size_t i = 0; i < settings->n; i++) {
        const char *text = settings->s[i], *equals = strchr(text, '=');
        _cleanup_free_ char *name = xstrndup(text, equals ? (size_t)(equals - text) : strlen(text));
        const virTypedParameter *p = virTypedParamsGet((virTypedParameterPtr)known, n, name);
        if (!what && !p)
            return err_set(e, ERR_UNSUPPORTED, "this hypervisor has no parameter '%s'", name);
        if (!equals || !p) {
            err_set(e, ERR_USAGE, "invalid %s: %s", what, text);
            return err_hint(e, "NAME=VALUE, with a name that is shown where none is given");
        }
        if (virTypedParamsAddFromString(ret, ret_n, &max, name, p->type, equals + 1) < 0)
            return virt_fail(e, NULL);
    }
    return 0;
}
