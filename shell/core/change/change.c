// SPDX-License-Identifier: GPL-3.0-or-later
// Plans, and the judging and taking back of changes of files. Pure, any thread. See change.h.
#include "core/change/change.h"

#include <string.h>

#include "base/json.h"
#include "core/change/change_priv.h"
#include "core/console/inventory.h"
#include "core/journal/journal.h"
#include "io/digest.h"

void change_set_text(struct change *c, const char *text, size_t len)
{
    free(c->text);
    c->text = xcalloc(len + 1, 1);
    if (len)
        memcpy(c->text, text, len);
    c->text_len = len;
}

static void change_free(struct change *c)
{
    if (c->free_data)
        c->free_data(c->data);
    node_unref(c->node);
    char *const owned[] = {c->what,  c->verify, c->path, c->owner, c->tag,      c->text,
                           c->check, c->run,    c->undo, c->keep,  c->undo_keep};
    for (size_t i = 0; i < ARRAY_SIZE(owned); i++)
        free(owned[i]);
    strv_release(&c->add);
    strv_release(&c->remove);
    free(c);
}

struct plan *plan_new(const char *title)
{
    struct plan *p = xnew(struct plan);
    p->title = xstrdup(title);
    return p;
}

void plan_free(struct plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n; i++)
        change_free(p->changes[i]);
    free(p->changes);
    free(p->title);
    free(p);
}

void plan_truncate(struct plan *p, size_t n)
{
    while (p->n > n)
        change_free(p->changes[--p->n]);
}

struct change *plan_add(struct plan *p, struct node *node, enum change_kind kind, const char *what)
{
    struct change *c = xnew(struct change);
    c->kind = kind;
    c->node = node ? node_ref(node) : NULL;
    c->what = xstrdup(what);
    p->changes = xrealloc(p->changes, p->n + 1, sizeof(struct change *));
    p->changes[p->n++] = c;
    return c;
}

void change_file_release(struct change_file *f)
{
    buf_release(&f->text);
    f->exists = false;
}

// Where the bytes stand in the text as whole lines, nearest to line `at`; NULL: nowhere.
static const char *find_lines(const struct buf *text, const char *what, size_t n, size_t at)
{
    _cleanup_lines_ struct text_lines t;
    text_split(buf_str(text), text->len, &t);
    const char *end = buf_str(text) + text->len, *best = NULL;
    size_t best_distance = 0;
    for (size_t i = 0; i < t.n; i++) {
        const char *s = t.l[i].s;
        if ((size_t)(end - s) < n || memcmp(s, what, n) != 0)
            continue;
        if (what[n - 1] != '\n' && s + n < end && s[n] != '\n' && s[n] != '\r')
            continue; // the beginning of a longer line
        size_t distance = i > at ? i - at : at - i;
        if (!best || distance < best_distance) {
            best = s;
            best_distance = distance;
        }
    }
    return best;
}

static void replace(struct buf *text, size_t from, size_t n, const char *by, size_t by_len)
{
    struct buf out = BUF_INIT;
    buf_add(&out, buf_str(text), from);
    buf_add(&out, by, by_len);
    buf_add(&out, buf_str(text) + from + n, text->len - from - n);
    buf_release(text);
    *text = out;
}

static size_t offset_of_line(const struct buf *text, size_t at)
{
    _cleanup_lines_ struct text_lines t;
    text_split(buf_str(text), text->len, &t);
    return at < t.n ? (size_t)(t.l[at].s - buf_str(text)) : text->len;
}

static int conflict(const char *now, size_t n, struct err *e)
{
    const char *newline = memchr(now, '\n', n);
    size_t first = newline ? (size_t)(newline - now) : n;
    err_set(e, ERR_STATE, "someone else has changed what migsh had written: \"%.*s\"%s is not there as it was",
            (int)first, now, newline && newline + 1 < now + n ? " …" : "");
    return err_hint(e, "what is there now was left as it is; fix it by hand, or put migsh's lines back and try again");
}

struct hunk {
    char *was, *now;
    size_t was_len, now_len;
    size_t at;
    const char *glue, *tag;
};

static void hunk_release(struct hunk *h)
{
    free(h->was);
    free(h->now);
}

static int hunk_read(const json_t *v, struct hunk *ret)
{
    *ret = (struct hunk){.at = (size_t)json_integer_value(json_object_get(v, "at")),
                         .glue = json_text_at(v, "glue"),
                         .tag = json_text_at(v, "tag")};
    if (journal_bytes_get(json_object_get(v, "was"), &ret->was, &ret->was_len) < 0 ||
        journal_bytes_get(json_object_get(v, "now"), &ret->now, &ret->now_len) < 0)
        return -1;
    return ret->was || ret->now ? 0 : -1;
}

static int undo_present(const struct hunk *h, struct change_file *f, size_t from)
{
    size_t n = h->now_len, glue = h->glue ? strlen(h->glue) : 0;
    // The line end that our insertion had to add goes only while nobody has written behind us.
    if (glue && from + n == f->text.len && from >= glue && memcmp(f->text.s + from - glue, h->glue, glue) == 0) {
        from -= glue;
        n += glue;
    }
    replace(&f->text, from, n, h->was ? h->was : "", h->was_len);
    return 0;
}

// Nobody has touched the file since: every hunk is where it was put. Nothing to search, nothing to doubt.
static int hunk_undo_exactly(const json_t *v, struct change_file *f, struct err *e)
{
    _cleanup_(hunk_release) struct hunk h;
    if (hunk_read(v, &h) < 0)
        return err_set(e, ERR_IO, "the journal's record of this change cannot be read");
    size_t from = offset_of_line(&f->text, h.at);
    if (h.now_len > f->text.len - from || (h.now_len && memcmp(f->text.s + from, h.now, h.now_len) != 0))
        return err_set(e, ERR_IO, "the journal's record of this change cannot be read");
    return undo_present(&h, f, from);
}

static int hunk_undo(const json_t *v, struct change_file *f, struct err *e)
{
    _cleanup_(hunk_release) struct hunk h;
    if (hunk_read(v, &h) < 0)
        return err_set(e, ERR_IO, "the journal's record of this change cannot be read");
    const char *now = h.now_len ? find_lines(&f->text, h.now, h.now_len, h.at) : NULL;
    if (now)
        return undo_present(&h, f, (size_t)(now - f->text.s));
    bool was_there = h.was_len && find_lines(&f->text, h.was, h.was_len, h.at);
    if (was_there)
        return 0; // taken back already, or put back by someone
    if (!h.now) {
        if (h.at && f->text.len && f->text.s[f->text.len - 1] != '\n' && offset_of_line(&f->text, h.at) == f->text.len)
            buf_adds(&f->text, "\n");
        replace(&f->text, offset_of_line(&f->text, h.at), 0, h.was, h.was_len);
        return 0;
    }
    const char *body;
    size_t len;
    if (!h.was && !(h.tag && change_block_find(buf_str(&f->text), f->text.len, h.tag, &body, &len)))
        return 0; // somebody took it away: nothing of ours is left
    return conflict(h.now, h.now_len, e);
}

static bool same(const struct change_file *a, const struct change_file *b)
{
    return a->exists == b->exists && a->text.len == b->text.len &&
           memcmp(buf_str(&a->text), buf_str(&b->text), a->text.len) == 0;
}

static int judge_text(const struct change *c, const struct change_file *old, struct change_file *f, json_t *hunks,
                      struct err *e)
{
    switch (c->kind) {
    case CHANGE_BLOCK:
        f->exists = old->exists || c->text;
        return block_judge(c, old, &f->text, hunks, e);
    case CHANGE_LINES:
        if ((c->edit ? edit_judge : lines_judge)(c, old, &f->text, hunks, e) < 0)
            return -1;
        f->exists = old->exists || f->text.len;
        return 0;
    case CHANGE_FILE:
        f->exists = c->text != NULL;
        buf_add(&f->text, c->text ? c->text : "", c->text_len);
        return 0;
    case CHANGE_COMMAND:
        break;
    }
    abort(); // not a change of a file
}

int change_judge(const struct change *c, const struct change_file *old, struct change_file *ret_new, json_t **ret_undo,
                 struct err *e)
{
    struct change_file f = {false, BUF_INIT};
    json_t *hunks = json_array();
    if (judge_text(c, old, &f, hunks, e) < 0) {
        json_decref(hunks);
        change_file_release(&f);
        return -1;
    }
    if (same(old, &f)) {
        *ret_undo = json_null();
    } else if (c->kind == CHANGE_FILE) {
        *ret_undo =
            json_pack("{s:o, s:o, s:b}", "was", journal_bytes(old->exists ? buf_str(&old->text) : NULL, old->text.len),
                      "now", journal_bytes(f.exists ? buf_str(&f.text) : NULL, f.text.len), "whole", true);
    } else {
        char before[DIGEST_HEX], after[DIGEST_HEX];
        digest_sha256(old->text.s, old->text.len, before);
        digest_sha256(f.text.s, f.text.len, after);
        *ret_undo = json_pack("{s:O, s:b, s:o, s:o}", "hunks", hunks, "made", !old->exists, "before", json_text(before),
                              "after", json_text(after));
    }
    json_decref(hunks);
    *ret_new = f;
    return 0;
}

static int undo_whole(const json_t *undo, struct change_file *f, struct err *e)
{
    _cleanup_(hunk_release) struct hunk h;
    if (hunk_read(undo, &h) < 0)
        return err_set(e, ERR_IO, "the journal's record of this change cannot be read");
    struct change_file was = {h.was != NULL, BUF_INIT}, now = {h.now != NULL, BUF_INIT};
    buf_add(&was.text, h.was ? h.was : "", h.was_len);
    buf_add(&now.text, h.now ? h.now : "", h.now_len);
    bool done = same(f, &was), ours = same(f, &now);
    change_file_release(&now);
    if (!done && !ours) {
        change_file_release(&was);
        return conflict(h.now ? h.now : "", h.now_len, e);
    }
    change_file_release(f);
    *f = was;
    return 0;
}

int change_undo(const json_t *undo, const struct change_file *now, struct change_file *ret_before, struct err *e)
{
    struct change_file f = {now->exists, BUF_INIT};
    buf_add(&f.text, buf_str(&now->text), now->text.len);
    int r = 0;
    if (json_object_get(undo, "whole"))
        r = undo_whole(undo, &f, e);
    const json_t *hunks = json_object_get(undo, "hunks");
    const char *before = json_text_at(undo, "before");
    const char *after = json_text_at(undo, "after");
    char sha[DIGEST_HEX];
    digest_sha256(f.text.s, f.text.len, sha);
    bool done = before && strcmp(sha, before) == 0, exactly = after && strcmp(sha, after) == 0;
    for (size_t i = json_array_size(hunks); i-- > 0 && r == 0 && !done;)
        r = (exactly ? hunk_undo_exactly : hunk_undo)(json_array_get(hunks, i), &f, e);
    if (r < 0) {
        change_file_release(&f);
        return -1;
    }
    if (json_is_true(json_object_get(undo, "made")) && !f.text.len)
        f.exists = false;
    *ret_before = f;
    return 0;
}
