// SPDX-License-Identifier: GPL-3.0-or-later
// Looking at files on a node. Job threads. See guest/look.h.
#include "core/guest/look.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "core/guest/tools_priv.h"
#include "core/node/ask.h"
#include "core/node/place.h"

enum { TIMEOUT_MS = 120000, MAX_LEVELS = 256, MAX_OUTPUT = 32 << 20 };

static void set_text(json_t *fact, const char *key, const char *s, size_t n)
{
    json_object_set_new(fact, key, json_textn(s, n));
}

static void set_number(json_t *fact, const char *key, const char *text)
{
    long long n;
    if (text && str_to_int(text, 0, INT64_MAX, &n) == 0)
        json_object_set_new(fact, key, json_integer(n));
}

// "blocks unit mode uid gid dev:ino major:minor size mtime kind of file"
static void take_stat(json_t *fact, const char *value)
{
    _cleanup_strv_ struct strv w = STRV_INIT;
    long long blocks, unit;
    strv_split(&w, value, ' ');
    if (w.n < 10 || str_to_int(w.s[0], 0, INT64_MAX >> 12, &blocks) < 0 || str_to_int(w.s[1], 1, 4096, &unit) < 0)
        return;
    json_object_set_new(fact, "exists", json_true());
    json_object_set_new(fact, "allocation", json_integer(blocks * unit));
    _cleanup_free_ char *mode = xasprintf("%04lo", strtoul(w.s[2], NULL, 8));
    json_object_set_new(fact, "mode", json_text(mode));
    json_object_set_new(fact, "owner", json_text(w.s[3]));
    json_object_set_new(fact, "group", json_text(w.s[4]));
    json_object_set_new(fact, "inode", json_text(w.s[5]));
    set_number(fact, "size", w.s[7]);
    set_number(fact, "mtime", w.s[8]);
    json_object_set_new(fact, "dir", json_boolean(str_ends(value, " directory")));
    json_object_set_new(fact, "stream",
                        json_boolean(str_ends(value, " fifo") || str_ends(value, " character special file")));
}

// Names, where the numbers have any.
static void take_owner(json_t *fact, const char *value)
{
    const char *blank = strchr(value, ' ');
    if (!blank)
        return;
    if (!str_starts(value, "UNKNOWN "))
        set_text(fact, "owner", value, (size_t)(blank - value));
    if (strcmp(blank + 1, "UNKNOWN") != 0)
        json_object_set_new(fact, "group", json_text(blank + 1));
}

static void take_du(json_t *fact, const char *value)
{
    _cleanup_strv_ struct strv w = STRV_INIT;
    strv_split(&w, value, ' ');
    set_number(fact, "size", w.n ? w.s[0] : NULL);
    set_number(fact, "allocation", w.n > 1 ? w.s[1] : NULL);
}

static void take(json_t *fact, const char *key, const char *value)
{
    if (strcmp(key, "stat") == 0) {
        take_stat(fact, value);
    } else if (strcmp(key, "owner") == 0) {
        take_owner(fact, value);
    } else if (strcmp(key, "fs") == 0) {
        if (*value)
            json_object_set_new(fact, "filesystem", json_text(value));
    } else if (strcmp(key, "du") == 0) {
        take_du(fact, value);
    } else if (strcmp(key, "bytes") == 0) {
        set_number(fact, "size", value);
        set_number(fact, "allocation", value);
    } else if (strcmp(key, "use") == 0) {
        json_object_set_new(fact, "in_use", json_true());
    } else if (strcmp(key, "ran") == 0) {
        json_object_set_new(fact, "was_running", json_boolean(strcmp(value, "yes") == 0));
    } else if (strcmp(key, "absent") == 0) {
        json_object_set_new(fact, "exists", json_false());
    } else if (strcmp(key, "problem") == 0) {
        json_object_set_new(fact, "problem", json_text(value));
    } else if (strcmp(key, "info") == 0) {
        json_t *info = json_loads(value, 0, NULL);
        if (info)
            json_object_set_new(fact, "info", info);
        else
            json_object_set_new(fact, "problem", json_text("unexpected output from qemu-img info"));
    }
}

static json_t *new_fact(void)
{
    return json_pack("{s:n, s:b, s:n, s:n, s:n, s:n, s:n, s:n, s:b, s:n, s:n, s:n}", "exists", "in_use", 0, "size",
                     "mtime", "allocation", "owner", "group", "mode", "dir", 0, "inode", "problem", "info");
}

// `args` are pairs: how, and the path that the facts of that number are of.
static int take_facts(const struct guest_place *p, const struct facts *answer, const struct strv *args, json_t *facts,
                      struct err *e)
{
    if (facts_get(answer, "noqemu")) {
        err_set(e, ERR_UNSUPPORTED, "%s: there is no qemu-img, which tells what an image consists of",
                place_name(p->node));
        return err_hint(e, "install it there: apt-get install qemu-utils, dnf install qemu-img");
    }
    for (size_t i = 1; i < args->n; i += 2)
        json_object_set_new(facts, args->s[i], new_fact());
    for (size_t i = 0; i < answer->n; i++) {
        size_t row;
        const char *value = fact_row(answer->all[i].value, args->n / 2, &row);
        if (value)
            take(json_object_get(facts, args->s[2 * row + 1]), answer->all[i].key, value);
    }
    return 0;
}

int guest_look(const struct guest_place *p, const json_t *paths, json_t **ret, struct err *e)
{
    _cleanup_strv_ struct strv args = STRV_INIT;
    const char *path;
    json_t *format;
    *ret = json_object();
    json_object_foreach((json_t *)paths, path, format)
    {
        const char *f = json_string_value(format);
        bool save = f && strcmp(f, GUEST_LOOK_SAVE) == 0;
        strv_take(&args, !f || save ? xstrdup(save ? "save" : "stat")
                         : *f       ? xasprintf("image:%s", f)
                                    : xstrdup("probe"));
        strv_add(&args, path);
    }
    if (!args.n)
        return 0;
    struct question q = {.tools = {guest_files_look},
                         .args = (const char *const *)args.s,
                         .n_args = args.n,
                         .as_user = !p->root,
                         .max_output = MAX_OUTPUT,
                         .timeout_ms = TIMEOUT_MS};
    _cleanup_facts_ struct facts answer = {0};
    if (node_ask(p->ctx, p->job, p->node, &q, &answer, e) < 0 || take_facts(p, &answer, &args, *ret, e) < 0) {
        json_decref(*ret);
        *ret = NULL;
        return -1;
    }
    return 0;
}

// Without "." and "..", by the letter: NULL where there is none.
static char *without_dots(const char *path)
{
    _cleanup_strv_ struct strv parts = STRV_INIT, kept = STRV_INIT;
    struct buf b = BUF_INIT;
    strv_split(&parts, path, '/');
    for (size_t i = 0; i < parts.n; i++) {
        if (strcmp(parts.s[i], "..") == 0) {
            if (kept.n) {
                free(kept.s[--kept.n]);
                kept.s[kept.n] = NULL;
            }
        } else if (strcmp(parts.s[i], ".") != 0) {
            strv_add(&kept, parts.s[i]);
        }
    }
    if (kept.n == parts.n)
        return NULL;
    for (size_t i = 0; i < kept.n; i++)
        buf_addf(&b, "/%s", kept.s[i]);
    return buf_steal(&b);
}

// "/a/b/../c" is "/a/c" unless b is a link to elsewhere: both were looked at, and are the same file, or both none.
static void note_same(json_t *facts, const char *path, const char *plain)
{
    json_t *a = json_object_get(facts, path), *b = json_object_get(facts, plain);
    if (a && b && json_equal(json_object_get(a, "inode"), json_object_get(b, "inode")))
        json_object_set_new(a, "same", json_text(plain));
}

const char *guest_backing(const json_t *facts, const json_t *links, const char *path, const char **ret_format)
{
    const json_t *link = json_object_get(links, path), *info = json_object_get(json_object_get(facts, path), "info");
    *ret_format = NULL;
    if (link) {
        *ret_format = json_text_at(link, "format");
        return json_text_at(link, "backing");
    }
    const char *full = json_text_at(info, "full-backing-filename");
    if (!full)
        full = json_text_at(info, "backing-filename");
    *ret_format = json_text_at(info, "backing-filename-format");
    if (full && str_starts(full, "file:/"))
        full += strlen("file:");
    const char *same = full ? json_text_at(json_object_get(facts, full), "same") : NULL;
    return same ? same : full;
}

static void add_level(json_t *next, const char *path, const char *format)
{
    _cleanup_free_ char *plain = without_dots(path);
    json_object_set_new(next, path, json_text(format));
    if (plain && *plain)
        json_object_set_new(next, plain, json_text(format));
}

int guest_look_chains(const struct guest_place *p, const json_t *paths, const json_t *links, json_t *facts,
                      struct err *e)
{
    json_auto_t *now = json_copy((json_t *)paths);
    for (int level = 0; json_object_size(now); level++) {
        json_auto_t *seen = NULL, *next = json_object();
        const char *path, *format;
        json_t *asked;
        if (level == MAX_LEVELS)
            return err_set(e, ERR_UNSUPPORTED, "an image has a chain of more than %d others", MAX_LEVELS);
        if (guest_look(p, now, &seen, e) < 0)
            return -1;
        json_object_update(facts, seen);
        json_object_foreach(now, path, asked)
        {
            _cleanup_free_ char *plain = without_dots(path);
            if (plain && json_is_string(asked))
                note_same(facts, path, plain);
            const char *backing = guest_backing(facts, links, path, &format);
            if (json_is_string(asked) && backing && *backing == '/' && !json_object_get(facts, backing))
                add_level(next, backing, format ? format : "");
        }
        json_decref(now);
        now = steal(&next);
    }
    return 0;
}
