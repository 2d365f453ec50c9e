// SPDX-License-Identifier: GPL-3.0-or-later
// The order of a copy: look, compare what is there already, send, verify, give it its name. Job threads. See copy.h.
#include "core/copy/copy.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/printable.h"
#include "base/strv.h"
#include "core/console/out.h"
#include "core/copy/priv.h"
#include "io/job.h"

static const uint64_t WHOLE_MAX = 2ULL << 30; // there is no progress in it

// The best that both ends have.
static void choose_digest(struct copy *c)
{
    static const char *const all[] = {"xxh128", "b3", "openssl", "sha256"};
    const char *from = facts_get(&c->from.facts, "digests"), *to = facts_get(&c->to.facts, "digests");
    for (size_t i = 0; i < ARRAY_SIZE(all) && !c->digest; i++) {
        _cleanup_free_ char *word = xasprintf(" %s ", all[i]);
        if (from && to && strstr(from, word) && strstr(to, word))
            c->digest = all[i];
    }
}

static int check_options(struct copy *c, struct err *e)
{
    const struct copy_options *o = c->o;
    const struct copy_side *sides[] = {&c->from, &c->to};
    for (int i = 0; i < 2; i++) {
        const char *path = sides[i]->end->path;
        if (*path != '/' || str_ends(path, "/"))
            return err_set(e, ERR_USAGE, "'%s' is not an absolute path of a file", path);
    }
    if (o->mode && (!*o->mode || strspn(o->mode, "01234567") != strlen(o->mode)))
        return err_set(e, ERR_USAGE, "'%s' is not an octal mode", o->mode);
    if (o->route == COPY_DIRECT && (!o->from.node || !o->to.node)) {
        err_set(e, ERR_USAGE, "one end is this machine: there is no direct route");
        return err_hint(e, "leave --route out");
    }
    return 0;
}

static int check_compress(struct copy *c, struct err *e)
{
    const struct copy_side *sides[] = {&c->from, &c->to};
    for (int i = 0; i < 2; i++) {
        if (!c->o->compress || facts_get(&sides[i]->facts, "zstd"))
            continue;
        err_set(e, ERR_UNSUPPORTED, "%s has no zstd", place_name(sides[i]->end->node));
        return err_hint(e, "install it there, or copy without --compress");
    }
    return 0;
}

static void set_of(struct copy_set *s, uint64_t size, const struct copy_map *m)
{
    copy_set_init(s, size);
    copy_set_add_map(s, m);
}

// Which ranges have to be sent: all data, but for segments that are there and the same.
static int find_missing(struct copy *c, struct copy_set *ret_there, struct copy_set *ret_same,
                        struct copy_map *ret_plan, struct err *e)
{
    struct copy_set both, differ = {0}, all;
    uint64_t size = c->from.size;
    set_of(ret_there, size, &c->to.map);
    set_of(&both, size, &c->from.map);
    set_of(&all, size, &c->from.map);
    copy_set_and(&both, ret_there);
    copy_set_or(&all, ret_there);
    copy_set_init(ret_same, size);
    int r = copy_compare(c, "comparing", &both, &differ, e);
    for (size_t i = 0; i < both.n && r == 0; i++) {
        bool same = copy_set_has(&both, i) && !copy_set_has(&differ, i);
        copy_set_put(ret_same, i, same);
        if (same)
            copy_set_put(&all, i, false);
    }
    if (r == 0) {
        copy_map_plan(&c->from.map, &all, ret_there, ret_plan);
        c->reused = copy_map_bytes(&c->from.map, false) - copy_map_bytes(ret_plan, false);
    }
    copy_set_release(&both);
    copy_set_release(&differ);
    copy_set_release(&all);
    return r;
}

// What was just sent to an empty file is most probably right, and few digests are the cheapest proof; where it is
// mostly data: one of the whole file, which the tool reads by itself.
static int verify_fresh(struct copy *c, bool *ret_same, struct err *e)
{
    *ret_same = false;
    if (c->to.block)
        return 0;
    if (c->from.size > WHOLE_MAX || copy_map_bytes(&c->from.map, false) < c->from.size / 4 * 3)
        return copy_compare_data(c, "verifying", ret_same, e);
    return copy_compare_whole(c, "verifying", ret_same, e);
}

// What holds data at either end is read at both ends, but for the segments of `known`, which were found equal already.
static int find_bad(struct copy *c, const struct copy_set *known, struct copy_set *ret_there, struct copy_set *ret_bad,
                    struct err *e)
{
    struct copy_set all;
    set_of(&all, c->from.size, &c->from.map);
    set_of(ret_there, c->from.size, &c->to.map);
    copy_set_or(&all, ret_there);
    for (size_t i = 0; i < all.n; i++) {
        if (copy_set_has(known, i))
            copy_set_put(&all, i, false);
    }
    int r = copy_compare(c, "verifying", &all, ret_bad, e);
    copy_set_release(&all);
    return r;
}

// What differs is sent once more.
static int verify(struct copy *c, const struct copy_set *known, struct err *e)
{
    for (int attempt = 0;; attempt++) {
        struct copy_set there = {0}, bad = {0};
        struct copy_map plan = {0};
        bool same = false;
        if (copy_map_target(c, e) < 0 || (c->fresh && verify_fresh(c, &same, e) < 0))
            return -1;
        int r = same ? 0 : find_bad(c, known, &there, &bad, e);
        size_t n = r == 0 && !same ? copy_set_count(&bad) : 0;
        if (n) {
            copy_map_plan(&c->from.map, &bad, &there, &plan);
            _cleanup_free_ char *what = xasprintf("%zu segments are not as they were sent", n);
            r = copy_at(&c->to, e, ERR_VERDICT, what);
            if (attempt == 0) {
                out_notice(OUT_WARN, "%s: they are sent again", e->msg);
                err_release(e);
                c->fresh = false;
                r = copy_send(c, &plan, e);
            }
        }
        copy_map_release(&plan);
        copy_set_release(&there);
        copy_set_release(&bad);
        if (r < 0 || !n)
            return r;
    }
}

static int send_missing(struct copy *c, struct err *e)
{
    struct copy_set there = {0}, same = {0};
    struct copy_map plan = {0};
    bool resize = c->to.exists && !c->to.block && c->to.size != c->from.size;
    int r = resize ? copy_prepare(c, e) : 0;
    if (r == 0)
        r = find_missing(c, &there, &same, &plan, e);
    c->fresh = !copy_set_count(&there) && !c->to.block;
    c->changed = plan.n || resize || strcmp(c->to.target, "part") == 0;
    if (r == 0)
        r = copy_room(c, c->fresh ? copy_map_bytes(&plan, false) : 0, e);
    if (r == 0 && !c->to.exists)
        r = copy_prepare(c, e);
    if (r == 0)
        r = copy_send(c, &plan, e);
    if (r == 0 && !c->o->no_verify && c->changed)
        r = verify(c, &same, e);
    copy_map_release(&plan);
    copy_set_release(&there);
    copy_set_release(&same);
    return r;
}

static int transfer(struct copy *c, struct err *e)
{
    if (send_missing(c, e) < 0)
        return -1;
    copy_phase(c, "finishing", 0);
    return copy_look_again(c, e) < 0 || (c->changed && copy_commit(c, e) < 0) ? -1 : 0;
}

static json_t *end_json(const struct copy_end *end)
{
    return json_pack("{s:o, s:o}", "node", json_text(place_name(end->node)), "path", json_text(end->path));
}

// ctime and birth as text: no number of Lua or JSON holds nanoseconds since 1970 exactly.
static json_t *made(const struct copy *c)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    strv_split(&words, c->made ? c->made : "", ' ');
    if (words.n != 3)
        return json_null();
    bool born = strspn(words.s[2], "0.") != strlen(words.s[2]) && strcmp(words.s[2], "-") != 0;
    return json_pack("{s:o, s:o, s:o}", "inode", json_text(words.s[0]), "ctime", json_text(words.s[1]), "birth",
                     json_text(born ? words.s[2] : NULL));
}

static json_t *result(const struct copy *c, bool shared, bool good)
{
    double seconds = clock_mono_s() - c->began;
    uint64_t data = copy_map_bytes(&c->from.map, false);
    bool sent = c->route_known;
    json_t *v = json_object();
    json_object_set_new(v, "from", end_json(c->from.end));
    json_object_set_new(v, "to", end_json(c->to.end));
    json_object_set_new(v, "copied", json_boolean(good && !shared));
    json_object_set_new(v, "shared", json_boolean(shared));
    json_object_set_new(v, "route", sent ? json_text(c->direct ? "direct" : "relay") : json_null());
    json_object_set_new(v, "streams", json_integer(sent ? c->streams : 0));
    bool verified = good && !shared && !c->o->no_verify;
    json_object_set_new(v, "digest", json_text(verified ? c->digest : NULL));
    json_object_set_new(v, "verified", json_boolean(verified));
    json_object_set_new(v, "size", json_integer((json_int_t)c->from.size));
    json_object_set_new(v, "data", json_integer((json_int_t)data));
    json_object_set_new(v, "sent", json_integer((json_int_t)c->sent));
    json_object_set_new(v, "reused", json_integer((json_int_t)c->reused));
    json_object_set_new(v, "wire", c->wire_known ? json_integer((json_int_t)c->wire) : json_null());
    json_object_set_new(v, "seconds", json_real(seconds));
    json_object_set_new(v, "rate", json_real(seconds > 0 ? (double)c->sent / seconds : 0));
    json_object_set_new(v, "made", made(c));
    json_object_set_new(v, "resumable", json_boolean(!good && sent && !c->to.block));
    return v;
}

static void add_plan(const struct copy *c, json_t *v)
{
    const char *kind = facts_get(&c->to.facts, "kind");
    json_object_set_new(v, "kind", json_text(facts_get(&c->from.facts, "kind")));
    json_object_set_new(v, "to_kind", json_text(kind && *kind ? kind : NULL));
    json_object_set_new(v, "to_size", c->to.block ? json_integer((json_int_t)c->to.size) : json_null());
    json_object_set_new(v, "to_holds", json_text(facts_get(&c->to.facts, "holds")));
}

int copy_file(struct ctx *ctx, struct job *job, const struct copy_options *o, json_t **ret, struct err *e)
{
    struct copy c = {.ctx = ctx,
                     .job = job,
                     .o = o,
                     .from = {.end = &o->from, .target = "source"},
                     .to = {.end = &o->to},
                     .wire_known = true,
                     .began = clock_mono_s(),
                     .lock = lock_new()};
    bool same = false;
    int r = check_options(&c, e);
    if (r == 0) {
        if (!o->plan)
            copy_send_early(&c);
        r = copy_look(&c, &same, e);
    }
    if (r == 0 && same && o->from.node == o->to.node)
        r = err_set(e, ERR_USAGE, "%s: that would copy %s onto itself", place_name(o->from.node), o->from.path);
    if (r == 0 && !same && !o->plan) {
        choose_digest(&c);
        r = check_compress(&c, e);
        if (r == 0)
            r = transfer(&c, e);
    }
    copy_send_forget(&c);
    if (r == 0 || c.route_known)
        *ret = result(&c, same, r == 0 && !o->plan);
    if (r == 0 && o->plan)
        add_plan(&c, *ret);
    if (r < 0 && c.route_known && !e->hint)
        err_hint(e, "what has arrived is kept: the same command continues from there");
    struct copy_side *sides[] = {&c.from, &c.to};
    for (int i = 0; i < 2; i++) {
        facts_release(&sides[i]->facts);
        free(sides[i]->identity);
        copy_map_release(&sides[i]->map);
        err_release(&sides[i]->err);
    }
    lock_free(c.lock);
    free(c.made);
    return r;
}
