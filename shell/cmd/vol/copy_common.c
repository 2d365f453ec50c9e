// SPDX-License-Identifier: GPL-3.0-or-later
// See copy_common.h.
#include "cmd/vol/copy_common.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/printable.h"
#include "core/console/out.h"
#include "core/node/place.h"

const char *const copy_routes[] = {"auto", "direct", "relay", NULL};

struct show {
    struct cmd_call *c;
    const struct copy_options *o;
    bool shown;
};

static json_t *progress_value(const struct show *s, const struct copy_progress *p)
{
    const double mib = 1 << 20;
    _cleanup_buf_ struct buf text = BUF_INIT;
    const char *name = strrchr(s->o->from.path, '/') + 1;
    buf_adds(&text, p->phase);
    if (p->total)
        buf_addf(&text, " %.1f of %.1f MiB, %.1f MiB/s", (double)p->done / mib, (double)p->total / mib, p->rate / mib);
    if (p->total && p->eta_s >= 1)
        buf_addf(&text, ", %.0f s left", p->eta_s);
    _cleanup_free_ char *line = xasprintf("%s %s: %s", s->c->def->name, name, buf_str(&text));
    json_t *v = json_object();
    json_object_set_new(v, "job", json_text(s->c->def->name));
    json_object_set_new(v, "id", json_text(s->o->from.path));
    json_object_set_new(v, "node", json_text(place_name(s->o->from.node)));
    json_object_set_new(v, "text", json_text(line));
    json_object_set_new(v, "phase", json_text(p->phase));
    if (p->total) {
        json_object_set_new(v, "bytes", json_integer((json_int_t)p->done));
        json_object_set_new(v, "total", json_integer((json_int_t)p->total));
        json_object_set_new(v, "bytes_per_s", json_real(p->rate));
        json_object_set_new(v, "eta_s", p->eta_s >= 0 ? json_real(p->eta_s) : json_null());
        json_object_set_new(v, "percent", json_real(100.0 * (double)p->done / (double)p->total));
    }
    return v;
}

static void show(void *data, const struct copy_progress *p)
{
    struct show *s = data;
    if (!p->total)
        return; // over at once
    s->shown = true;
    out_progress(progress_value(s, p), false);
}

int copy_run(struct cmd_call *c, struct copy_options *o, struct err *e)
{
    const char *route = cmd_val(c, "route")->s;
    struct show s = {c, o, false};
    o->route = strcmp(route, "relay") == 0 ? COPY_RELAY : strcmp(route, "direct") == 0 ? COPY_DIRECT : COPY_AUTO;
    o->streams = (int)cmd_val(c, "streams")->i;
    o->max_rate = (double)cmd_val(c, "bwlimit")->bytes;
    o->compress = cmd_val(c, "compress")->b;
    o->no_verify = cmd_val(c, "no-verify")->b;
    o->progress = show;
    o->data = &s;
    int r = copy_file(c->ctx, c->job, o, &c->result, e);
    struct copy_progress last = {.phase = r == 0 ? "done" : "ended", .eta_s = -1};
    if (s.shown)
        out_progress(progress_value(&s, &last), true);
    return r;
}

static const char *text_at(const json_t *v, const char *end, const char *key)
{
    const char *s = json_text_at(json_object_get(v, end), key);
    return s ? s : "";
}

static void render_plan(const json_t *v, struct buf *out)
{
    const char *to = json_text_at(v, "to_kind");
    const char *holds = json_text_at(v, "to_holds");
    const json_t *size = json_object_get(v, "to_size");
    if (strcmp(json_text_at(v, "kind"), "dir") == 0) {
        buf_adds(out, ": not the same directory\n");
        return;
    }
    buf_addf(out, ": %lld bytes would be copied, to ", (long long)json_integer_value(json_object_get(v, "size")));
    if (json_is_integer(size))
        buf_addf(out, "a device of %lld bytes that holds %s\n", (long long)json_integer_value(size),
                 holds ? holds : "nothing known");
    else
        buf_adds(out, to ? "a file that is there\n" : "a new file\n");
}

void copy_render(const json_t *v, struct buf *out)
{
    const double mib = 1 << 20;
    const char *ends[] = {"from", "to"}, *route = json_text_at(v, "route");
    for (int i = 0; i < 2; i++) {
        const char *path = text_at(v, ends[i], "path");
        buf_addf(out, "%s%s:", i ? " to " : "", text_at(v, ends[i], "node"));
        buf_add_line(out, path);
    }
    if (json_is_true(json_object_get(v, "shared"))) {
        buf_adds(out, ": both nodes see the same file, nothing to copy\n");
        return;
    }
    if (json_object_get(v, "to_kind")) {
        render_plan(v, out);
        return;
    }
    double sent = (double)json_integer_value(json_object_get(v, "sent"));
    buf_addf(out, ": %s, %.1f MiB sent", json_is_true(json_object_get(v, "copied")) ? "copied" : "not complete",
             sent / mib);
    if (json_integer_value(json_object_get(v, "reused")))
        buf_addf(out, ", %.1f MiB were there", (double)json_integer_value(json_object_get(v, "reused")) / mib);
    buf_addf(out, " in %.1f s", json_number_value(json_object_get(v, "seconds")));
    if (route)
        buf_addf(out, " (%s, %.1f MiB/s)", route, json_number_value(json_object_get(v, "rate")) / mib);
    if (json_is_true(json_object_get(v, "verified")))
        buf_addf(out, ", verified by %s", json_text_at(v, "digest"));
    buf_addc(out, '\n');
}
