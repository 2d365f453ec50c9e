// SPDX-License-Identifier: GPL-3.0-or-later
// Managed blocks. Pure. The second line of a block bears a sum of the lines behind it, so that any console, also one
// that did not write it, sees whether somebody has edited the block by hand: such a block is left alone.
//
//     # BEGIN MIGSH tag
//     # written by migsh, sum 0123456789abcdef: changes by hand are not overwritten
//     192.0.2.1 source
//     # END MIGSH tag
#include <string.h>

#include "core/change/change_priv.h"
#include "io/digest.h"

static const char sum_head[] = "# written by migsh, sum ", sum_tail[] = ": changes by hand are not overwritten";
enum { SUM_LEN = 16 };

enum { NOT_THERE, THERE, BROKEN };

// The lines [*ret_begin, *ret_end) from marker to marker.
static int find(const struct text_lines *t, const char *tag, size_t *ret_begin, size_t *ret_end)
{
    size_t begins = 0, ends = 0;
    bool inside = false, broken = false;
    for (size_t i = 0; i < t->n; i++) {
        const char *s = NULL;
        size_t n = 0;
        bool begin = block_is_begin(&t->l[i], &s, &n), end = !begin && block_is_end(&t->l[i], &s, &n);
        if (!begin && !end)
            continue;
        bool ours = n == strlen(tag) && memcmp(s, tag, n) == 0;
        if (inside && !(ours && end)) // another block's marker within ours, or a second beginning
            broken = true;
        if (ours && begin) {
            begins++;
            *ret_begin = i;
            inside = true;
        } else if (ours) {
            broken |= !inside;
            ends++;
            *ret_end = i + 1;
            inside = false;
        }
    }
    if (!begins && !ends)
        return NOT_THERE;
    return begins == 1 && ends == 1 && !broken ? THERE : BROKEN;
}

static bool tag_is_valid(const char *tag)
{
    return tag && *tag &&
           strspn(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen(tag);
}

// The sum of lines, whatever their ends.
static void sum_lines(const struct text_line *l, size_t n, char ret[DIGEST_HEX])
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    for (size_t i = 0; i < n; i++) {
        buf_add(&b, l[i].s, l[i].len);
        buf_addc(&b, '\n');
    }
    digest_sha256(b.s, b.len, ret);
}

static bool is_sum_line(const struct text_line *l)
{
    return l->len > strlen(sum_head) && memcmp(l->s, sum_head, strlen(sum_head)) == 0;
}

// Is the block (its lines between the markers) as migsh wrote it?
static bool untouched(const struct text_line *l, size_t n)
{
    char sum[DIGEST_HEX];
    if (!n || !is_sum_line(l) || l->len < strlen(sum_head) + SUM_LEN)
        return false;
    sum_lines(l + 1, n - 1, sum);
    return memcmp(l->s + strlen(sum_head), sum, SUM_LEN) == 0;
}

bool change_block_find(const char *text, size_t len, const char *tag, const char **ret_body, size_t *ret_len)
{
    _cleanup_lines_ struct text_lines t;
    text_split(text, len, &t);
    size_t begin = 0, end = 0;
    if (find(&t, tag, &begin, &end) != THERE)
        return false;
    size_t first = begin + 1;
    if (first + 1 < end && is_sum_line(&t.l[first]))
        first++;
    *ret_body = t.l[first].s;
    *ret_len = (size_t)(t.l[end - 1].s - t.l[first].s);
    return true;
}

// The block as it shall stand there, with the file's line ends.
static int build(const struct change *c, const char *eol, struct buf *out, struct err *e)
{
    _cleanup_lines_ struct text_lines t;
    text_split(c->text, c->text_len, &t);
    char sum[DIGEST_HEX];
    sum_lines(t.l, t.n, sum);
    buf_addf(out, "%s%s%s%s%.*s%s%s", block_begin_mark, c->tag, eol, sum_head, SUM_LEN, sum, sum_tail, eol);
    for (size_t i = 0; i < t.n; i++) {
        const char *tag;
        size_t len;
        if (t.l[i].in_block || block_is_end(&t.l[i], &tag, &len) || is_sum_line(&t.l[i]) ||
            memchr(t.l[i].s, '\0', t.l[i].len) || memchr(t.l[i].s, '\r', t.l[i].len))
            return err_set(e, ERR_USAGE, "line %zu of the block cannot be part of a block", i + 1);
        buf_add(out, t.l[i].s, t.l[i].len);
        buf_adds(out, eol);
    }
    buf_addf(out, "%s%s%s", block_end_mark, c->tag, eol);
    return 0;
}

static int refuse_broken(const struct change *c, struct err *e)
{
    err_set(e, ERR_STATE, "%s: the markers of the block '%s' appear twice, or one without the other", c->path, c->tag);
    return err_hint(e, "fix or remove the lines '# BEGIN MIGSH %s' and '# END MIGSH %s' by hand", c->tag, c->tag);
}

static int refuse_edited(const struct change *c, struct err *e)
{
    err_set(e, ERR_STATE, "%s: someone else has changed the block '%s'", c->path, c->tag);
    return err_hint(e, "move the change out of the block, then delete the block: migsh will write it anew");
}

static void add_lines(struct buf *out, const struct text_lines *t, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        buf_add(out, t->l[i].s, t->l[i].whole);
}

int block_judge(const struct change *c, const struct change_file *old, struct buf *out, json_t *hunks, struct err *e)
{
    if (!tag_is_valid(c->tag))
        return err_set(e, ERR_USAGE, "'%s' cannot be the name of a block", c->tag ? c->tag : "");
    _cleanup_lines_ struct text_lines t;
    _cleanup_buf_ struct buf block = BUF_INIT;
    text_split(buf_str(&old->text), old->text.len, &t);
    size_t begin = t.n, end = t.n;
    int there = find(&t, c->tag, &begin, &end);
    if (there == BROKEN)
        return refuse_broken(c, e);
    if (c->text && build(c, t.eol, &block, e) < 0)
        return -1;
    const char *was = there == THERE ? t.l[begin].s : NULL;
    size_t was_len = was ? (size_t)(t.l[end - 1].s + t.l[end - 1].whole - was) : 0;
    // A last marker without line end stays without one.
    if (was && end == t.n && t.unended && block.len)
        buf_truncate(&block, block.len - strlen(t.eol));
    bool equal = was && c->text && was_len == block.len && memcmp(was, block.s, was_len) == 0;
    if (was && !equal && !untouched(&t.l[begin + 1], end - begin - 2))
        return refuse_edited(c, e);
    const char *glue = !was && c->text ? text_glue(buf_str(&old->text), old->text.len, t.eol) : NULL;
    add_lines(out, &t, 0, begin);
    buf_adds(out, glue ? glue : "");
    buf_add(out, buf_str(&block), block.len);
    add_lines(out, &t, end, t.n);
    if (!equal && (was || c->text))
        json_array_append_new(hunks, hunk_new(begin, was, was_len, c->text ? block.s : NULL, block.len, glue, c->tag));
    return 0;
}
