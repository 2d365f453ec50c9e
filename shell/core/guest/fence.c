// SPDX-License-Identifier: GPL-3.0-or-later
// Brings a guest up paused, asks again, lets it go on or takes it back. Job threads. See fence.h.
#include "core/guest/fence.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "core/console/out.h"
#include "io/job.h"
#include "io/virt/dom.h"
#include "io/virt/lifecycle.h"
#include "io/virt/save.h"

// How long the first one waits for the others to take theirs back, and how often it looks.
static const double GONE_MS = 30e3, LOOK_MS = 300;

enum fence_verdict fence_judge(const struct copies *c, bool force)
{
    enum fence_verdict v = FENCE_FREE;
    for (size_t i = 0; i < c->n; i++) {
        const struct copy_answer *a = &c->answers[i];
        if (!a->state && (force || !err_is_set(&a->err)))
            continue;
        bool ends = a->state && strcmp(a->state, "in shutdown") == 0; // taken back, it may be
        if (!ends && (!a->state || a->first || strcmp(a->state, "paused") != 0))
            return FENCE_YIELD;
        v = FENCE_WAIT;
    }
    return v;
}

// Says why it is taken back.
static int explain(const struct fence *f, const struct copies *c, struct err *e)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct copy_answer *a = &c->answers[i];
        if (a->state && a->first && strcmp(a->state, "paused") == 0)
            return err_set(e, ERR_STATE, "domain '%s' is being started on %s at the same moment, and continues there",
                           f->q.name, a->node->name);
    }
    return copies_judge(&f->q, c, e);
}

// Until nobody else has it.
static int settle(struct fence *f, const struct copies *before, struct err *e)
{
    double until = clock_mono_ms() + GONE_MS;
    for (;;) {
        _cleanup_copies_ struct copies now = {NULL, 0};
        if (copies_ask(&f->q, before, &now, e) < 0)
            return -1;
        enum fence_verdict v = fence_judge(&now, f->q.force);
        if (v == FENCE_FREE)
            return 0;
        if (v == FENCE_YIELD || clock_mono_ms() > until)
            return explain(f, &now, e);
        if (job_sleep(f->q.job, LOOK_MS, e) < 0)
            return -1;
    }
}

// It has not run, unless somebody else has resumed it meanwhile: then it is his. What cannot be taken back stays
// paused.
static void take_back(const struct fence *f, struct virt_dom *dom, struct err *e)
{
    _cleanup_err_ struct err why = ERR_INIT;
    const char *state = NULL, *where = target_label(f->q.here);
    int r = virt_dom_state(dom, &state, NULL, &why);
    if (r == 0 && strcmp(state, "paused") != 0) {
        out_notice(OUT_WARN, "'%s' is %s on %s because of somebody else: it is left alone", f->q.name, state, where);
        return;
    }
    if (r == 0)
        r = f->saved ? virt_dom_managed_save(dom, f->save_flags, &why) : virt_dom_destroy(dom, 0, &why);
    if (r == 0)
        return;
    err_wrap(e, "'%s' is left paused on %s: %s", f->q.name, where, why.msg);
    err_hint(e,
             f->saved ? "its memory is what was saved: do not destroy it; managedsave %s@%s saves it again"
                      : "destroy %s@%s: it has not run",
             f->q.name, where);
}

static int go_on(const struct fence *f, struct virt_dom *dom, struct err *e)
{
    return f->stay_paused ? 0 : virt_dom_resume(dom, e);
}

static int begin_paused(struct fence *f, const struct copies *before, struct virt_dom **ret, struct err *e)
{
    struct virt_dom *dom = NULL;
    if (f->begin(f->data, true, &dom, e) < 0) {
        if (e->code != ERR_UNSUPPORTED)
            return -1;
        err_release(e); // a driver that cannot start paused
        return f->begin(f->data, f->stay_paused, ret, e);
    }
    f->q.id = virt_dom_id(dom);
    if (settle(f, before, e) < 0 || go_on(f, dom, e) < 0) {
        take_back(f, dom, e);
        virt_dom_free(dom);
        return -1;
    }
    *ret = dom;
    return 0;
}

int fence_begin(struct fence *f, struct virt_dom **ret, struct err *e)
{
    _cleanup_copies_ struct copies before = {NULL, 0};
    if (copies_ask(&f->q, NULL, &before, e) < 0)
        return -1;
    if (!before.n)
        return f->begin(f->data, f->stay_paused, ret, e);
    return copies_judge(&f->q, &before, e) < 0 ? -1 : begin_paused(f, &before, ret, e);
}
