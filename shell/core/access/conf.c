// SPDX-License-Identifier: GPL-3.0-or-later
// libvirt's format of settings: "KEY = VALUE" lines, of which a list may take several, and comments. See conf.h.
#include "core/access/conf.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/strv.h"

struct reader {
    const char *s, *p, *end;
};

static bool more(const struct reader *r)
{
    return r->p < r->end;
}

static bool at_eol(const struct reader *r)
{
    return more(r) && (*r->p == '\n' || *r->p == '\r');
}

static void skip(struct reader *r, bool lines)
{
    while (more(r) && (*r->p == ' ' || *r->p == '\t' || (lines && at_eol(r))))
        r->p++;
}

static int bad(const struct reader *r, struct err *e, const char *what)
{
    size_t line = 1;
    for (const char *p = r->s; p < r->p; p++)
        line += *p == '\n';
    return err_set(e, ERR_STATE, "line %zu: %s", line, what);
}

static int read_string(struct reader *r, json_t **ret, struct err *e)
{
    const char quote = *r->p;
    bool three = quote == '"' && r->end - r->p >= 3 && memcmp(r->p, "\"\"\"", 3) == 0;
    r->p += three ? 3 : 1;
    const char *from = r->p;
    while (more(r) && (three ? r->end - r->p < 3 || memcmp(r->p, "\"\"\"", 3) != 0 : *r->p != quote)) {
        if (!three && at_eol(r))
            return bad(r, e, "a string is not closed");
        r->p++;
    }
    if (!more(r))
        return bad(r, e, "a string is not closed");
    *ret = json_textn(from, (size_t)(r->p - from));
    r->p += three ? 3 : 1;
    return 0;
}

static int read_number(struct reader *r, json_t **ret, struct err *e)
{
    const char *from = r->p;
    long long n;
    r->p += *r->p == '-' || *r->p == '+';
    while (more(r) && isdigit((unsigned char)*r->p))
        r->p++;
    _cleanup_free_ char *text = xstrndup(from, (size_t)(r->p - from));
    bool sign = *text == '-' || *text == '+';
    if (str_to_int(text + sign, 0, INT64_MAX, &n) < 0)
        return bad(r, e, "a value is wanted");
    *ret = json_integer(*text == '-' ? -n : n);
    return 0;
}

static int read_list(struct reader *r, json_t **ret, struct err *e)
{
    json_auto_t *list = json_array();
    r->p++;
    for (skip(r, true); more(r) && *r->p != ']'; skip(r, true)) {
        json_t *item = NULL;
        if (*r->p != '"' && *r->p != '\'')
            return bad(r, e, "a list holds strings with commas between");
        if (read_string(r, &item, e) < 0)
            return -1;
        json_array_append_new(list, item);
        skip(r, true);
        if (more(r) && *r->p == ',')
            r->p++;
        else if (more(r) && *r->p != ']')
            return bad(r, e, "a list holds strings with commas between");
    }
    if (!more(r))
        return bad(r, e, "a list is not closed");
    r->p++;
    *ret = json_incref(list);
    return 0;
}

static int read_value(struct reader *r, json_t **ret, struct err *e)
{
    if (more(r) && (*r->p == '"' || *r->p == '\''))
        return read_string(r, ret, e);
    if (more(r) && *r->p == '[')
        return read_list(r, ret, e);
    return more(r) ? read_number(r, ret, e) : bad(r, e, "a value is wanted");
}

static int read_entry(struct reader *r, struct conf_entry *ret, struct err *e)
{
    const char *from = r->p;
    if (!isalpha((unsigned char)*r->p))
        return bad(r, e, "a name is wanted");
    while (more(r) && (isalnum((unsigned char)*r->p) || *r->p == '_'))
        r->p++;
    size_t len = (size_t)(r->p - from);
    skip(r, false);
    if (!more(r) || *r->p != '=')
        return bad(r, e, "'=' is wanted behind a name");
    r->p++;
    skip(r, false);
    struct conf_entry x = {NULL, NULL, (size_t)(from - r->s), (size_t)(r->p - r->s), 0};
    if (read_value(r, &x.value, e) < 0)
        return -1;
    x.end = (size_t)(r->p - r->s);
    skip(r, false);
    if (more(r) && !at_eol(r) && *r->p != '#') {
        json_decref(x.value);
        return bad(r, e, "there is something behind the value");
    }
    x.key = xstrndup(from, len);
    *ret = x;
    return 0;
}

int conf_parse(const char *text, size_t len, struct conf *ret, struct err *e)
{
    struct reader r = {text, text, text + len};
    struct conf all = {NULL, 0};
    for (skip(&r, true); more(&r); skip(&r, true)) {
        if (*r.p == '#') {
            while (more(&r) && !at_eol(&r))
                r.p++;
            continue;
        }
        all.all = xgrow(all.all, all.n, sizeof(*all.all));
        if (read_entry(&r, &all.all[all.n], e) < 0) {
            conf_release(&all);
            return -1;
        }
        all.n++;
    }
    *ret = all;
    return 0;
}

void conf_release(struct conf *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->all[i].key);
        json_decref(c->all[i].value);
    }
    free(c->all);
    *c = (struct conf){NULL, 0};
}

const struct conf_entry *conf_find(const struct conf *c, const char *key)
{
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(c->all[i].key, key) == 0)
            return &c->all[i];
    }
    return NULL;
}

// The line "#KEY = VALUE". `whole`: it is that and nothing else, and parsed; else what begins a list of several lines.
struct stock {
    size_t line, key; // bytes: where the line begins, and the key in it
    struct conf parsed;
    bool whole;
};

static bool is_stock(const char *text, size_t from, size_t to, const char *key, struct stock *ret)
{
    size_t p = from, n = strlen(key);
    if (p == to || text[p] != '#')
        return false;
    for (p++; p < to && (text[p] == ' ' || text[p] == '\t');)
        p++;
    if (to - p < n || memcmp(text + p, key, n) != 0)
        return false;
    _cleanup_err_ struct err e = ERR_INIT;
    *ret = (struct stock){.line = from, .key = p};
    ret->whole = conf_parse(text + p, to - p, &ret->parsed, &e) == 0;
    if (ret->whole && (ret->parsed.n != 1 || strcmp(ret->parsed.all[0].key, key) != 0)) {
        conf_release(&ret->parsed);
        return false;
    }
    size_t q = p + n;
    for (; q < to && (text[q] == ' ' || text[q] == '\t' || text[q] == '=');)
        q++;
    return ret->whole || (q < to && text[q] == '[');
}

static bool find_stock(const char *text, size_t len, const char *key, struct stock *ret)
{
    for (size_t from = 0; from < len;) {
        const char *eol = memchr(text + from, '\n', len - from);
        size_t to = eol ? (size_t)(eol - text) : len;
        if (is_stock(text, from, to, key, ret))
            return true;
        from = to + 1;
    }
    return false;
}

json_t *conf_stock(const char *text, size_t len, const char *key)
{
    struct stock s;
    if (!find_stock(text, len, key, &s))
        return NULL;
    json_t *value = s.whole ? json_incref(s.parsed.all[0].value) : NULL;
    conf_release(&s.parsed);
    return value;
}

static void set_where_stock_is(const char *text, size_t len, const struct conf_wish *w, struct stock *s,
                               struct buf *out)
{
    buf_add(out, text, s->line);
    if (s->whole) {
        const struct conf_entry *x = &s->parsed.all[0];
        buf_add(out, text + s->key, x->value_at);
        buf_adds(out, w->text);
        buf_add(out, text + s->key + x->end, len - s->key - x->end);
    } else {
        buf_addf(out, "%s = %s\n", w->key->name, w->text);
        buf_add(out, text + s->line, len - s->line);
    }
    conf_release(&s->parsed);
}

static void set(const char *text, size_t len, const struct conf *now, const struct conf_wish *w, struct buf *out)
{
    const struct conf_entry *x = conf_find(now, w->key->name);
    struct stock s;
    if (x) {
        struct conf wanted = {NULL, 0};
        _cleanup_free_ char *line = xasprintf("x = %s", w->text);
        _cleanup_err_ struct err e = ERR_INIT;
        bool same = conf_parse(line, strlen(line), &wanted, &e) == 0 && json_equal(wanted.all[0].value, x->value);
        buf_add(out, text, same ? len : x->value_at);
        if (!same) {
            buf_adds(out, w->text);
            buf_add(out, text + x->end, len - x->end);
        }
        conf_release(&wanted);
    } else if (find_stock(text, len, w->key->name, &s)) {
        set_where_stock_is(text, len, w, &s, out);
    } else {
        buf_add(out, text, len);
        buf_addf(out, "%s%s = %s\n", len && text[len - 1] != '\n' ? "\n" : "", w->key->name, w->text);
    }
}

// Each of its lines becomes a comment; a key that stood twice would else be set by its second line now.
static void unset(const char *text, size_t len, const struct conf *now, const char *key, struct buf *out)
{
    size_t done = 0;
    for (size_t i = 0; i < now->n; i++) {
        const struct conf_entry *x = &now->all[i];
        if (strcmp(x->key, key) != 0)
            continue;
        buf_add(out, text + done, x->at - done);
        buf_addc(out, '#');
        for (size_t p = x->at; p < x->end; p++) {
            buf_addc(out, text[p]);
            if (text[p] == '\n')
                buf_addc(out, '#');
        }
        done = x->end;
    }
    buf_add(out, text + done, len - done);
}

int conf_edit(const char *text, size_t len, const struct conf_wishes *w, struct buf *ret, struct err *e)
{
    struct buf now = BUF_INIT;
    buf_add(&now, text, len);
    for (size_t i = 0; i < w->n; i++) {
        _cleanup_conf_ struct conf c = {NULL, 0};
        struct buf next = BUF_INIT;
        if (conf_parse(buf_str(&now), now.len, &c, e) < 0) {
            buf_release(&now);
            return -1;
        }
        if (w->all[i].text)
            set(buf_str(&now), now.len, &c, &w->all[i], &next);
        else
            unset(buf_str(&now), now.len, &c, w->all[i].key->name, &next);
        buf_release(&now);
        now = next;
    }
    buf_add(ret, buf_str(&now), now.len);
    buf_release(&now);
    return 0;
}
