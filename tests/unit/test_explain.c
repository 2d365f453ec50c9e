// SPDX-License-Identifier: GPL-3.0-or-later
// core/explain: what a text means. The texts are data: data/explain.tsv, each with the row that it has to find, and
// data/ordinary.txt, lines of logs that say nothing wrong.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "core/explain/explain.h"
#include "core/explain/last.h"
#include "core/explain/topics.h"
#include "io/file.h"

enum { DATA_MAX = 1 << 20 };

static const struct explain_names nobody;

static void read_lines(const char *name, struct strv *ret)
{
    _cleanup_free_ char *path = xasprintf("%s/%s", TEST_DATA, name), *text = NULL;
    struct err e = ERR_INIT;
    size_t n;
    assert_int_equal(file_read(path, DATA_MAX, &text, &n, &e), 0);
    strv_split(ret, text, '\n');
}

// Each text finds its row, also behind what we and libvirt put before it and with another line on both sides; and each
// row is found by one: what no real text reaches is dead weight, or hidden by another row.
static void texts_find_their_rows(void **state)
{
    (void)state;
    _cleanup_strv_ struct strv lines = STRV_INIT, reached = STRV_INIT;
    size_t wrong = 0, texts = 0;
    read_lines("explain.tsv", &lines);
    for (size_t i = 0; i < lines.n; i++) {
        char *text = strchr(lines.s[i], '\t');
        if (lines.s[i][0] == '#')
            continue;
        assert_non_null(text);
        *text++ = '\0';
        texts++;
        _cleanup_free_ char *whole =
            xasprintf("one line\nmigration of 'x': %s; the guest still runs on source\nand another", text);
        const struct explain_row *row = explain_find(whole);
        if (!row || strcmp(row->id, lines.s[i]) != 0 || explain_find(text) != row) {
            print_error("%s\n  is taken for: %s\n  and is: %s\n", text, row ? row->id : "-", lines.s[i]);
            wrong++;
        }
        strv_add(&reached, row ? row->id : "-");
    }
    assert_true(texts >= 120);
    const struct explain_row *row;
    size_t rows = 0;
    for (; (row = explain_row(rows)); rows++) {
        if (strv_has(&reached, row->id))
            continue;
        print_error("no text reaches '%s': %s\n", row->id, row->pattern);
        wrong++;
    }
    assert_true(rows >= 150);
    assert_int_equal(wrong, 0);
}

static void ordinary_lines_find_none(void **state)
{
    (void)state;
    _cleanup_strv_ struct strv lines = STRV_INIT;
    size_t wrong = 0;
    read_lines("ordinary.txt", &lines);
    assert_true(lines.n >= 200);
    for (size_t i = 0; i < lines.n; i++) {
        const struct explain_row *row = explain_find(lines.s[i]);
        if (!row)
            continue;
        print_error("%s\n  is taken for '%s': %s\n", lines.s[i], row->id, row->pattern);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void rows_are_whole(void **state)
{
    (void)state;
    _cleanup_strv_ struct strv ids = STRV_INIT;
    const struct explain_row *row;
    for (size_t i = 0; (row = explain_row(i)); i++) {
        assert_false(strv_has(&ids, row->id));
        strv_add(&ids, row->id);
        assert_true(*row->pattern && *row->cause && *row->remedy);
        // An empty alternative, or one of '*' alone, would fit everything.
        assert_null(strstr(row->pattern, "||"));
        assert_null(explain_find(""));
        _cleanup_free_ char *remedy = explain_remedy(row, &nobody);
        assert_null(strchr(remedy, '{'));
    }
}

static char *hint_of(enum err_code code, const char *text, const struct explain_names *names)
{
    struct err e = ERR_INIT;
    err_set(&e, code, "%s", text);
    explain_fill(&e, names);
    char *hint = xstrdup(e.hint);
    err_release(&e);
    return hint;
}

static void hints_name_hosts(void **state)
{
    (void)state;
    const struct explain_names two = {.source = "alpha", .dest = "beta", .guest = "web"}, one = {.node = "gamma"};
    const char *unsafe = "Unsafe migration: Migration without shared storage is unsafe";
    const char *missing = "Cannot access storage file '/srv/x.iso': No such file or directory";
    _cleanup_free_ char *a = hint_of(ERR_UNSAFE, unsafe, &two), *b = hint_of(ERR_FAILED, missing, &two);
    _cleanup_free_ char *c = hint_of(ERR_FAILED, missing, &one), *d = hint_of(ERR_FAILED, missing, &nobody);
    assert_non_null(strstr(a, "on alpha and beta: --unsafe if beta mounts"));
    assert_non_null(strstr(b, "; on beta: "));
    assert_non_null(strstr(b, "change-media web "));
    assert_non_null(strstr(b, "--copy-storage-all"));
    assert_non_null(strstr(c, "; on gamma: "));
    assert_null(strstr(c, "--copy-storage-all")); // of a migration only
    assert_non_null(strstr(d, "is not there; mount"));
    const char *model = "unsupported configuration: CPU model 'Snowridge' not supported by hypervisor";
    _cleanup_free_ char *f = hint_of(ERR_FAILED, model, &one), *g = hint_of(ERR_FAILED, model, &nobody);
    assert_non_null(strstr(f, "; on gamma: domcapabilities --node gamma "));
    assert_non_null(strstr(g, "; domcapabilities --node DEST "));
}

static void hints_spare_others(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    err_set(&e, ERR_FAILED, "the moon is full");
    explain_fill(&e, &nobody);
    assert_null(e.hint);
    err_set(&e, ERR_FAILED, "domain is not running");
    err_hint(&e, "mine");
    explain_fill(&e, &nobody);
    assert_string_equal(e.hint, "mine");
    err_release(&e);
    _cleanup_free_ char *plain = hint_of(ERR_NOT_FOUND, "Domain not found: no domain with matching name 'x'", &nobody);
    assert_null(plain); // known from the list of guests: only `explain` tells of it
}

static void pieces_stay_in_their_line(void **state)
{
    (void)state;
    assert_null(explain_find("cannot migrate domain with\n2 snapshots"));
    assert_null(explain_find("cannot migrate domain with 2"));
    assert_non_null(explain_find("CANNOT MIGRATE DOMAIN WITH 2 SNAPSHOTS"));
    const struct explain_row *rows[4];
    size_t n = explain_find_all("cannot migrate domain with 2 snapshots\nNo route to host", rows, 4);
    assert_int_equal(n, 2);
    assert_string_equal(rows[0]->id, "snapshots");
    assert_string_equal(rows[1]->id, "no-route");
    assert_int_equal(explain_find_all("No route to host", NULL, 0), 1);
}

static void topics_are_short_and_found(void **state)
{
    (void)state;
    _cleanup_strv_ struct strv words = STRV_INIT;
    struct explain_topic t, again;
    size_t n = 0;
    for (; explain_topic(n, &t); n++) {
        size_t lines = 0;
        for (const char *p = t.body; (p = strchr(p, '\n')); p++)
            lines++;
        assert_true(lines > 3 && lines + 2 <= 25);
        assert_true(*t.title && t.synonyms.n && t.body[0] != '\n');
        strv_add(&t.synonyms, t.name);
        for (size_t i = 0; i < t.synonyms.n; i++) {
            assert_false(strv_has(&words, t.synonyms.s[i])); // one word, one topic
            strv_add(&words, t.synonyms.s[i]);
            assert_true(explain_topic_find(t.synonyms.s[i], &again));
            assert_string_equal(again.name, t.name);
            explain_topic_release(&again);
        }
        explain_topic_release(&t);
    }
    assert_int_equal(n, 19);
    assert_true(explain_topic_find("Post_Copy", &t));
    assert_string_equal(t.name, "post-copy");
    explain_topic_release(&t);
    assert_false(explain_topic_find("moon", &t));
    assert_false(explain_topic_find("", &t));
    _cleanup_strv_ struct strv in = STRV_INIT;
    explain_topics_in("neither TLS nor p2p, tls again on two nodes; postcopyx", &in);
    assert_int_equal(in.n, 2);
    assert_string_equal(in.s[0], "transports");
    assert_string_equal(in.s[1], "modes");
}

static void the_last_error_is_remembered(void **state)
{
    (void)state;
    struct err e = ERR_INIT, none = ERR_INIT;
    json_t *v = NULL;
    assert_int_equal(last_error_read(&v, &none), -1);
    assert_int_equal(none.code, ERR_NOT_FOUND);
    err_set(&e, ERR_UNSAFE, "first \xff\nsecond");
    last_error_note("migrate", &e);
    assert_int_equal(last_error_read(&v, &none), 0);
    assert_string_equal(json_text_at(v, "message"), "first \xef\xbf\xbd\nsecond");
    assert_string_equal(json_text_at(v, "command"), "migrate");
    assert_string_equal(json_text_at(v, "code"), "unsafe");
    assert_null(json_text_at(v, "hint"));
    json_decref(v);
    _cleanup_free_ char *path = file_xdg("STATE", "last-error.json");
    FILE *f = fopen(path, "w");
    fputs("{\"message\": 3}", f);
    fclose(f);
    assert_int_equal(last_error_read(&v, &none), -1);
    assert_int_equal(none.code, ERR_IO);
    unlink(path);
    err_release(&none);
    err_release(&e);
}

int main(void)
{
    char dir[] = "/tmp/migsh-explain.XXXXXX";
    if (!mkdtemp(dir))
        return 1;
    setenv("XDG_STATE_HOME", dir, 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_find_their_rows),
        cmocka_unit_test(ordinary_lines_find_none),
        cmocka_unit_test(rows_are_whole),
        cmocka_unit_test(hints_name_hosts),
        cmocka_unit_test(hints_spare_others),
        cmocka_unit_test(pieces_stay_in_their_line),
        cmocka_unit_test(topics_are_short_and_found),
        cmocka_unit_test(the_last_error_is_remembered),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    _cleanup_free_ char *state = xasprintf("%s/migsh", dir);
    rmdir(state);
    rmdir(dir);
    return r;
}
