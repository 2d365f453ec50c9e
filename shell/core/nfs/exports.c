// SPDX-License-Identifier: GPL-3.0-or-later
// Reading and changing /etc/exports. Pure, any thread. See exports.h; the options are in exports_options.c.
#include "core/nfs/exports.h"

#include <stdbool.h>
#include <string.h>

struct scan {
    const char *s;
    size_t len, at;
    unsigned line;
    bool continued; // nothing has come since the last "\" at a line's end
};

// The next character and how many bytes it takes; -1 at the end. A continuation counts as one blank.
static int peek(const struct scan *k, size_t *ret_n)
{
    *ret_n = 1;
    if (k->at >= k->len)
        return -1;
    if (k->s[k->at] != '\\' || k->at + 1 >= k->len || k->s[k->at + 1] != '\n')
        return (unsigned char)k->s[k->at];
    *ret_n = 2;
    while (k->at + *ret_n < k->len && (k->s[k->at + *ret_n] == ' ' || k->s[k->at + *ret_n] == '\t'))
        (*ret_n)++;
    return ' ';
}

static void take(struct scan *k, size_t n)
{
    for (size_t i = 0; i < n; i++)
        k->line += k->s[k->at + i] == '\n';
    k->continued = n > 1;
    k->at += n;
}

// What parts words, and is no word itself: whoever looks for the end of either asks this, so one of them always goes
// on.
static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static void skip_blanks(struct scan *k)
{
    size_t n;
    for (int c = peek(k, &n); is_blank(c); c = peek(k, &n))
        take(k, n);
}

// A comment ends with its line, whatever its last character is.
static void skip_line(struct scan *k)
{
    while (k->at < k->len && k->s[k->at] != '\n')
        take(k, 1);
    if (k->at < k->len)
        take(k, 1);
}

static bool octal_tail(const struct buf *b)
{
    const char *s = b->len >= 4 ? b->s + b->len - 4 : "";
    return s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7';
}

// One word without its quotes and escapes; false when a quote is not closed on its line.
static bool word(struct scan *k, struct buf *out)
{
    bool quoted = false;
    size_t n;
    for (int c = peek(k, &n); c >= 0 && c != '\n' && (quoted || !is_blank(c)); c = peek(k, &n)) {
        take(k, n);
        if (c == '"') {
            quoted = !quoted;
            continue;
        }
        buf_addc(out, (char)c);
        if (octal_tail(out)) {
            const char *s = out->s + out->len - 4;
            char byte = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
            buf_truncate(out, out->len - 4);
            buf_addc(out, byte);
        }
    }
    return !quoted;
}

// Is there another word on this line? Leaves the scanner before it, or behind the end of the line.
static bool more_words(struct scan *k)
{
    skip_blanks(k);
    size_t n;
    int c = peek(k, &n);
    if (c >= 0 && c != '\n' && c != '#')
        return true;
    skip_line(k);
    return false;
}

static char *joined(const char *defaults, const char *own)
{
    defaults = defaults ? defaults : "";
    return xasprintf("%s%s%s", defaults, *defaults && *own ? "," : "", own);
}

static void fault(struct exports *x, unsigned line, char *text)
{
    strv_take(&x->faults, xasprintf("line %u: %s", line, text));
    free(text);
}

static bool add_client(struct exports *x, struct exports_entry *en, size_t start, size_t end, char *w, unsigned line)
{
    char *open = strchr(w, '('), *own = w + strlen(w);
    if (open) {
        char *close = strchr(open, ')');
        if (!close || close[1]) {
            fault(x, line, xasprintf("the options of '%s' do not end in ')'", w));
            return false;
        }
        *open = *close = '\0';
        own = open + 1;
    }
    if (!*w && en->n_clients)
        fault(x, line,
              xasprintf("a blank in front of '(' gives the options (%s) to every host, not to %s", own,
                        en->clients[en->n_clients - 1].name));
    en->clients = xgrow(en->clients, en->n_clients, sizeof(*en->clients));
    en->clients[en->n_clients++] = (struct exports_client){start, end, xstrdup(w), joined(en->defaults, own)};
    return true;
}

static void entry_release(struct exports_entry *en)
{
    for (size_t i = 0; i < en->n_clients; i++) {
        free(en->clients[i].name);
        free(en->clients[i].options);
    }
    free(en->clients);
    free(en->path);
    free(en->defaults);
}

// The words behind the path; false if the line cannot be read.
static bool parse_clients(struct scan *k, struct exports *x, struct exports_entry *en)
{
    for (bool first = true; more_words(k); first = false) {
        _cleanup_buf_ struct buf w = BUF_INIT;
        size_t start = k->at;
        unsigned line = k->line;
        if (!word(k, &w)) {
            fault(x, line, xstrdup("a quote is not closed"));
            return false;
        }
        en->end = k->at;
        if (first && buf_str(&w)[0] == '-') {
            en->defaults = xstrdup(buf_str(&w) + 1);
            continue;
        }
        _cleanup_free_ char *text = buf_steal(&w);
        if (!add_client(x, en, start, k->at, text, line))
            return false;
    }
    return true;
}

struct use {
    const struct exports_entry *entry;
    const struct exports_client *client;
    const struct exports_entry *first; // that gives the same client the same path; NULL: this one
};

static int compare_places(const void *a, const void *b)
{
    const struct use *x = a, *y = b;
    return (x->client->start > y->client->start) - (x->client->start < y->client->start);
}

static int compare_uses(const void *a, const void *b)
{
    const struct use *x = a, *y = b;
    int r = strcmp(x->entry->path, y->entry->path);
    r = r ? r : strcmp(x->client->name, y->client->name);
    return r ? r : compare_places(a, b);
}

static void find_repeats(struct exports *x)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < x->n; i++)
        n += x->entries[i].n_clients;
    _cleanup_free_ struct use *all = xcalloc(n + 1, sizeof(*all));
    for (size_t i = 0; i < x->n; i++) {
        for (size_t k = 0; k < x->entries[i].n_clients; k++)
            all[at++] = (struct use){&x->entries[i], &x->entries[i].clients[k], NULL};
    }
    qsort(all, n, sizeof(*all), compare_uses);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(all[i].entry->path, all[i - 1].entry->path) == 0 &&
            strcmp(all[i].client->name, all[i - 1].client->name) == 0)
            all[i].first = all[i - 1].first ? all[i - 1].first : all[i - 1].entry;
    }
    qsort(all, n, sizeof(*all), compare_places);
    for (size_t i = 0; i < n; i++) {
        const struct use *u = &all[i];
        if (u->first && u->first != u->entry)
            fault(x, u->entry->line,
                  xasprintf("%s has %s again, after line %u", u->entry->path,
                            *u->client->name ? u->client->name : "everybody", u->first->line));
    }
}

void exports_parse(const char *text, size_t len, struct exports *ret)
{
    struct scan k = {text, len, 0, 1, false};
    *ret = (struct exports){NULL, 0, STRV_INIT, false};
    while (k.at < k.len) {
        size_t whole = k.at;
        if (!more_words(&k))
            continue;
        struct exports_entry en = {.line = k.line, .whole = whole};
        _cleanup_buf_ struct buf path = BUF_INIT;
        unsigned line = k.line;
        bool good = word(&k, &path);
        en.end = k.at;
        en.path = xstrdup(buf_str(&path));
        if (!good)
            fault(ret, line, xstrdup("a quote is not closed"));
        else if (en.path[0] != '/')
            fault(ret, line, xasprintf("'%s' is no absolute path", en.path));
        good = good && en.path[0] == '/' && parse_clients(&k, ret, &en);
        if (!good && k.at > whole && k.s[k.at - 1] != '\n') {
            while (more_words(&k)) { // the rest of the broken line
                _cleanup_buf_ struct buf rest = BUF_INIT;
                word(&k, &rest);
            }
        }
        en.whole_end = k.at;
        if (!good) {
            entry_release(&en);
            continue;
        }
        ret->entries = xgrow(ret->entries, ret->n, sizeof(*ret->entries));
        ret->entries[ret->n++] = en;
    }
    ret->dangling = k.continued;
    find_repeats(ret);
}

void exports_release(struct exports *x)
{
    for (size_t i = 0; i < x->n; i++)
        entry_release(&x->entries[i]);
    free(x->entries);
    strv_release(&x->faults);
}

// "/srv/nfs/" is "/srv/nfs".
static bool same_path(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    while (n > 1 && a[n - 1] == '/')
        n--;
    while (m > 1 && b[m - 1] == '/')
        m--;
    return n == m && memcmp(a, b, n) == 0;
}

// Everybody may be written as "*" or left out.
static bool same_client(const char *a, const char *b)
{
    return strcasecmp(*a ? a : "*", *b ? b : "*") == 0;
}

void exports_quote_path(struct buf *out, const char *path)
{
    bool quote = strpbrk(path, " #") != NULL;
    if (quote)
        buf_addc(out, '"');
    for (const char *s = path; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c < ' ' || c == '"' || c == '\\' || c == 127)
            buf_addf(out, "\\%03o", c);
        else
            buf_addc(out, *s);
    }
    if (quote)
        buf_addc(out, '"');
}

static void splice(struct buf *out, const char *text, size_t len, size_t from, size_t to, const char *by)
{
    buf_add(out, text, from);
    buf_adds(out, by);
    buf_add(out, text + to, len - to);
}

static const char *line_end(const char *text, size_t len)
{
    const char *newline = memchr(text, '\n', len);
    return newline && newline > text && newline[-1] == '\r' ? "\r\n" : "\n";
}

static void append_line(const struct exports *x, const char *text, size_t len, const char *path, const char *word,
                        struct buf *out)
{
    const char *eol = line_end(text, len);
    buf_add(out, text, len);
    if ((len && text[len - 1] != '\n') || x->dangling)
        buf_adds(out, eol);
    if (len && text[len - 1] == '\\') // the line end just added would continue that line
        buf_adds(out, eol);
    exports_quote_path(out, path);
    buf_addf(out, " %s%s", word, eol);
}

void exports_set(const char *text, size_t len, const char *path, const char *client, const char *options,
                 struct buf *out)
{
    _cleanup_exports_ struct exports x;
    exports_parse(text, len, &x);
    _cleanup_free_ char *own = *options ? xasprintf("%s(%s)", client, options) : xstrdup(client);
    const struct exports_entry *home = NULL;
    const struct exports_client *there = NULL;
    for (size_t i = 0; i < x.n; i++) {
        const struct exports_entry *en = &x.entries[i];
        if (!same_path(en->path, path))
            continue;
        home = en;
        for (size_t k = 0; k < en->n_clients; k++) {
            if (same_client(en->clients[k].name, client))
                there = &en->clients[k];
        }
    }
    _cleanup_free_ char *added = xasprintf(" %s", own);
    if (there && exports_same_options(there->options, options))
        buf_add(out, text, len);
    else if (there)
        splice(out, text, len, there->start, there->end, own);
    else if (home &&
             home->n_clients) // without clients it is open to all: a client added there would shut out the others
        splice(out, text, len, home->end, home->end, added);
    else
        append_line(&x, text, len, path, own, out);
}

void exports_unset(const char *text, size_t len, const char *path, const char *client, struct buf *out)
{
    _cleanup_exports_ struct exports x;
    exports_parse(text, len, &x);
    for (size_t i = 0; i < x.n; i++) {
        const struct exports_entry *en = &x.entries[i];
        for (size_t k = 0; same_path(en->path, path) && k < en->n_clients; k++) {
            const struct exports_client *cl = &en->clients[k];
            if (!same_client(cl->name, client))
                continue;
            if (en->n_clients == 1) {
                splice(out, text, len, en->whole, en->whole_end, "");
                return;
            }
            size_t from = cl->start; // with the blanks in front, but no continuation
            while (from && (text[from - 1] == ' ' || text[from - 1] == '\t'))
                from--;
            bool alone = from && text[from - 1] == '\n';
            splice(out, text, len, alone ? cl->start : from, cl->end, "");
            return;
        }
    }
    buf_add(out, text, len);
}
