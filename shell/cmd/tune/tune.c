// SPDX-License-Identifier: GPL-3.0-or-later
// Shared by the commands on a domain's limits, CPUs and memory. Job threads. See tune.h.
#include "cmd/tune/tune.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/printable.h"
#include "cmd/domain/power.h"
#include "cmd/engine/render.h"

void tune_settings(const struct cmd_call *c, int first, int last, const char *prefix, struct strv *ret)
{
    for (int i = first; i <= last; i++) {
        const struct opt_def *o = &c->def->opts[i];
        const struct opt_val *v = &c->vals[i];
        if (!v->given)
            continue;
        unsigned long long unit = o->unit_bytes ? o->unit_bytes : 1;
        char *text = o->type == OPT_SIZE ? xasprintf("%s%s=%llu", prefix, o->name, v->bytes / unit)
                                         : xasprintf("%s%s=%s", prefix, o->name, v->s);
        for (char *p = text; *p != '='; p++) {
            if (*p == '-')
                *p = '_';
        }
        strv_take(ret, text);
    }
}

int tune_failed(const struct virt_dom *dom, const char *verb, struct err *e)
{
    return domain_failed_off(dom, verb, AFFECT_STATE_HINT, e);
}

int tune_done(struct cmd_call *c)
{
    static const struct view nothing = {VIEW_NONE};
    domain_result(c, cmd_val(c, "domain")->dom);
    c->view = &nothing;
    return 0;
}

int tune_run(struct cmd_call *c, enum virt_tuning kind, const char *device, const struct strv *settings,
             const char *noun, struct err *e)
{
    struct virt_dom *dom = cmd_val(c, "domain")->dom;
    unsigned affect = cmd_bits(c);
    int r = settings->n ? virt_dom_tune(dom, kind, device, settings, affect, e)
                        : virt_dom_tuning(dom, kind, device, affect, &c->result, e);
    if (r < 0) {
        _cleanup_free_ char *verb = xasprintf("%s the %s parameters of", settings->n ? "set" : "get", noun);
        return tune_failed(dom, verb, e);
    }
    return settings->n ? tune_done(c) : 0;
}

void tune_render(const json_t *value, struct buf *out)
{
    render_members(value, 15, out);
}
