// SPDX-License-Identifier: GPL-3.0-or-later
// Splitting text into commands and words. Pure. See parse.h.
#include "cmd/engine/parse.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/ssh/remote.h"

struct scanner {
    const char *at;
    struct buf word;
    bool in_word;
    char quote; // the open one at the end of input
    bool dangling_backslash;
    size_t word_start, cmd_start;
    struct redirect to; // of the command that is read
    bool wants_file;    // the word that is read is its name
    const char *wrong;  // what cannot be meant, or NULL
    const char *text;
};

static void push_char(struct scanner *s, char c)
{
    buf_addc(&s->word, c);
    s->in_word = true;
}

bool parse_is_special(char c, bool first)
{
    return c && (strchr(" \t\r\n;'\"\\", c) || (first && strchr("#&|>", c)));
}

// Inside quotes; returns at the closing one or at the end of input (quote stays set).
static void scan_quoted(struct scanner *s, const char *end)
{
    s->quote = *s->at++;
    s->in_word = true;
    for (; s->at < end; s->at++) {
        if (*s->at == s->quote) {
            s->quote = 0;
            s->at++;
            return;
        }
        if (s->quote == '"' && *s->at == '\\' && s->at + 1 < end && strchr("\"\\", s->at[1]))
            s->at++;
        push_char(s, *s->at);
    }
}

// Reads one word's worth of characters. False at a separator, a comment or the end.
static bool scan_step(struct scanner *s, const char *end)
{
    char c = *s->at;
    if (!s->in_word)
        s->word_start = (size_t)(s->at - s->text);
    if (c == '\'' || c == '"') {
        scan_quoted(s, end);
    } else if (c == '\\') {
        if (s->at + 1 >= end) {
            s->dangling_backslash = true;
            s->at++;
        } else if (s->at[1] == '\n') {
            s->at += 2; // a line continued
        } else {
            push_char(s, s->at[1]);
            s->at += 2;
        }
    } else {
        push_char(s, c);
        s->at++;
    }
    return s->at < end && !s->quote;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void end_word(struct scanner *s, struct strv *words)
{
    if (!words->n)
        s->cmd_start = s->word_start;
    if (s->in_word && s->wants_file)
        s->to.to = buf_steal(&s->word);
    else if (s->in_word)
        strv_take(words, buf_steal(&s->word));
    s->wants_file &= !s->in_word;
    s->in_word = false;
}

static void end_command(struct scanner *s, struct parsed *p, struct strv *words, bool behind)
{
    if (!words->n)
        return;
    if (s->wants_file)
        s->wrong = "there is no file behind '>'";
    s->wants_file = false;
    p->to = xrealloc(p->to, p->n + 1, sizeof(*p->to));
    p->to[p->n] = s->to;
    s->to = (struct redirect){REDIRECT_NONE, NULL};
    p->cmds = xrealloc(p->cmds, p->n + 1, sizeof(*p->cmds));
    p->behind = xrealloc(p->behind, p->n + 1, sizeof(*p->behind));
    size_t n = (size_t)(s->at - s->text) - s->cmd_start;
    while (behind && is_blank(s->text[s->cmd_start + n - 1]))
        n--;
    p->behind[p->n] = behind ? xstrndup(s->text + s->cmd_start, n) : NULL;
    p->cmds[p->n++] = *words;
    *words = (struct strv)STRV_INIT;
}

// Within a word it is data: URIs hold some.
static bool is_ampersand(const struct scanner *s, const char *end)
{
    return *s->at == '&' && !s->in_word && (s->at + 1 == end || is_blank(s->at[1]) || strchr(";\n#", s->at[1]));
}

// psql's commands; without its backslash one could be a command of ours that does something else.
static bool is_backslash_command(const struct scanner *s, const char *end, const struct strv *words)
{
    return *s->at == '\\' && !s->in_word && !words->n && s->at + 1 < end && isalpha((unsigned char)s->at[1]);
}

// The text for sh: all up to the end of the command, which is found by the same quoting.
static void scan_pipe(struct scanner *s, const char *end)
{
    while (s->at < end && is_blank(*s->at))
        s->at++;
    const char *from = s->at;
    while (s->at < end && !strchr(";\n", *s->at) && !is_ampersand(s, end) && (*s->at != '#' || s->in_word)) {
        if (is_blank(*s->at)) {
            buf_truncate(&s->word, 0);
            s->in_word = false;
            s->at++;
        } else {
            scan_step(s, end);
        }
    }
    if (s->at == from || *from == '|')
        s->wrong = "there is no command behind '|'";
    s->to.to = xstrndup(from, (size_t)(s->at - from));
    if (s->at < end) { // else completion wants to know
        buf_truncate(&s->word, 0);
        s->in_word = false;
    }
}

static void scan_redirect(struct scanner *s, const char *end, const struct strv *words)
{
    char c = *s->at++;
    if (s->to.kind)
        s->wrong = "the result of a command goes to one place only";
    else if (!words->n)
        s->wrong = c == '|' ? "there is no command before '|'" : "there is no command before '>'";
    if (s->wrong)
        return;
    bool twice = c == '>' && s->at < end && *s->at == '>';
    s->to.kind = c == '|' ? REDIRECT_PIPE : twice ? REDIRECT_APPEND : REDIRECT_FILE;
    s->at += twice;
    if (c == '|')
        scan_pipe(s, end);
    else if (s->at < end && strchr("&|>", *s->at))
        s->wrong = "behind '>' stands a file's name";
    s->wants_file = c == '>' && !s->wrong;
}

static void scan(struct scanner *s, const char *end, struct parsed *p, struct strv *words)
{
    while (s->at < end) {
        if (is_blank(*s->at)) {
            end_word(s, words);
            s->at++;
        } else if (*s->at == ';' || *s->at == '\n') {
            end_word(s, words);
            end_command(s, p, words, false);
            s->at++;
        } else if (is_ampersand(s, end)) {
            if (!words->n)
                s->wrong = "there is no command before '&'";
            end_command(s, p, words, true);
            s->at++;
        } else if ((*s->at == '|' || *s->at == '>') && !s->in_word) {
            scan_redirect(s, end, words);
        } else if (is_backslash_command(s, end, words)) {
            s->wrong = "commands have no backslash before them (\\? is help)";
            s->at++;
        } else if (*s->at == '#' && !s->in_word) {
            while (s->at < end && *s->at != '\n')
                s->at++;
        } else {
            scan_step(s, end);
        }
    }
}

int parse_text(const char *text, struct parsed *ret, bool *ret_incomplete, struct err *e)
{
    struct scanner s = {.at = text, .text = text};
    struct parsed p = {0};
    _cleanup_strv_ struct strv words = STRV_INIT;
    scan(&s, text + strlen(text), &p, &words);
    bool incomplete = s.quote || s.dangling_backslash;
    if (ret_incomplete)
        *ret_incomplete = incomplete;
    if (!incomplete) {
        if (s.to.kind != REDIRECT_PIPE) // its last word is in its text
            end_word(&s, &words);
        end_command(&s, &p, &words, false);
    }
    if (incomplete || s.wrong)
        parsed_release(&p);
    else
        *ret = p;
    buf_release(&s.word);
    free(s.to.to);
    if (s.quote)
        return err_set(e, ERR_USAGE, "missing closing %c of the quote that begins at character %zu", s.quote,
                       s.word_start + 1);
    if (s.dangling_backslash)
        return err_set(e, ERR_USAGE, "a backslash at the end of the line escapes nothing");
    return s.wrong ? err_set(e, ERR_USAGE, "%s", s.wrong) : 0;
}

void parsed_release(struct parsed *p)
{
    for (size_t i = 0; i < p->n; i++) {
        strv_release(&p->cmds[i]);
        free(p->behind[i]);
        free(p->to[i].to);
    }
    free(p->cmds);
    free(p->behind);
    free(p->to);
    *p = (struct parsed){0};
}

enum redirect_kind parse_for_completion(const char *text, size_t end, struct strv *ret_words, size_t *ret_start,
                                        char *ret_quote)
{
    struct scanner s = {.at = text, .text = text};
    struct parsed done = {0};
    scan(&s, text + end, &done, ret_words);
    parsed_release(&done);
    *ret_start = s.in_word ? s.word_start : end;
    *ret_quote = s.quote;
    strv_take(ret_words, buf_steal(&s.word));
    free(s.to.to);
    return s.wants_file || s.to.kind == REDIRECT_PIPE ? s.to.kind : REDIRECT_NONE;
}

char *parse_typed(const struct strv *words)
{
    _cleanup_buf_ struct buf line = BUF_INIT;
    for (size_t i = 0; i < words->n; i++) {
        const char *word = words->s[i];
        size_t plain = 0;
        while (word[plain] && !parse_is_special(word[plain], plain == 0))
            plain++;
        buf_adds(&line, i ? " " : "");
        if (*word && !word[plain])
            buf_adds(&line, word);
        else
            remote_quote_words(&line, &word, 1);
    }
    return buf_steal(&line);
}
