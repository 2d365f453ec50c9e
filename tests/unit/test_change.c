// SPDX-License-Identifier: GPL-3.0-or-later
// The pure parts of changing a node: blocks, lines, whole files and taking them back; diffs; and processes here.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/diff.h"
#include "core/change/change.h"
#include "io/file.h"
#include "io/file_trusted.h"
#include "io/local.h"

static struct change_file file_of(const char *s, size_t n)
{
    struct change_file f = {s != NULL, BUF_INIT};
    if (s)
        buf_add(&f.text, s, n);
    return f;
}

static void assert_file(const struct change_file *f, const char *s, size_t n)
{
    assert_int_equal(f->exists, s != NULL);
    assert_int_equal(f->text.len, n);
    if (n)
        assert_memory_equal(f->text.s, s, n);
}

static struct change *block_change(struct plan *p, const char *tag, const char *text)
{
    struct change *c = plan_add(p, NULL, CHANGE_BLOCK, "test");
    c->path = xstrdup("/etc/x");
    c->tag = xstrdup(tag);
    if (text)
        change_set_text(c, text, strlen(text));
    return c;
}

// Judges the change on `old` (NULL: no file), compares with `wanted` unless it is NULL, judges again (nothing may
// happen), and takes it back: the bytes must be the old ones.
static void there_and_back(const struct change *c, const char *old, size_t n, const char *wanted)
{
    struct change_file before = file_of(old, n), after, again, back;
    json_t *undo = NULL, *none = NULL;
    struct err e = ERR_INIT;
    assert_int_equal(change_judge(c, &before, &after, &undo, &e), 0);
    if (wanted)
        assert_string_equal(buf_str(&after.text), wanted);
    assert_int_equal(change_judge(c, &after, &again, &none, &e), 0);
    assert_true(json_is_null(none));
    assert_file(&again, after.exists ? buf_str(&after.text) : NULL, after.text.len);
    // Through text, as the journal does it.
    char *text = json_dumps(undo, JSON_ENCODE_ANY);
    json_t *read = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_int_equal(change_undo(read, &after, &back, &e), 0);
    assert_file(&back, old, n);
    change_file_release(&again);
    assert_int_equal(change_undo(read, &back, &again, &e), 0); // twice is as good as once
    assert_file(&again, old, n);
    free(text);
    json_decref(read);
    json_decref(undo);
    json_decref(none);
    change_file_release(&before);
    change_file_release(&after);
    change_file_release(&again);
    change_file_release(&back);
}

#define MARK "# written by migsh, sum e950a1355af26d47: changes by hand are not overwritten"
#define BLOCK "# BEGIN MIGSH t\n" MARK "\n192.0.2.1 a\n# END MIGSH t\n"
#define BLOCK_CRLF "# BEGIN MIGSH t\r\n" MARK "\r\n192.0.2.1 a\r\n# END MIGSH t\r\n"

static void blocks_are_put_in_and_taken_back(void **state)
{
    (void)state;
    static const struct {
        const char *old, *wanted;
    } cases[] = {
        {NULL, BLOCK},
        {"", BLOCK},
        {"x\n", "x\n" BLOCK},
        {"x", "x\n" BLOCK},
        {"x\r\ny\r\n", "x\r\ny\r\n" BLOCK_CRLF},
        {"x\r\ny", "x\r\ny\r\n" BLOCK_CRLF},
        {"x\r", "x\r\n" BLOCK_CRLF}, // half an end
        {"\r", "\r\n" BLOCK_CRLF},
        {"\n\n", "\n\n" BLOCK},
        {"x\n" BLOCK "y\n", "x\n" BLOCK "y\n"},
        {"# BEGIN MIGSH other\n# END MIGSH other\n", "# BEGIN MIGSH other\n# END MIGSH other\n" BLOCK},
        {"# BEGIN MIGSH tt\n", "# BEGIN MIGSH tt\n" BLOCK}, // another one's broken block is none of ours
        {"caf\xe9\n", "caf\xe9\n" BLOCK},                   // not UTF-8
    };
    struct plan *p = plan_new("test");
    struct change *c = block_change(p, "t", "192.0.2.1 a\n");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        there_and_back(c, cases[i].old, cases[i].old ? strlen(cases[i].old) : 0, cases[i].wanted);
    // An older block of ours is replaced where it stands, and taken out.
    struct change *newer = block_change(p, "t", "192.0.2.2 b\n192.0.2.3 c");
    there_and_back(newer, "x\n" BLOCK "y", strlen("x\n" BLOCK "y"), NULL);
    there_and_back(newer, "x\r\n" BLOCK_CRLF, strlen("x\r\n" BLOCK_CRLF), NULL);
    struct change *gone = block_change(p, "t", NULL);
    there_and_back(gone, "x\n" BLOCK "y", strlen("x\n" BLOCK "y"), "x\ny");
    there_and_back(gone, "x\n", 2, "x\n");
    there_and_back(gone, NULL, 0, "");
    plan_free(p);
}

static void broken_blocks_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *old;
        enum err_code code;
    } cases[] = {
        {BLOCK BLOCK, ERR_STATE},
        {"# BEGIN MIGSH t\n", ERR_STATE},
        {"# END MIGSH t\n", ERR_STATE},
        {"# END MIGSH t\n# BEGIN MIGSH t\n", ERR_STATE},
        {"# BEGIN MIGSH t\n" BLOCK, ERR_STATE},
        {BLOCK "# END MIGSH t  \r\n", ERR_STATE},
        {"# BEGIN MIGSH t\n# BEGIN MIGSH u\n# END MIGSH t\n# END MIGSH u\n", ERR_STATE},
        {"# BEGIN MIGSH t\n" MARK "\n192.0.2.9 a\n# END MIGSH t\n", ERR_STATE}, // edited by hand
        {"# BEGIN MIGSH t\n192.0.2.1 a\n# END MIGSH t\n", ERR_STATE},           // its sum taken out
        {"# BEGIN MIGSH t\n# END MIGSH t\n", ERR_STATE},
    };
    struct plan *p = plan_new("test");
    struct change *wishes[] = {block_change(p, "t", "192.0.2.2 b\n"), block_change(p, "t", NULL)};
    for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
        struct change_file old = file_of(cases[i / 2].old, strlen(cases[i / 2].old)), after;
        json_t *undo;
        struct err e = ERR_INIT;
        assert_int_equal(change_judge(wishes[i % 2], &old, &after, &undo, &e), -1);
        assert_int_equal(e.code, cases[i / 2].code);
        assert_non_null(e.hint);
        err_release(&e);
        change_file_release(&old);
    }
    static const char *const bad_text[] = {"# END MIGSH t\n", "x\n# BEGIN MIGSH u\n", MARK "\n", "a\r\r\nb\n", "a\r\r"};
    struct change_file old = file_of("", 0), after;
    for (size_t i = 0; i < ARRAY_SIZE(bad_text); i++) {
        json_t *undo;
        struct err e = ERR_INIT;
        assert_int_equal(change_judge(block_change(p, "t", bad_text[i]), &old, &after, &undo, &e), -1);
        assert_int_equal(e.code, ERR_USAGE);
        err_release(&e);
    }
    static const char *const bad_tag[] = {"", "a b", "a\nb", "$(x)", "a;b"};
    for (size_t i = 0; i < ARRAY_SIZE(bad_tag); i++) {
        json_t *undo;
        struct err e = ERR_INIT;
        assert_int_equal(change_judge(block_change(p, bad_tag[i], "x\n"), &old, &after, &undo, &e), -1);
        assert_int_equal(e.code, ERR_USAGE);
        err_release(&e);
    }
    change_file_release(&old);
    plan_free(p);
}

// What others do between our write and our undo.
static void what_others_have_changed_is_not_taken_back(void **state)
{
    (void)state;
    struct plan *p = plan_new("test");
    struct change *c = block_change(p, "t", "192.0.2.1 a\n");
    struct change_file old = file_of("x", 1), after;
    json_t *undo;
    struct err e = ERR_INIT;
    assert_int_equal(change_judge(c, &old, &after, &undo, &e), 0);
    static const struct {
        const char *now, *wanted; // NULL: conflict
    } cases[] = {
        {"x\n" BLOCK "behind\n", "x\nbehind\n"},
        {"before\nx\n" BLOCK, "before\nx"},
        {"x\nothers\n", "x\nothers\n"}, // somebody took our block out
        {"x\n# BEGIN MIGSH t\n" MARK "\n192.0.2.7 a\n# END MIGSH t\n", NULL},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct change_file now = file_of(cases[i].now, strlen(cases[i].now)), back;
        int r = change_undo(undo, &now, &back, &e);
        assert_int_equal(r, cases[i].wanted ? 0 : -1);
        if (r == 0) {
            assert_string_equal(buf_str(&back.text), cases[i].wanted);
            change_file_release(&back);
        } else {
            assert_int_equal(e.code, ERR_STATE);
            err_release(&e);
        }
        change_file_release(&now);
    }
    // A whole file: any change of others is a conflict.
    struct change *whole = plan_add(p, NULL, CHANGE_FILE, "test");
    whole->path = xstrdup("/etc/y");
    change_set_text(whole, "name\n", 5);
    there_and_back(whole, NULL, 0, "name\n");
    there_and_back(whole, "old\0x", 5, "name\n");
    json_decref(undo);
    change_file_release(&after);
    assert_int_equal(change_judge(whole, &old, &after, &undo, &e), 0);
    struct change_file other = file_of("other\n", 6), back;
    assert_int_equal(change_undo(undo, &other, &back, &e), -1);
    assert_int_equal(e.code, ERR_STATE);
    err_release(&e);
    // A journal that makes no sense.
    json_t *nonsense = json_pack("{s:[{s:i}]}", "hunks", "at", 1);
    assert_int_equal(change_undo(nonsense, &other, &back, &e), -1);
    assert_int_equal(e.code, ERR_IO);
    err_release(&e);
    json_decref(nonsense);
    json_decref(undo);
    change_file_release(&after);
    change_file_release(&old);
    change_file_release(&other);
    plan_free(p);
}

// The second word.
static char *second_word(const char *line, size_t len)
{
    char *s = xstrndup(line, len), *save = NULL, *key = NULL;
    if (strtok_r(s, " ", &save)) {
        char *word = strtok_r(NULL, " ", &save);
        key = word ? xstrdup(word) : NULL;
    }
    free(s);
    return key;
}

static char *to_upper_x(const char *line, size_t len, const void *data)
{
    (void)data;
    return len == 1 && *line == 'x' ? xstrdup("X") : NULL;
}

static void lines_are_put_in_and_taken_back(void **state)
{
    (void)state;
    struct plan *p = plan_new("test");
    struct change *c = plan_add(p, NULL, CHANGE_LINES, "test");
    c->path = xstrdup("/x");
    c->key = second_word;
    strv_add(&c->add, "k AAA me");
    strv_add(&c->add, "k AAA twice");
    strv_add(&c->add, "k BBB me");
    strv_add(&c->remove, "k CCC");
    static const struct {
        const char *old, *wanted;
    } cases[] = {
        {NULL, "k AAA me\nk BBB me\n"},
        {"a", "a\nk AAA me\nk BBB me\n"},
        {"opt AAA other comment\n", "opt AAA other comment\nk BBB me\n"},
        {"k CCC x\nq\nz CCC y\nk AAA\nk BBB", "q\nk AAA\nk BBB"},
        {"a\r\nk CCC x\r\n", "a\r\nk AAA me\r\nk BBB me\r\n"},
        {"k CCC", "k AAA me\nk BBB me\n"},
        {"q\nk AAA\nk BBB\nk CCC", "q\nk AAA\nk BBB\n"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        there_and_back(c, cases[i].old, cases[i].old ? strlen(cases[i].old) : 0, cases[i].wanted);
    struct change *r = plan_add(p, NULL, CHANGE_LINES, "test");
    r->path = xstrdup("/x");
    r->rewrite = to_upper_x;
    static const char mixed[] = "x\na\r\nx\n# BEGIN MIGSH t\nx\n# END MIGSH t\nx";
    there_and_back(r, mixed, strlen(mixed), "X\na\r\nX\n# BEGIN MIGSH t\nx\n# END MIGSH t\nX");
    struct change_file old = file_of("", 0), after;
    json_t *undo;
    struct err e = ERR_INIT;
    strv_add(&r->add, "two\nlines");
    assert_int_equal(change_judge(r, &old, &after, &undo, &e), -1);
    assert_int_equal(e.code, ERR_USAGE);
    err_release(&e);
    change_file_release(&old);
    plan_free(p);
}

// Random texts, several changes one after the other, taken back in the other order.
static void random_edits_are_taken_back_to_the_byte(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a\n", "b b\n", "\n",        "c\r\n",     "192.0.2.1 a\n", "\xff\xfe\n",
                                         "x",   "#\n",   "k CCC 1\n", "k CCC 1\n", BLOCK,           "k AAA\n"};
    unsigned seed = 20261121;
    for (int round = 0; round < 2000; round++) {
        struct change_file at[5] = {{true, BUF_INIT}};
        json_t *undo[4];
        struct plan *p = plan_new("test");
        struct err e = ERR_INIT;
        bool block = false;
        for (int n = rand_r(&seed) % 12; n > 0; n--) {
            size_t k = (size_t)rand_r(&seed) % ARRAY_SIZE(pieces);
            // The block at a line's beginning, and once: otherwise it would be refused.
            if (k == 10 && (block || (at[0].text.len && at[0].text.s[at[0].text.len - 1] != '\n')))
                continue;
            block |= k == 10;
            buf_adds(&at[0].text, pieces[k]);
        }
        for (int i = 0; i < 4; i++) {
            static const char *const texts[] = {"192.0.2.1 a\n", "q\nr\n", NULL, ""};
            struct change *c = i % 2 ? plan_add(p, NULL, CHANGE_LINES, "test")
                                     : block_change(p, rand_r(&seed) % 2 ? "t" : "u", texts[rand_r(&seed) % 4]);
            if (i % 2) {
                c->path = xstrdup("/etc/x");
                c->key = second_word;
                c->rewrite = to_upper_x;
                strv_add(&c->add, rand_r(&seed) % 2 ? "k AAA new" : "k BBB new");
                strv_add(&c->remove, rand_r(&seed) % 2 ? "k CCC" : "k b");
            }
            assert_int_equal(change_judge(c, &at[i], &at[i + 1], &undo[i], &e), 0);
        }
        struct change_file f = file_of(buf_str(&at[4].text), at[4].text.len);
        for (int i = 4; i-- > 0;) {
            struct change_file back;
            assert_int_equal(change_undo(undo[i], &f, &back, &e), 0);
            change_file_release(&f);
            f = back;
            assert_file(&f, buf_str(&at[i].text), at[i].text.len);
            json_decref(undo[i]);
        }
        change_file_release(&f);
        for (int i = 0; i < 5; i++)
            change_file_release(&at[i]);
        plan_free(p);
    }
}

static void diffs_are_unified(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b, *wanted;
    } cases[] = {
        {"a\n", "a\n", ""},
        {"", "a\n", "--- f\n+++ f\n@@ -0,0 +1,1 @@\n+a\n"},
        {"a\n", "", "--- f\n+++ f\n@@ -1,1 +0,0 @@\n-a\n"},
        {"a", "a\n", "--- f\n+++ f\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n"},
        {"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nX\n6\n7\n8\n9\n",
         "--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+X\n 6\n 7\n 8\n"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        _cleanup_buf_ struct buf out = BUF_INIT;
        diff_unified("f", cases[i].a, strlen(cases[i].a), cases[i].b, strlen(cases[i].b), &out);
        assert_string_equal(buf_str(&out), cases[i].wanted);
    }
}

// patch(1) makes the second text of the first one.
static void diff_is_a_patch(void **state)
{
    (void)state;
    unsigned seed = 7;
    char dir[] = "/tmp/migsh-diff.XXXXXX";
    assert_non_null(mkdtemp(dir));
    for (int round = 0; round < 60; round++) {
        struct buf text[2] = {BUF_INIT, BUF_INIT}, patch = BUF_INIT, command = BUF_INIT;
        for (int i = rand_r(&seed) % 40; i > 0; i--) {
            int kind = rand_r(&seed) % 8;
            if (kind != 0)
                buf_addf(&text[0], "line %d\n", i % 7);
            if (kind != 1)
                buf_addf(&text[1], "line %d\n", kind == 2 ? 99 : i % 7);
        }
        diff_unified("f", buf_str(&text[0]), text[0].len, buf_str(&text[1]), text[1].len, &patch);
        struct err e = ERR_INIT;
        const char *const names[] = {"f", "wanted", "p"};
        const struct buf *const bufs[] = {&text[0], &text[1], &patch};
        for (size_t i = 0; i < 3; i++) {
            char *path = xasprintf("%s/%s", dir, names[i]);
            assert_int_equal(file_replace(path, buf_str(bufs[i]), bufs[i]->len, 0600, &e), 0);
            free(path);
        }
        buf_addf(&command,
                 "cd %s && if [ -s p ]; then git apply --unidiff-zero --whitespace=nowarn -p0 p; fi && cmp f wanted",
                 dir);
        struct remote_exec spec = {.command = buf_str(&command), .timeout_ms = 10000};
        struct remote_result result = REMOTE_RESULT_INIT;
        assert_int_equal(local_exec(NULL, &spec, &result, &e), 0);
        if (result.status)
            print_message("%s\n%s\n", buf_str(&result.err), buf_str(&patch));
        assert_int_equal(result.status, 0);
        remote_result_release(&result);
        for (size_t i = 0; i < 2; i++)
            buf_release(&text[i]);
        buf_release(&patch);
        buf_release(&command);
    }
    char *rm = xasprintf("rm -r %s", dir);
    struct remote_exec spec = {.command = rm};
    struct remote_result result = REMOTE_RESULT_INIT;
    struct err e = ERR_INIT;
    assert_int_equal(local_exec(NULL, &spec, &result, &e), 0);
    remote_result_release(&result);
    free(rm);
}

static void local_processes_give_all_their_output(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    size_t n = 3 << 20;
    char *big = xcalloc(n, 1);
    memset(big, 'x', n);
    struct remote_exec spec = {.command = "cat; echo err >&2; exit 7", .input = big, .input_len = n};
    struct remote_result r = REMOTE_RESULT_INIT;
    assert_int_equal(local_exec(NULL, &spec, &r, &e), 0);
    assert_int_equal(r.status, 7);
    assert_int_equal(r.out.len, n);
    assert_string_equal(buf_str(&r.err), "err\n");
    remote_result_release(&r);
    spec.command = "exec 0<&-; exit 3"; // reads nothing
    assert_int_equal(local_exec(NULL, &spec, &r, &e), 0);
    assert_int_equal(r.status, 3);
    remote_result_release(&r);
    spec = (struct remote_exec){.command = "kill -9 $$"};
    assert_int_equal(local_exec(NULL, &spec, &r, &e), 0);
    assert_int_equal(r.status, 137);
    assert_string_equal(r.signal, "KILL");
    remote_result_release(&r);
    // What is not in the foreground must not be stopped for touching the terminal: nobody would wake it.
    signal(SIGTTIN, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
    spec = (struct remote_exec){.command = "kill -TTIN $$; kill -TTOU $$", .timeout_ms = 3000};
    assert_int_equal(local_exec(NULL, &spec, &r, &e), 0);
    assert_int_equal(r.status, 0);
    remote_result_release(&r);
    // Nobody knows how it ended then; that is no success.
    signal(SIGCHLD, SIG_IGN);
    assert_int_equal(local_exec(NULL, &spec, &r, &e), -1);
    assert_int_equal(e.code, ERR_IO);
    signal(SIGCHLD, SIG_DFL);
    err_release(&e);
    remote_result_release(&r);
    spec = (struct remote_exec){.command = "sleep 60", .timeout_ms = 100};
    assert_int_equal(local_exec(NULL, &spec, &r, &e), -1);
    assert_int_equal(e.code, ERR_TIMEOUT);
    err_release(&e);
    remote_result_release(&r);
    spec = (struct remote_exec){.command = "yes", .max_output = 100000};
    assert_int_equal(local_exec(NULL, &spec, &r, &e), -1);
    assert_int_equal(e.code, ERR_FAILED);
    err_release(&e);
    remote_result_release(&r);
    free(big);
}

// A feeder that has its next word only when the command has answered the last one.
struct dialogue {
    int wake[2];
    int asked, answered, later;
};

static ssize_t next_word(void *data, void *buf, size_t n, struct err *e)
{
    (void)e;
    struct dialogue *d = data;
    char drained[16];
    while (read(d->wake[0], drained, sizeof(drained)) > 0)
        continue;
    if (d->asked > d->answered) {
        d->later++;
        return REMOTE_LATER;
    }
    if (d->asked == 3)
        return 0;
    d->asked++;
    return snprintf(buf, n, "word\n");
}

static int hear(void *data, bool is_stderr, const void *s, size_t n, struct err *e)
{
    (void)is_stderr;
    (void)e;
    struct dialogue *d = data;
    for (size_t i = 0; i < n; i++)
        d->answered += ((const char *)s)[i] == '\n';
    assert_int_equal(write(d->wake[1], "x", 1), 1);
    return 0;
}

static void fed_processes_talk_both_ways(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    struct dialogue d = {{-1, -1}, 0, 0, 0};
    struct remote_result r = REMOTE_RESULT_INIT;
    assert_int_equal(pipe2(d.wake, O_NONBLOCK | O_CLOEXEC), 0);
    struct remote_exec spec = {.command = "while read -r w; do echo \"$w\"; done; exit 4",
                               .feed = next_word,
                               .output = hear,
                               .data = &d,
                               .wake_fd = d.wake[0],
                               .timeout_ms = 60000};
    assert_int_equal(local_exec(NULL, &spec, &r, &e), 0);
    assert_int_equal(r.status, 4);
    assert_int_equal(d.asked, 3);
    assert_int_equal(d.answered, 3);
    assert_true(d.later > 0);
    remote_result_release(&r);
    // Without anything to wake it, it asks by itself now and then.
    d.asked = d.answered = d.later = 0;
    spec.wake_fd = 0;
    assert_int_equal(local_exec(NULL, &spec, &r, &e), 0);
    assert_int_equal(d.answered, 3);
    remote_result_release(&r);
    close(d.wake[0]);
    close(d.wake[1]);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN); // as the program does
    const struct CMUnitTest tests[] = {cmocka_unit_test(blocks_are_put_in_and_taken_back),
                                       cmocka_unit_test(broken_blocks_are_refused),
                                       cmocka_unit_test(what_others_have_changed_is_not_taken_back),
                                       cmocka_unit_test(lines_are_put_in_and_taken_back),
                                       cmocka_unit_test(random_edits_are_taken_back_to_the_byte),
                                       cmocka_unit_test(diffs_are_unified),
                                       cmocka_unit_test(diff_is_a_patch),
                                       cmocka_unit_test(local_processes_give_all_their_output),
                                       cmocka_unit_test(fed_processes_talk_both_ways)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
