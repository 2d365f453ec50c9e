// SPDX-License-Identifier: GPL-3.0-or-later
// A long call, what is told of it meanwhile, and its abortion. The call is made on the job's thread, its progress asked
// for on another, and the abort is the job's cancel hook. See long.h.
#include "cmd/save/long.h"

#include <time.h>

#include "base/buf.h"
#include "base/json.h"
#include "core/console/out.h"
#include "io/job.h"

enum { LOOK_MS = 250 };

struct call {
    const struct cmd_call *c;
    struct virt_dom *dom;
    enum virt_job_operation operation;
    struct lock *lock;
    bool returned, shown;
};

// Until then, or the call has returned: true.
static bool returns_within(struct call *l, double ms)
{
    _cleanup_err_ struct err ignored = ERR_INIT;
    lock_acquire(l->lock);
    if (!l->returned)
        lock_wait(l->lock, NULL, ms, &ignored);
    bool returned = l->returned;
    lock_release(l->lock);
    return returned;
}

// `percent` below 0: nobody knows; `end` NULL: it is under way.
static void show(struct call *l, double percent, const char *end)
{
    const char *verb = l->c->def->name, *name = virt_dom_name(l->dom);
    _cleanup_free_ char *text =
        end ? xasprintf("%s %s: %s", verb, name, end) : xasprintf("%s %s: [%3.0f %%]", verb, name, percent);
    json_t *v = json_object();
    json_object_set_new(v, "job", json_text(verb));
    json_object_set_new(v, "domain", json_text(name));
    json_object_set_new(v, "text", json_text(text));
    if (percent >= 0)
        json_object_set_new(v, "percent", json_real(percent));
    l->shown = true;
    out_progress(v, end != NULL);
}

// The call may still be waiting behind somebody else's job, whose progress is not its own.
static void look(struct call *l)
{
    _cleanup_err_ struct err ignored = ERR_INIT;
    enum virt_job_type type;
    json_auto_t *stats = NULL;
    if (virt_job_stats(l->dom, 0, &type, &stats, &ignored) < 0 || type == VIRT_JOB_NONE ||
        !virt_job_is(stats, l->operation))
        return;
    double total = json_number_value(json_object_get(stats, "data_total"));
    double left = json_number_value(json_object_get(stats, "data_remaining"));
    show(l, total > 0 ? 100 * (total - left) / total : 0, NULL);
}

static void watch(void *data)
{
    struct call *l = data;
    while (!returns_within(l, LOOK_MS))
        look(l);
}

// The job may not have begun yet, as somebody else's runs, or not be one that can be given up: tried again until the
// call returns.
static void give_up(void *data)
{
    struct call *l = data;
    out_notice(OUT_INFO, "cancelling the %s of '%s'", l->c->def->name, virt_dom_name(l->dom));
    do {
        _cleanup_err_ struct err ignored = ERR_INIT;
        virt_job_abort_own(l->dom, l->operation, &ignored);
    } while (!returns_within(l, LOOK_MS));
}

int long_call(struct cmd_call *c, struct virt_dom *dom, enum virt_job_operation operation, bool verbose,
              int (*fn)(void *data, struct err *e), void *data, struct err *e)
{
    struct call l = {.c = c, .dom = dom, .operation = operation, .lock = lock_new()};
    struct job_hook hook = {.fn = give_up, .data = &l};
    struct job_thread *watcher = verbose ? job_thread_start("progress", watch, &l, e) : NULL;
    err_release(e); // without a thread nothing is shown
    job_hook_push(c->job, &hook);
    int r = job_check(c->job, e);
    if (r == 0)
        r = fn(data, e);
    lock_acquire(l.lock);
    l.returned = true;
    lock_wake(l.lock);
    lock_release(l.lock);
    job_hook_pop(c->job, &hook);
    job_thread_join(watcher);
    if (l.shown && r == 0)
        show(&l, 100, "[100 %]");
    else if (l.shown)
        show(&l, -1, "stopped");
    lock_free(l.lock);
    return r;
}
