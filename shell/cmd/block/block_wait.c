// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting for a job on a disk. The body waits on a job's thread; libvirt's events come on the main thread. That the
// disk has no job any more is asked, too, as the event of a domain that stops, or of a daemon that is started anew, may
// never come. See block.h.
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/units.h"
#include "cmd/block/block.h"
#include "cmd/device/device.h"
#include "cmd/domain/power.h"
#include "core/console/out.h"
#include "core/guest/domxml.h"
#include "io/job.h"
#include "io/virt/block.h"
#include "io/virt/event.h"
#include "io/xml.h"

// How often the progress is asked for; how long an event may be behind what is seen; how long an aborted job may take.
static const double LOOK_MS = 500, LATE_MS = 3000, ABORT_MS = 30000;

static struct virt_dom *dom_of(const struct block_wait *w)
{
    return cmd_val(w->c, "domain")->dom;
}

int block_bandwidth(const struct cmd_call *c, unsigned long long *ret, struct err *e)
{
    const char *text = cmd_val(c, "bandwidth")->s;
    bool bytes = cmd_val(c, "bytes")->b;
    unsigned long long n = 0;
    if (text && (str_to_size(text, bytes ? 1 : 1 << 20, &n) < 0 || n > 0x7fffffffffffffffULL)) {
        err_set(e, ERR_USAGE, "--bandwidth: '%s' is not a number or size", text);
        return err_hint(e, "such as 100, which is MiB/s, 1G, or 500K with --bytes; 0 is no limit");
    }
    if (n && !bytes && n < 1 << 20)
        return err_set(e, ERR_USAGE, "--bandwidth: '%s' is less than 1 MiB/s, which needs --bytes", text);
    *ret = bytes ? n : n >> 20 << 20;
    return 0;
}

int block_waits(const struct cmd_call *c, bool *ret, struct err *e)
{
    static const char *const ways[] = {"wait", "timeout", "pivot", "finish", "keep-overlay"};
    const struct opt_val *timeout = cmd_val(c, "timeout");
    *ret = false;
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        const struct opt_val *v = cmd_val(c, ways[i]);
        *ret |= v && v->given;
    }
    return timeout->given && timeout->ms <= 0 ? err_set(e, ERR_USAGE, "--timeout must be greater than 0") : 0;
}

// ---- events

static void on_event(const json_t *event, void *data)
{
    static const char *const known[] = {"ready", "completed", "failed", "canceled"};
    struct block_wait *w = data;
    const char *disk = json_text_at(event, "disk"), *status = json_text_at(event, "status");
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (!disk || !status || strcmp(disk, w->target) != 0 || strcmp(status, known[i]) != 0)
            continue;
        lock_acquire(w->lock);
        w->status = known[i];
        lock_wake(w->lock);
        lock_release(w->lock);
    }
}

static bool is_over(const char *status)
{
    return status && strcmp(status, "ready") != 0;
}

// Waits for another status than *status, which the caller knows, or `ms`. -1: ERR_CANCELLED. `job` NULL: cannot be
// cancelled.
static int wait_event(struct block_wait *w, struct job *job, double ms, const char **status, struct err *e)
{
    _cleanup_err_ struct err why = ERR_INIT;
    lock_acquire(w->lock);
    int r = w->status != *status ? 0 : lock_wait(w->lock, job, ms, &why);
    *status = w->status;
    lock_release(w->lock);
    if (r == 0 || why.code != ERR_CANCELLED)
        return 0;
    err_move(e, &why);
    return -1;
}

// ---- what the disk uses

// What the element there is stored in; NULL: there is no such element, or nothing in it.
static char *source_at(struct xml_doc *doc, const char *xpath)
{
    size_t n;
    _cleanup_free_ struct xml_node **node = xml_nodes(doc, NULL, xpath, &n);
    json_auto_t *disk = n ? domxml_disk(doc, node[0]) : NULL;
    const char *source = json_text_at(disk, "source");
    return source ? xstrdup(source) : NULL;
}

// Its source, and what it is mirrored to; NULL: nothing. false: that cannot be told.
static bool look_at_disk(struct block_wait *w, char **ret_source, char **ret_mirror)
{
    _cleanup_err_ struct err unknown = ERR_INIT;
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    int number;
    if (device_domain_xml(w->c, false, &doc, &unknown) < 0 ||
        device_find_disk(w->c, doc, w->target, false, &number, &unknown) < 0)
        return false;
    _cleanup_free_ char *disk = xasprintf("/domain/devices/disk[%d]", number);
    _cleanup_free_ char *mirror = xasprintf("%s/mirror", disk);
    *ret_source = source_at(doc, disk);
    *ret_mirror = source_at(doc, mirror);
    return true;
}

static void add_disk(struct block_wait *w, struct buf *b)
{
    _cleanup_free_ char *source = NULL, *mirror = NULL;
    const char *name = virt_dom_name(dom_of(w));
    if (!look_at_disk(w, &source, &mirror)) {
        buf_addf(b, "cannot tell what %s of '%s' uses now: domblklist %s shows it", w->target, name, name);
        return;
    }
    buf_addf(b, "%s of '%s' uses %s", w->target, name, source ? source : "a source without a name");
    if (mirror)
        buf_addf(b, ", and is still mirrored to %s (blockjob %s %s --abort ends that)", mirror, name, w->target);
}

// "TEXT; what the disk uses"
static int failed(struct block_wait *w, enum err_code code, const char *text, struct err *e)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    add_disk(w, &b);
    if (w->left)
        buf_addf(&b, "; %s", w->left);
    return err_set(e, code, "%s; %s", text, buf_str(&b));
}

void block_result(struct block_wait *w, const char *state, const char *summary)
{
    static const struct view view = {VIEW_NONE, .message = "{summary}"}, silent = {VIEW_NONE};
    _cleanup_free_ char *source = NULL, *mirror = NULL;
    struct cmd_call *c = w->c;
    domain_result(c, dom_of(w));
    json_object_set_new(c->result, "disk", json_text(w->target ? w->target : w->path));
    json_object_set_new(c->result, "state", json_text(state));
    if (w->target && look_at_disk(w, &source, &mirror))
        json_object_set_new(c->result, "source", json_text(source));
    if (summary)
        json_object_set_new(c->result, "summary", json_text(summary));
    c->view = summary ? &view : &silent;
}

// ---- waiting

int block_wait_begin(struct block_wait *w, struct err *e)
{
    _cleanup_(xml_free_p) struct xml_doc *doc = NULL;
    struct cmd_call *c = w->c;
    int number;
    if (device_domain_xml(c, false, &doc, e) < 0 || device_find_disk(c, doc, w->path, false, &number, e) < 0)
        return -1;
    _cleanup_free_ char *target = xasprintf("/domain/devices/disk[%d]/target/@dev", number);
    w->target = xml_string(doc, NULL, target);
    w->lock = lock_new();
    return virt_event_subscribe(c->conn, dom_of(w), VIRT_EVENT_BLOCK_JOB_2, on_event, w, &w->sub, e);
}

void block_wait_release(struct block_wait *w)
{
    virt_event_unsubscribe(w->sub);
    if (w->lock)
        lock_free(w->lock);
    free(w->target);
}

static void tell_progress(const struct block_wait *w, int percent, bool done)
{
    const struct opt_val *verbose = cmd_val(w->c, "verbose");
    if (!verbose || !verbose->b)
        return;
    _cleanup_free_ char *text = xasprintf("%s: [%3d %%]", w->title, percent);
    json_t *v = json_object();
    json_object_set_new(v, "job", json_text(w->what));
    json_object_set_new(v, "domain", json_text(virt_dom_name(dom_of(w))));
    json_object_set_new(v, "disk", json_text(w->target));
    json_object_set_new(v, "percent", json_integer(percent));
    json_object_set_new(v, "text", json_text(text));
    out_progress(v, done);
}

// How far it is, and whether there is anything left to wait for: -1 if not.
static int look(struct block_wait *w, struct err *e)
{
    _cleanup_err_ struct err why = ERR_INIT;
    _cleanup_free_ char *text = NULL;
    struct virt_block_job job;
    double now = clock_mono_ms();
    int r = virt_block_job(dom_of(w), w->target, false, &job, &why);
    if (r == 0 && job.type) {
        w->unseen_since = 0;
        w->percent = units_percent((double)job.end - (double)job.cur, (double)job.end);
        return 0;
    }
    if (!virt_conn_alive(w->c->conn)) {
        err_set(e, ERR_UNREACHABLE, "the connection to %s was lost; the %s continues there", target_label(&w->c->where),
                w->what);
        return err_hint(e, "blockjob %s %s shows it", virt_dom_name(dom_of(w)), w->target);
    }
    if (!w->unseen_since)
        w->unseen_since = now;
    if (now - w->unseen_since < LATE_MS)
        return 0;
    text = xasprintf("libvirt did not report how the %s of %s ended%s%s", w->what, w->target, r < 0 ? ": " : "",
                     r < 0 ? why.msg : "");
    return failed(w, ERR_FAILED, text, e);
}

// The job is to end, as its time is over or the operator wants it to.
static int give_up(struct block_wait *w, enum err_code code, const char *why, const char **ret_status, struct err *e)
{
    _cleanup_err_ struct err refused = ERR_INIT;
    _cleanup_free_ char *text = NULL;
    bool async = cmd_val(w->c, "async")->b;
    const char *status = NULL;
    double until = clock_mono_ms() + (async ? 0 : ABORT_MS);
    int r = virt_block_job_end(dom_of(w), w->target, VIRT_BLOCK_END_ASYNC, &refused);
    if (r < 0) // it may be just over
        until = clock_mono_ms() + LATE_MS;
    while (!is_over(status) && clock_mono_ms() < until)
        (void)wait_event(w, NULL, until - clock_mono_ms(), &status, &refused);
    if (status && strcmp(status, "completed") == 0) {
        *ret_status = status;
        return 0; // before it could be aborted
    }
    if (r < 0)
        text = xasprintf("%s, but the %s of %s could not be aborted: %s", why, w->what, w->target, refused.msg);
    else
        text = xasprintf("%s: the %s of %s %s", why, w->what, w->target,
                         is_over(status) ? "was aborted" : "was asked to stop, but still runs");
    return failed(w, code, text, e);
}

static int wait_for(struct block_wait *w, const char **ret_status, struct err *e)
{
    const struct opt_val *timeout = cmd_val(w->c, "timeout");
    double end = timeout->given ? clock_mono_ms() + timeout->ms : INFINITY;
    const char *status = NULL;
    while (!status) {
        _cleanup_err_ struct err stop = ERR_INIT;
        double left = end - clock_mono_ms();
        if (left <= 0)
            return give_up(w, ERR_TIMEOUT, "timed out", ret_status, e);
        if (wait_event(w, w->c->job, left < LOOK_MS ? left : LOOK_MS, &status, &stop) < 0)
            return give_up(w, ERR_CANCELLED, "interrupted", ret_status, e);
        if (!status && look(w, e) < 0)
            return -1;
        tell_progress(w, w->percent, false);
    }
    if (strcmp(status, "failed") == 0 || strcmp(status, "canceled") == 0) {
        _cleanup_free_ char *text = xasprintf("the %s of %s %s", w->what, w->target,
                                              *status == 'f' ? "failed" : "was aborted by somebody else");
        return failed(w, *status == 'f' ? ERR_FAILED : ERR_CANCELLED, text, e);
    }
    *ret_status = status;
    return 0;
}

int block_wait_for(struct block_wait *w, const char **ret_status, struct err *e)
{
    int r = wait_for(w, ret_status, e);
    tell_progress(w, r == 0 ? 100 : w->percent, true);
    return r;
}

int block_wait_end(struct block_wait *w, bool pivot, bool async, struct err *e)
{
    const char *status = NULL;
    unsigned flags = VIRT_BLOCK_END_ASYNC | (pivot ? VIRT_BLOCK_END_PIVOT : 0);
    if (virt_block_job_end(dom_of(w), w->target, flags, e) < 0)
        return domain_failed(dom_of(w), pivot ? "pivot a disk of" : "end the job of a disk of", NULL, e);
    while (!async && !is_over(status)) {
        _cleanup_err_ struct err stop = ERR_INIT;
        if (wait_event(w, w->c->job, LOOK_MS, &status, &stop) < 0)
            return failed(w, ERR_CANCELLED, "interrupted while waiting for the job, which ends by itself", e);
        if (!is_over(status) && look(w, e) < 0)
            return -1;
    }
    if (async || strcmp(status, "completed") == 0 || (!pivot && strcmp(status, "canceled") == 0))
        return 0;
    _cleanup_free_ char *text = xasprintf("the %s of %s failed in its last step", w->what, w->target);
    return failed(w, ERR_FAILED, text, e);
}
