// SPDX-License-Identifier: GPL-3.0-or-later
// Tab: inserts what all candidates have in common, and at the second press lists them. Main thread. See tab.h.
// Readline's own completer is not used: it splits words by its own rules, and asks "display all 5000?" in a read that
// would hold up the loop.
#include "ui/tab.h"

#include <stdio.h>
#include <string.h>

#include <readline/readline.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cmd/engine/complete.h"
#include "ui/live.h"
#include "ui/lua_mode.h"
#include "ui/progress.h"
#include "ui/term.h"

enum { DESCRIBED_MAX = 60 };

static struct ctx *known;
static const struct buf *pending;

static void replace(const struct completion *c, const char *text)
{
    size_t start = c->start, end = (size_t)rl_point;
    size_t n = strlen(text);
    if (end - start == n && strncmp(rl_line_buffer + start, text, n) == 0)
        return;
    rl_begin_undo_group();
    rl_delete_text((int)start, (int)end);
    rl_point = (int)start;
    rl_insert_text(text);
    rl_end_undo_group();
}

// What a list shows of a word: the part behind the last "/" or "@" or "=" that all share.
static size_t shown_from(const struct completion *c)
{
    size_t common = completion_common(c), from = 0;
    for (size_t i = 0; i < common; i++) {
        char ch = c->list[0].word[i];
        if (ch == '/' || ch == '=' || ch == ',' || (c->lua && (ch == '.' || ch == ':')))
            from = i + 1;
    }
    return from;
}

static size_t widest(const struct completion *c, size_t from)
{
    size_t widest = 1;
    for (size_t i = 0; i < c->n; i++) {
        size_t columns = str_columns(c->list[i].word + from);
        widest = columns > widest ? columns : widest;
    }
    return widest;
}

static void add_cell(const char *word, size_t width, int room, struct buf *out)
{
    _cleanup_buf_ struct buf cell = BUF_INIT;
    progress_clip(word, room, &cell);
    size_t columns = str_columns(buf_str(&cell));
    buf_adds(out, buf_str(&cell));
    buf_addn(out, ' ', columns < width ? width - columns : 0);
}

static void list_described(const struct completion *c, size_t from, struct buf *out)
{
    int screen = term_width() - 1;
    size_t width = widest(c, from) + 2;
    for (size_t i = 0; i < c->n; i++) {
        add_cell(c->list[i].word + from, width, screen, out);
        if (c->list[i].help && (size_t)screen > width)
            progress_clip(c->list[i].help, screen - (int)width, out);
        buf_addc(out, '\n');
    }
}

// Down the columns, as ls does; no more than fits the screen above the prompt.
static void list_columns(const struct completion *c, size_t from, struct buf *out)
{
    size_t screen = (size_t)term_width() - 1, width = widest(c, from) + 2;
    size_t columns = width < screen ? screen / width : 1;
    size_t rows = (c->n + columns - 1) / columns, room = (size_t)term_height() > 4 ? (size_t)term_height() - 3 : 1;
    size_t shown_rows = rows > room ? room : rows;
    size_t last = rows > room ? room * columns : c->n;
    for (size_t row = 0; row < shown_rows; row++) {
        size_t line_start = out->len;
        for (size_t i = row; i < last; i += shown_rows)
            add_cell(c->list[i].word + from, width, (int)screen, out);
        while (out->len > line_start && out->s[out->len - 1] == ' ')
            buf_truncate(out, out->len - 1);
        buf_addc(out, '\n');
    }
    if (last < c->n)
        buf_addf(out, "... and %zu more: type a letter or two\n", c->n - last);
}

static void show_list(const struct completion *c)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    size_t from = shown_from(c);
    bool described = c->n <= DESCRIBED_MAX && c->n + 2 <= (size_t)term_height();
    for (size_t i = 0; described && i < c->n; i++)
        described = c->list[i].help != NULL;
    if (described)
        list_described(c, from, &out);
    else
        list_columns(c, from, &out);
    int point = rl_point;
    live_freeze();
    rl_point = rl_end; // the list goes below the whole line
    rl_redisplay();
    rl_point = point;
    rl_crlf();
    fwrite(buf_str(&out), 1, out.len, rl_outstream);
    live_thaw();
    rl_on_new_line();
    rl_forced_update_display();
}

static int on_tab(int count, int key)
{
    (void)count;
    (void)key;
    struct completion c;
    _cleanup_free_ char *before = lua_mode_line(buf_str(pending));
    if (lua_mode_has(before))
        complete_lua(before, rl_line_buffer, (size_t)rl_point, &c);
    else
        complete_line(known, rl_line_buffer, (size_t)rl_point, &c);
    if (c.aside && rl_last_func == on_tab) {
        show_list(&c);
    } else if (!c.n || c.aside) {
        rl_ding();
    } else if (c.n == 1) {
        const struct candidate *only = &c.list[0];
        _cleanup_free_ char *text =
            completion_quote(&c, rl_line_buffer, only->word, strlen(only->word), !only->open && !c.lua);
        replace(&c, text);
    } else {
        _cleanup_free_ char *was = rl_copy_text(0, rl_end);
        _cleanup_free_ char *text = completion_quote(&c, rl_line_buffer, c.list[0].word, completion_common(&c), false);
        if (completion_common(&c))
            replace(&c, text);
        if (strcmp(was, rl_line_buffer) == 0 && rl_last_func == on_tab)
            show_list(&c);
        else if (strcmp(was, rl_line_buffer) == 0)
            rl_ding();
    }
    completion_release(&c);
    return 0;
}

void tab_bind(struct ctx *ctx, const struct buf *lines)
{
    known = ctx;
    pending = lines;
    rl_bind_key_in_map('\t', on_tab, emacs_standard_keymap);
    rl_bind_key_in_map('\t', on_tab, vi_insertion_keymap);
}
