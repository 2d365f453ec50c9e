// SPDX-License-Identifier: GPL-3.0-or-later
// Questions and their small line editor: backspace, ^U, Enter; ^C and ^D refuse. Main thread. See ask.h.
#include "ui/ask.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/strv.h"
#include "ui/live.h"
#include "ui/term.h"

enum { ANSWER_MAX = 1023, CTRL_C = 3, CTRL_D = 4, CTRL_H = 8, CTRL_U = 21, ESC = 27, DEL = 127 };

struct question {
    struct question *next;
    enum out_ask_kind kind;
    char *label; // its last line, with what introduces the answer
    void *token;
};

static const struct ask_host *host;
static struct question *queue;
static bool was_secret;
// One place for all answers, wiped after each: a growing buffer would leave copies of a secret behind.
static char answer[ANSWER_MAX + 1];
static size_t answer_len;
static bool in_escape;
static char partial[5]; // the bytes so far of a character that is being typed
static size_t partial_len;

void ask_init(const struct ask_host *h)
{
    host = h;
}

bool ask_active(void)
{
    return queue != NULL;
}

bool ask_was_secret(void)
{
    return was_secret;
}

static void draw(void)
{
    fputs(queue->label, live_stream());
    if (queue->kind != OUT_ASK_SECRET)
        fputs(answer, live_stream()); // only what accept_byte() let in
    fflush(live_stream());
}

static void clear(void)
{
    if (!live_redraws()) {
        fputc('\n', live_stream());
        return;
    }
    size_t columns = str_columns(queue->label);
    if (queue->kind != OUT_ASK_SECRET)
        columns += str_columns(answer);
    size_t up = columns / (size_t)term_width();
    if (up)
        fprintf(live_stream(), "\033[%zuA", up);
    fputs("\r\033[J", live_stream());
}

static const struct live_prompt as_prompt = {clear, draw};

static void open_first(void)
{
    live_set_prompt(&as_prompt);
    draw();
}

// All lines but the last of a question are told like anything else; the last one is the label.
static char *make_label(enum out_ask_kind kind, const char *text)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_add_message(&b, text);
    while (b.len && (b.s[b.len - 1] == ' ' || b.s[b.len - 1] == '\n'))
        buf_truncate(&b, b.len - 1);
    const char *last = strrchr(buf_str(&b), '\n');
    if (last) {
        fwrite(buf_str(&b), 1, (size_t)(last + 1 - buf_str(&b)), live_stream());
        last++;
    } else {
        last = buf_str(&b);
    }
    bool asks = *last && strchr(":?", last[strlen(last) - 1]);
    return xasprintf("%s%s%s ", last, kind == OUT_ASK_YESNO || asks ? "" : ":",
                     kind == OUT_ASK_YESNO ? " [yes/no]" : "");
}

void ask_put(enum out_ask_kind kind, const char *text, void *token)
{
    if (!host || !live_stream()) {
        out_answer(token, NULL);
        return;
    }
    struct question *q = xnew(struct question);
    q->kind = kind;
    was_secret = was_secret || kind == OUT_ASK_SECRET;
    q->token = token;
    if (queue) {
        live_hide();
        q->label = make_label(kind, text);
        struct question *last = queue;
        while (last->next)
            last = last->next;
        last->next = q;
        live_show();
        return;
    }
    host->begin(); // the prompt is off the screen
    live_hide();
    q->label = make_label(kind, text);
    queue = q;
    live_show();
    open_first();
}

static void forget_answer(void)
{
    mem_wipe(answer, sizeof(answer));
    answer_len = 0;
    in_escape = false;
    partial_len = 0;
}

// The first question is off the screen: on to the next, or back to the prompt.
static void pop(void)
{
    struct question *q = queue;
    queue = q->next;
    free(q->label);
    free(q);
    forget_answer();
    live_set_prompt(NULL);
    if (queue)
        open_first();
    else
        host->end();
}

void ask_withdraw(void *token)
{
    struct question **at = &queue;
    while (*at && (*at)->token != token)
        at = &(*at)->next;
    if (!*at)
        return;
    if (*at == queue) {
        clear();
        pop();
        return;
    }
    struct question *q = *at;
    *at = q->next;
    free(q->label);
    free(q);
}

static void echo(const char *s)
{
    fputs(s, live_stream());
    fflush(live_stream());
}

static void finish(const char *text)
{
    void *token = queue->token;
    echo("\n");
    out_answer(token, text);
    pop();
}

static void accept_answer(void)
{
    if (queue->kind != OUT_ASK_YESNO) {
        finish(answer);
        return;
    }
    if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0) {
        finish("yes");
    } else if (strcasecmp(answer, "n") == 0 || strcasecmp(answer, "no") == 0) {
        finish("no");
    } else {
        forget_answer();
        echo("\nPlease answer yes or no.\n");
        draw();
    }
}

// Takes away the last `n` bytes' worth of characters: all of them (^U), or one.
static void erase(bool all)
{
    clear();
    do {
        while (answer_len && ((unsigned char)answer[answer_len - 1] & 0xc0) == 0x80)
            answer[--answer_len] = '\0';
        if (answer_len)
            answer[--answer_len] = '\0';
    } while (all && answer_len);
    draw();
}

// A secret is any bytes. Other text is shown, so it is kept a whole character at a time, and only what may be shown: it
// may have been pasted.
static void accept_byte(char c)
{
    if (queue->kind != OUT_ASK_SECRET) {
        if (((unsigned char)c & 0xc0) != 0x80 || partial_len == sizeof(partial) - 1)
            partial_len = 0;
        partial[partial_len++] = c;
        partial[partial_len] = '\0';
        if (!is_printable_line(partial) || answer_len + partial_len > ANSWER_MAX)
            return;
        memcpy(answer + answer_len, partial, partial_len + 1);
        answer_len += partial_len;
        partial_len = 0;
        echo(partial);
        return;
    }
    answer[answer_len++] = c;
    answer[answer_len] = '\0';
}

static void feed_byte(char c)
{
    if (in_escape) { // an arrow key or the like: swallowed up to its final byte
        in_escape = !(c >= '@' && c <= '~' && c != '[' && c != 'O');
    } else if (c == '\r' || c == '\n') {
        accept_answer();
    } else if (c == CTRL_C || (c == CTRL_D && !answer_len)) {
        finish(NULL);
    } else if (c == DEL || c == CTRL_H || c == CTRL_U) {
        erase(c == CTRL_U);
    } else if (c == ESC) {
        in_escape = true;
    } else if ((unsigned char)c >= ' ' && answer_len < ANSWER_MAX) {
        accept_byte(c);
    }
}

size_t ask_feed(const char *bytes, size_t n)
{
    size_t used = 0;
    while (used < n && queue)
        feed_byte(bytes[used++]);
    return used;
}

void ask_refuse_all(void)
{
    while (queue)
        finish(NULL);
}
