// SPDX-License-Identifier: GPL-3.0-or-later
// Lines that must be in a file, must not be there, or must read otherwise. Pure.
#include <string.h>

#include "core/change/change_priv.h"

static bool keys_equal(change_key_fn *key, const char *a, size_t a_len, const char *b, size_t b_len)
{
    _cleanup_free_ char *x = key ? key(a, a_len) : NULL;
    if (!x) // what is wanted has none: then the line itself
        return a_len == b_len && memcmp(a, b, a_len) == 0;
    _cleanup_free_ char *y = key(b, b_len);
    return y && strcmp(x, y) == 0;
}

static bool any_key(const struct change *c, const struct strv *list, const struct text_line *l)
{
    for (size_t i = 0; i < list->n; i++) {
        if (keys_equal(c->key, list->s[i], strlen(list->s[i]), l->s, l->len))
            return true;
    }
    return false;
}

static int check_lines(const struct strv *list, struct err *e)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct text_line l = {list->s[i], strlen(list->s[i]), 0, false};
        const char *tag;
        size_t n;
        if (strpbrk(list->s[i], "\r\n") || block_is_begin(&l, &tag, &n) || block_is_end(&l, &tag, &n))
            return err_set(e, ERR_USAGE, "'%s' cannot be written as one line", list->s[i]);
    }
    return 0;
}

struct work {
    const struct change *c;
    struct buf *out;
    json_t *hunks;
    size_t at; // lines put out
    const char *eol;
};

static void old_line(struct work *w, const struct text_line *l)
{
    const struct change *c = w->c;
    if (any_key(c, &c->remove, l)) {
        json_array_append_new(w->hunks, hunk_new(w->at, l->s, l->whole, NULL, 0, NULL, NULL));
        return;
    }
    _cleanup_free_ char *other = !l->in_block && c->rewrite ? c->rewrite(l->s, l->len, c->data) : NULL;
    if (other) {
        size_t from = w->out->len;
        buf_adds(w->out, other);
        buf_add(w->out, l->s + l->len, l->whole - l->len);
        json_array_append_new(w->hunks,
                              hunk_new(w->at, l->s, l->whole, w->out->s + from, w->out->len - from, NULL, NULL));
    } else {
        buf_add(w->out, l->s, l->whole);
    }
    w->at++;
}

static void new_line(struct work *w, const char *line)
{
    const char *glue = text_glue(w->out->s, w->out->len, w->eol);
    if (glue)
        buf_adds(w->out, glue);
    size_t from = w->out->len;
    buf_adds(w->out, line);
    buf_adds(w->out, w->eol);
    json_array_append_new(w->hunks, hunk_new(w->at++, NULL, 0, w->out->s + from, w->out->len - from, glue, NULL));
}

static bool is_there(const struct change *c, const struct buf *text, const char *line)
{
    _cleanup_lines_ struct text_lines t;
    text_split(buf_str(text), text->len, &t);
    for (size_t i = 0; i < t.n; i++) {
        if (keys_equal(c->key, line, strlen(line), t.l[i].s, t.l[i].len))
            return true;
    }
    return false;
}

int lines_judge(const struct change *c, const struct change_file *old, struct buf *out, json_t *hunks, struct err *e)
{
    if (check_lines(&c->add, e) < 0 || check_lines(&c->remove, e) < 0)
        return -1;
    _cleanup_lines_ struct text_lines t;
    text_split(buf_str(&old->text), old->text.len, &t);
    struct work w = {c, out, hunks, 0, t.eol};
    for (size_t i = 0; i < t.n; i++)
        old_line(&w, &t.l[i]);
    for (size_t i = 0; i < c->add.n; i++) {
        if (!is_there(c, out, c->add.s[i]))
            new_line(&w, c->add.s[i]);
    }
    return 0;
}
