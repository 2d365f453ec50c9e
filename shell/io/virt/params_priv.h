// SPDX-License-Identifier: GPL-3.0-or-later
// libvirt's typed parameters: to JSON, and from what people write. Any thread.
// Must not be included outside io/virt_*.c.
#pragma once

#include <jansson.h>
#include <libvirt/libvirt.h>

#include "base/err.h"
#include "base/strv.h"

json_t *virt_param_value(const virTypedParameter *p);
// {field: value}, or a list of values where a field is repeated; the caller owns it.
json_t *virt_params_json(const virTypedParameter *params, int n);

// "NAME=VALUE" each, with the type that NAME has among the n known ones; the caller frees *ret by virTypedParamsFree(),
// also where there is an error. ERR_USAGE: "invalid WHAT: …" (with `what` NULL the names are ours, and one that
// is not known is ERR_UNSUPPORTED).
int virt_params_parse(const virTypedParameter *known, int n, const char *what, const struct strv *settings,
                      virTypedParameterPtr *ret, int *ret_n, struct err *e);
