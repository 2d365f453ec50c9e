// SPDX-License-Identifier: GPL-3.0-or-later
// Records of a journal, to text and back, and what they add up to. Pure but for journal_list(). See journal.h.
//
// {"rec": "begin", "command", "time", "about"}                           first
// {"rec": "intent", "step": 1…, "name", "time", "about"}
// {"rec": "outcome", "step", "state": "done" …, "time", "outcome"}
// {"rec": "end", "state": "done" …, "time", "kept"}                      anything after it opens the journal again
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/strv.h"
#include "core/journal/priv.h"
#include "io/digest.h"
#include "io/file_trusted.h"
#include "io/job.h"

enum { SUM_LEN = 16 };
static const char sum_head[] = ",\"sum\":\"", sum_tail[] = "\"}";
enum { SUM_HEAD = sizeof(sum_head) - 1, SUM_TAIL = sizeof(sum_tail) - 1, TRAILER = SUM_HEAD + SUM_LEN + SUM_TAIL };

static const char *const state_names[] = {"running", "done", "failed", "reverted", "interrupted"};
static const char *const step_names[] = {"intent", "done", "unchanged", "failed", "undoing", "undone", "undo-failed"};

const char *journal_state_name(enum journal_state s)
{
    return state_names[s];
}

const char *journal_step_state_name(enum journal_step_state s)
{
    return step_names[s];
}

static int index_of(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; name && i < n; i++) {
        if (strcmp(names[i], name) == 0)
            return (int)i;
    }
    return -1;
}

void journal_line(const json_t *record, struct buf *out)
{
    char *s = json_dumps(record, JSON_COMPACT);
    size_t n = s ? strlen(s) : 0;
    if (n < 3) // out of memory, or not an object: a mistake of ours
        abort();
    char sum[DIGEST_HEX];
    digest_sha256(s, n, sum);
    buf_add(out, s, n - 1);
    buf_addf(out, "%s%.*s%s\n", sum_head, SUM_LEN, sum, sum_tail);
    free(s);
}

// The record of a line without its newline, or NULL.
static json_t *read_line(const char *line, size_t n)
{
    if (n <= TRAILER || memcmp(line + n - TRAILER, sum_head, SUM_HEAD) != 0 ||
        memcmp(line + n - SUM_TAIL, sum_tail, SUM_TAIL) != 0)
        return NULL;
    _cleanup_buf_ struct buf text = BUF_INIT;
    buf_add(&text, line, n - TRAILER);
    buf_addc(&text, '}');
    char sum[DIGEST_HEX];
    digest_sha256(text.s, text.len, sum);
    if (memcmp(sum, line + n - TRAILER + SUM_HEAD, SUM_LEN) != 0)
        return NULL;
    return json_loadb(text.s, text.len, JSON_ALLOW_NUL, NULL);
}

static int take_begin(struct journal *j, const json_t *r)
{
    const char *command = json_text_at(r, "command");
    if (!command || j->command)
        return -1;
    j->command = xstrdup(command);
    j->time = json_number_value(json_object_get(r, "time"));
    j->about = json_deep_copy(json_object_get(r, "about"));
    return 0;
}

static int take_intent(struct journal *j, const json_t *r)
{
    const char *name = json_text_at(r, "name");
    if (!name || json_integer_value(json_object_get(r, "step")) != (json_int_t)j->n + 1)
        return -1;
    j->steps = xrealloc(j->steps, j->n + 1, sizeof(*j->steps));
    j->steps[j->n++] = (struct journal_entry){xstrdup(name), json_deep_copy(json_object_get(r, "about")),   NULL,
                                              STEP_INTENT,   json_number_value(json_object_get(r, "time")), 0};
    return 0;
}

static int take_outcome(struct journal *j, const json_t *r)
{
    json_int_t step = json_integer_value(json_object_get(r, "step"));
    int state = index_of(step_names, ARRAY_SIZE(step_names), json_text_at(r, "state"));
    if (step < 1 || (size_t)step > j->n || state < 0)
        return -1;
    struct journal_entry *s = &j->steps[step - 1];
    s->state = (enum journal_step_state)state;
    s->ended = json_number_value(json_object_get(r, "time"));
    json_decref(s->outcome);
    s->outcome = json_deep_copy(json_object_get(r, "outcome"));
    return 0;
}

int journal_take(struct journal *j, const json_t *r)
{
    const char *rec = json_text_at(r, "rec");
    if (!rec || (!j->command && strcmp(rec, "begin") != 0))
        return -1;
    j->ended = strcmp(rec, "end") == 0;
    if (strcmp(rec, "begin") == 0)
        return take_begin(j, r);
    if (strcmp(rec, "intent") == 0)
        return take_intent(j, r);
    if (strcmp(rec, "outcome") == 0)
        return take_outcome(j, r);
    int state = index_of(state_names, ARRAY_SIZE(state_names), json_text_at(r, "state"));
    if (!j->ended || state < 0)
        return -1;
    j->state = (enum journal_state)state;
    const json_t *kept = json_object_get(r, "kept");
    if (json_is_object(kept)) {
        json_decref(j->kept);
        j->kept = json_deep_copy(kept);
    }
    return 0;
}

int journal_parse(struct journal *j, const char *text, size_t len, struct err *e)
{
    const char *s = text, *end = text + len;
    while (s < end) {
        const char *newline = memchr(s, '\n', (size_t)(end - s));
        json_t *record = newline ? read_line(s, (size_t)(newline - s)) : NULL;
        bool last = !newline || newline + 1 == end;
        int r = record ? journal_take(j, record) : -1;
        if (r < 0 && (record || !last)) {
            json_decref(record);
            return err_set(e, ERR_IO, "the journal %s is damaged at byte %zu", j->id, (size_t)(s - text));
        }
        json_decref(record);
        if (r < 0)
            break;
        s = newline + 1;
    }
    j->good = (size_t)(s - text);
    return 0;
}

// The last whole line of the tail, or NULL.
static json_t *last_record(const char *tail, size_t len)
{
    const char *end = memrchr(tail, '\n', len);
    const char *before = end ? memrchr(tail, '\n', (size_t)(end - tail)) : NULL;
    const char *start = before ? before + 1 : tail;
    return end ? read_line(start, (size_t)(end - start)) : NULL;
}

bool journal_looks_unfinished(const char *head, size_t head_len, const char *tail, size_t tail_len)
{
    const char *newline = memchr(head, '\n', head_len);
    json_t *first = newline ? read_line(head, (size_t)(newline - head)) : NULL, *last = last_record(tail, tail_len);
    const char *state = json_text_at(last, "state"), *rec = json_text_at(last, "rec");
    bool other = first && !json_is_true(json_object_get(json_object_get(first, "about"), "workflow"));
    bool ended = rec && state && strcmp(rec, "end") == 0 &&
                 (strcmp(state, state_names[JOURNAL_DONE]) == 0 || strcmp(state, state_names[JOURNAL_REVERTED]) == 0);
    json_decref(first);
    json_decref(last);
    return !other && !ended;
}

const char *journal_id(const struct journal *j)
{
    return j->id;
}

bool journal_is_id(const char *text)
{
    static const char shape[] = "dddddddd-dddddd.ddd-";
    size_t n = strlen(text), head = sizeof(shape) - 1;
    for (size_t i = 0; i < head; i++) {
        if (shape[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i])
            return false;
    }
    return n > head + 7 && text[n - 7] == '-' && strspn(text + n - 6, "0123456789abcdef") == 6;
}

const char *journal_command(const struct journal *j)
{
    return j->command;
}

const json_t *journal_about(const struct journal *j)
{
    return j->about;
}

double journal_time(const struct journal *j)
{
    return j->time;
}

enum journal_state journal_get_state(const struct journal *j)
{
    lock_acquire(j->lock);
    enum journal_state s = j->taken ? JOURNAL_RUNNING : j->ended ? j->state : JOURNAL_INTERRUPTED;
    lock_release(j->lock);
    return s;
}

enum journal_state journal_found(const struct journal *j)
{
    lock_acquire(j->lock);
    enum journal_state s = j->ended ? j->state : JOURNAL_INTERRUPTED;
    lock_release(j->lock);
    return s;
}

size_t journal_steps(const struct journal *j)
{
    lock_acquire(j->lock);
    size_t n = j->n;
    lock_release(j->lock);
    return n;
}

const json_t *journal_kept(const struct journal *j)
{
    lock_acquire(j->lock);
    const json_t *kept = j->kept;
    lock_release(j->lock);
    return kept;
}

struct journal_step journal_step_at(const struct journal *j, size_t i)
{
    lock_acquire(j->lock);
    const struct journal_entry *s = &j->steps[i];
    struct journal_step step = {(unsigned)i + 1, s->name, s->about, s->state, s->outcome, s->begun, s->ended};
    lock_release(j->lock);
    return step;
}

int journal_list(const char *command, struct strv *ret_ids, struct err *e)
{
    int fd;
    if (file_state_dir(JOURNAL_DIR, false, &fd, e) < 0) {
        if (e->code != ERR_NOT_FOUND)
            return -1;
        err_release(e);
        return 0;
    }
    DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return err_errno(e, ENOMEM, "cannot read the directory of journals");
    }
    for (struct dirent *d; (d = readdir(dir));) {
        if (d->d_name[0] == '.' || !str_ends(d->d_name, ".jsonl"))
            continue;
        _cleanup_free_ char *id = xstrndup(d->d_name, strlen(d->d_name) - strlen(".jsonl"));
        // The command is part of the id: ID is TIME-COMMAND-RANDOM.
        _cleanup_free_ char *middle = command ? xasprintf("-%s-", command) : NULL;
        const char *at = middle ? strstr(id, middle) : id;
        if (at && (!middle || strlen(at) == strlen(middle) + 6))
            strv_add(ret_ids, id);
    }
    closedir(dir);
    strv_sort_unique(ret_ids);
    return 0;
}

json_t *journal_bytes(const char *s, size_t n)
{
    if (!s)
        return json_null();
    json_t *v = json_stringn(s, n);
    if (v)
        return v;
    _cleanup_buf_ struct buf hex = BUF_INIT;
    for (size_t i = 0; i < n; i++)
        buf_addf(&hex, "%02x", (unsigned char)s[i]);
    return json_pack("{s:o}", "hex", json_text(buf_str(&hex)));
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int journal_bytes_get(const json_t *v, char **ret, size_t *ret_n)
{
    *ret_n = 0;
    if (json_is_string(v)) {
        *ret_n = json_string_length(v);
        *ret = xcalloc(*ret_n + 1, 1);
        memcpy(*ret, json_string_value(v), *ret_n);
        return 0;
    }
    if (json_is_null(v)) {
        *ret = NULL;
        return 0;
    }
    const json_t *hex = json_object_get(v, "hex");
    const char *s = json_string_value(hex);
    size_t n = json_string_length(hex);
    if (!s || n % 2)
        return -1;
    char *out = xcalloc(n / 2 + 1, 1);
    for (size_t i = 0; i < n; i += 2) {
        int high = hex_digit(s[i]), low = hex_digit(s[i + 1]);
        if (high < 0 || low < 0) {
            free(out);
            return -1;
        }
        out[i / 2] = (char)(high * 16 + low);
    }
    *ret = out;
    *ret_n = n / 2;
    return 0;
}
