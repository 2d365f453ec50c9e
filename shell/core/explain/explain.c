// SPDX-License-Identifier: GPL-3.0-or-later
// The lookup over all rows, and what is made of a row. See explain.h.
#include "core/explain/explain.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "core/explain/rows_priv.h"

// What says most first: the way to a host comes behind what was done over it, general words come last.
static const struct explain_row *const tables[] = {
    explain_rows_migration, explain_rows_state,   explain_rows_storage, explain_rows_nfs,        explain_rows_network,
    explain_rows_ssh,       explain_rows_connect, explain_rows_tls,     explain_rows_cpu_memory, explain_rows_qemu,
    explain_rows_host,      explain_rows_abi,     explain_rows_general,
};

const struct explain_row *explain_row(size_t i)
{
    for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
        for (const struct explain_row *row = tables[t]; row->id; row++) {
            if (i-- == 0)
                return row;
        }
    }
    return NULL;
}

// --- The patterns

static bool same_char(char pattern, char c)
{
    return pattern == '?' ? c && c != '\n' : tolower((unsigned char)pattern) == tolower((unsigned char)c);
}

static bool starts_with_piece(const char *text, const char *piece, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!same_char(piece[i], text[i])) // also at the text's end
            return false;
    }
    return true;
}

// Behind the first place of the line where the piece stands, or NULL.
static const char *behind_piece(const char *line, const char *piece, size_t n)
{
    for (const char *p = line; *p && *p != '\n'; p++) {
        if (starts_with_piece(p, piece, n))
            return p + n;
    }
    return NULL;
}

// Pieces with '*' between them, one behind the other: the first place of each is as good as any other, so this takes
// no more steps than the line has characters, times those of the piece.
static bool fits_line(const char *line, const char *pattern, size_t n)
{
    const char *end = pattern + n;
    while (line && pattern < end) {
        const char *star = memchr(pattern, '*', (size_t)(end - pattern));
        size_t piece = (size_t)((star ? star : end) - pattern);
        if (piece)
            line = behind_piece(line, pattern, piece);
        pattern += piece + (star ? 1 : 0);
    }
    return line;
}

static bool fits(const char *text, const char *pattern, size_t n)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (fits_line(line, pattern, n))
            return true;
    }
    return false;
}

static bool row_fits(const struct explain_row *row, const char *text)
{
    for (const char *p = row->pattern; p; p = *p ? p + 1 : NULL) {
        size_t n = strcspn(p, "|");
        if (fits(text, p, n))
            return true;
        p += n;
        if (!*p)
            break;
    }
    return false;
}

size_t explain_find_all(const char *text, const struct explain_row **ret, size_t max)
{
    size_t found = 0;
    for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
        for (const struct explain_row *row = tables[t]; row->id; row++) {
            if (!row_fits(row, text))
                continue;
            if (found < max)
                ret[found] = row;
            found++;
        }
    }
    return found;
}

const struct explain_row *explain_find(const char *text)
{
    for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
        for (const struct explain_row *row = tables[t]; row->id; row++) {
            if (row_fits(row, text))
                return row;
        }
    }
    return NULL;
}

// --- What is made of a row

static const struct {
    const char *name, *text;
} places[] = {
    [EXPLAIN_SOURCE] = {"source", "on the source"},
    [EXPLAIN_DEST] = {"destination", "on the destination"},
    [EXPLAIN_BOTH] = {"both", "on both hosts"},
    [EXPLAIN_HERE] = {"here", "here"},
    [EXPLAIN_GUEST] = {"guest", "in the guest's definition"},
};

const char *explain_where_name(enum explain_where where)
{
    return places[where].name;
}

const char *explain_where_text(enum explain_where where)
{
    return places[where].text;
}

static bool is_migration(const struct explain_names *names)
{
    return names->source && names->dest;
}

static const char *first_of(const char *a, const char *b, const char *word)
{
    return a ? a : b ? b : word;
}

// Without a migration there is one host, which is the end that `where` names.
static const char *name_of(char letter, enum explain_where where, const struct explain_names *names)
{
    switch (letter) {
    case 'S':
        return first_of(names->source, where == EXPLAIN_SOURCE ? names->node : NULL, "SOURCE");
    case 'D':
        return first_of(names->dest, where == EXPLAIN_DEST ? names->node : NULL, "DEST");
    case 'N':
        return first_of(where == EXPLAIN_SOURCE ? names->source : names->dest, names->node, "NODE");
    default:
        return first_of(names->guest, NULL, "GUEST");
    }
}

char *explain_remedy(const struct explain_row *row, const struct explain_names *names)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    for (const char *p = row->alone && *row->alone && !is_migration(names) ? row->alone : row->remedy; *p; p++) {
        if (p[0] == '{' && p[1] && strchr("SDNG", p[1]) && p[2] == '}') {
            buf_adds(&b, name_of(p[1], row->where, names));
            p += 2;
        } else {
            buf_addc(&b, *p);
        }
    }
    return buf_steal(&b);
}

static void add_place(struct buf *b, enum explain_where where, const struct explain_names *names)
{
    if (where == EXPLAIN_HERE)
        return;
    if (where == EXPLAIN_GUEST)
        buf_adds(b, "in the guest's definition: ");
    else if (is_migration(names) && where == EXPLAIN_BOTH)
        buf_addf(b, "on %s and %s: ", names->source, names->dest);
    else if (is_migration(names))
        buf_addf(b, "on %s: ", where == EXPLAIN_SOURCE ? names->source : names->dest);
    else if (names->node && where != EXPLAIN_BOTH)
        buf_addf(b, "on %s: ", names->node);
}

void explain_fill(struct err *e, const struct explain_names *names)
{
    const struct explain_row *row = e->hint || !e->msg ? NULL : explain_find(e->msg);
    if (!row || (row->alone && !*row->alone && !is_migration(names)))
        return;
    _cleanup_free_ char *remedy = explain_remedy(row, names);
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_addf(&b, "%s; ", row->cause);
    add_place(&b, row->where, names);
    buf_adds(&b, remedy);
    err_hint(e, "%s", buf_str(&b));
}
