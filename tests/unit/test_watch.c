// SPDX-License-Identifier: GPL-3.0-or-later
// core/watch_analysis: outages, rules, round trips and timelines from samples that are drawn as text; targets; HTTP
// answers.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/watch/analysis.h"
#include "core/watch/target.h"
#include "io/probe/priv.h"

static const int64_t MS = 1000000;
enum { INTERVAL_MS = 5, SAMPLES_MAX = 4096 };

// A drawing: one character is one deadline, 5 ms apart; a round trip takes 1 ms.
//     .  answered                 x  lost            L  answered after 300 ms
//     o  answered, overtaken      d  answered twice  r  refused       m  wrong answer    e  error
//     q  queued: answered 0.5 ms before the first deadline that is neither q nor x (the guest is back by then)
//     v  answered after 12 ms
//     s  answered after 4 ms      h  lost, and the send itself took 2 ms
//     _  the watcher was held up: no probe here
struct drawing {
    struct probe_sample s[SAMPLES_MAX];
    size_t n;
};

static void draw(struct drawing *d, int64_t *at, const char *text)
{
    for (const char *c = text; *c; c++, *at += INTERVAL_MS * MS) {
        if (*c == '_')
            continue;
        assert_true(d->n < SAMPLES_MAX);
        struct probe_sample *s = &d->s[d->n++];
        *s = (struct probe_sample){.sent_ns = *at, .rtt_ns = strchr(".od", *c) ? MS : -1};
        s->duplicates = *c == 'd';
        s->flags = *c == 'o'   ? PROBE_OVERTAKEN
                   : *c == 'r' ? PROBE_REFUSED
                   : *c == 'm' ? PROBE_MISMATCH
                   : *c == 'e' ? PROBE_ERROR
                               : 0;
        if (*c == 'L')
            s->rtt_ns = 300 * MS;
        if (*c == 's')
            s->rtt_ns = 4 * MS;
        if (*c == 'v')
            s->rtt_ns = 12 * MS;
        if (*c == 'h')
            s->held_ns = 2 * MS;
        if (*c == 'q')
            s->rtt_ns = (int64_t)strspn(c, "qx") * INTERVAL_MS * MS - MS / 2;
    }
}

static void read_drawing(void *arg, size_t from, struct probe_sample *out, size_t n)
{
    const struct drawing *d = arg;
    assert_true(from + n <= d->n);
    memcpy(out, d->s + from, n * sizeof(*out));
}

// A clean first second, so that the rules are known: late after 100 ms, two in a row.
static const char *const CLEAN_50 = "..................................................";

static json_t *analyse(struct drawing *d, const struct watch_mark *marks, size_t n_marks)
{
    struct watch_source src = {d, d->n, read_drawing};
    struct watch_about about = {.target = "t", .kind = "icmp", .marks = marks, .n_marks = n_marks};
    return watch_analyse(&src, INTERVAL_MS * MS, &about);
}

static double real_at(const json_t *v, const char *key)
{
    const json_t *found = json_object_get(v, key);
    assert_non_null(found);
    return json_number_value(found);
}

// "START+MIN..MAX/LOST", START in ms after the clean second, with "<" from the start, ">" to the end, "~N" starved ms.
static char *outages_text(const json_t *value, double start)
{
    struct buf b = BUF_INIT;
    size_t i;
    json_t *o;
    json_array_foreach(json_object_get(value, "outages"), i, o)
    {
        buf_addf(&b, "%s%.1f+%.1f..%.1f/%.0f", i ? " " : "", real_at(o, "start") * 1e3 - start, real_at(o, "min_ms"),
                 real_at(o, "max_ms"), real_at(o, "lost"));
        if (json_object_get(o, "from_start"))
            buf_addc(&b, '<');
        if (json_object_get(o, "to_end"))
            buf_addc(&b, '>');
        if (json_object_get(o, "starved_ms"))
            buf_addf(&b, "~%.0f", real_at(o, "starved_ms"));
    }
    return buf_steal(&b);
}

static const struct {
    const char *name, *drawing, *outages;
    int received, late, duplicates, out_of_order; // received: beyond the clean second
} cases[] = {
    {"nothing lost", "....", "", 4, 0, 0, 0},
    {"one lost is loss, no outage", "..x..", "", 4, 0, 0, 0},
    {"two lost", "..xx..", "10.0+5.0..15.0/2", 4, 0, 0, 0},
    {"every second one lost is no outage", ".x.x.x.x.", "", 5, 0, 0, 0},
    {"two outages", ".xx.xxx.", "5.0+5.0..15.0/2 20.0+10.0..20.0/3", 3, 0, 0, 0},
    {"to the end", "..xxx", "10.0+10.0..15.0/3>", 2, 0, 0, 0},
    {"refused is lost", ".rrr.", "5.0+10.0..20.0/3", 2, 0, 0, 0},
    {"a wrong answer is none", ".mm.", "5.0+5.0..15.0/2", 2, 0, 0, 0},
    {"errors are lost", ".eex.", "5.0+10.0..20.0/3", 2, 0, 0, 0},
    {"duplicates", ".dd.d", "", 5, 0, 3, 0},
    {"overtaken", ".o..o", "", 5, 0, 0, 2},
    {"one late answer is no outage", ".L...", "", 5, 1, 0, 0},
    {"slow but prompt", ".ss..", "", 5, 0, 0, 0},
    {"one late within lost ones, overtaken: tells nothing", ".xLxx.", "5.0+15.0..25.0/3", 3, 1, 0, 0},
    // Of 40 queued ones the first 20 waited longer than 100 ms. The guest was back at 204.5, though the probes sent
    // from 105 on were prompt.
    {"answered from a queue", ".qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq.", "5.0+198.5..204.5/0", 42, 20, 0, 0},
    {"a short queue is only slow", ".qqqq.", "", 6, 0, 0, 0},
    {"late ones from a ring, then lost ones: one outage", ".qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqxxxx.", "5.0+168.5..174.5/4",
     32, 14, 0, 0},
    {"prompt ones that waited for the end belong to it", ".qqqxxxxx.", "5.0+38.5..44.5/5", 5, 0, 0, 0},
    {"who answers after the first loss was there then", ".vxxx.", "16.0+4.0..20.0/3", 3, 0, 0, 0},
    {"held up within: wide, never lost x interval", ".x____x.", "5.0+25.0..35.0/2~20", 2, 0, 0, 0},
    {"held up between the last answer and the first loss", ".____xx.", "25.0+5.0..35.0/2~20", 2, 0, 0, 0},
    {"held up without loss", ".____..", "", 3, 0, 0, 0},
    {"the first probe may have left late", ".hxx.", "7.0+8.0..20.0/3", 2, 0, 0, 0},
    {"the first answer was slow: back perhaps only then", ".xxs.", "5.0+5.0..18.0/2", 3, 0, 0, 0},
};

static void drawn_outages_are_measured(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct drawing *d = xnew(struct drawing);
        int64_t at = 0;
        for (int k = 0; k < 4; k++)
            draw(d, &at, CLEAN_50);
        size_t clean = d->n;
        draw(d, &at, cases[i].drawing);
        json_t *v = analyse(d, NULL, 0);
        char *outages = outages_text(v, 1000);
        if (strcmp(outages, cases[i].outages) != 0)
            fail_msg("%s: %s: got '%s', want '%s'", cases[i].name, cases[i].drawing, outages, cases[i].outages);
        const struct {
            const char *key;
            double want;
        } counts[] = {{"received", cases[i].received + (double)clean},
                      {"late", cases[i].late},
                      {"duplicates", cases[i].duplicates},
                      {"out_of_order", cases[i].out_of_order},
                      {"sent", (double)d->n},
                      {"lost", (double)d->n - (double)clean - cases[i].received}};
        for (size_t k = 0; k < ARRAY_SIZE(counts); k++)
            if (real_at(v, counts[k].key) != counts[k].want)
                fail_msg("%s: %s is %g, want %g", cases[i].name, counts[k].key, real_at(v, counts[k].key),
                         counts[k].want);
        free(outages);
        json_decref(v);
        free(d);
    }
}

static void an_outage_from_the_start_has_no_beginning(void **state)
{
    (void)state;
    struct drawing *d = xnew(struct drawing);
    int64_t at = 0;
    draw(d, &at, "xxx");
    for (int k = 0; k < 4; k++)
        draw(d, &at, CLEAN_50);
    json_t *v = analyse(d, NULL, 0);
    char *outages = outages_text(v, 0);
    assert_string_equal(outages, "0.0+10.0..15.0/3<");
    free(outages);
    json_decref(v);
    free(d);
}

// A long way is not a wait: answers that are still travelling when the outage ends do not extend it.
static void a_long_way_is_no_wait(void **state)
{
    (void)state;
    struct drawing *d = xnew(struct drawing);
    int64_t at = 0;
    for (int k = 0; k < 4; k++)
        draw(d, &at, CLEAN_50);
    draw(d, &at, "..xx..xxx..");
    for (size_t i = 0; i < d->n; i++)
        if (d->s[i].rtt_ns >= 0)
            d->s[i].rtt_ns = 80 * MS;
    json_t *v = analyse(d, NULL, 0);
    char *outages = outages_text(v, 1000);
    assert_string_equal(outages, "10.0+5.0..15.0/2 30.0+10.0..20.0/3");
    free(outages);
    json_decref(v);
    free(d);
}

static void a_target_that_never_answers_is_one_outage(void **state)
{
    (void)state;
    struct drawing *d = xnew(struct drawing);
    int64_t at = 0;
    for (int k = 0; k < 300; k++)
        draw(d, &at, "x");
    json_t *v = analyse(d, NULL, 0);
    char *outages = outages_text(v, 0);
    assert_string_equal(outages, "0.0+1495.0..1495.0/300<>");
    assert_true(json_is_null(json_object_get(v, "rtt_ms")));
    assert_true(real_at(v, "received") == 0 && real_at(v, "min_run") == 2 && real_at(v, "base_loss") == 0);
    free(outages);
    json_decref(v);
    free(d);
    d = xnew(struct drawing);
    v = analyse(d, NULL, 0); // stopped before the first probe
    assert_true(real_at(v, "sent") == 0 && json_array_size(json_object_get(v, "outages")) == 0);
    json_decref(v);
    free(d);
}

// Base loss of 5 %: runs of up to log(1e-7)/log(0.05) = 5.4 may be chance, so 6 make an outage.
static void base_loss_is_no_outage(void **state)
{
    (void)state;
    struct drawing *d = xnew(struct drawing);
    int64_t at = 0;
    for (int k = 0; k < 10; k++)
        draw(d, &at, ".........x..........");
    draw(d, &at, "..xxxxx..xxxxxx..");
    json_t *v = analyse(d, NULL, 0);
    assert_true(real_at(v, "min_run") == 6);
    assert_true(real_at(v, "base_loss") > 0.0499 && real_at(v, "base_loss") < 0.0501);
    char *outages = outages_text(v, 1000);
    assert_string_equal(outages, "45.0+25.0..35.0/6");
    free(outages);
    json_decref(v);
    free(d);
}

// An outage in the first second is an outage, not base loss.
static void an_outage_while_calibrating_is_one(void **state)
{
    (void)state;
    struct drawing *d = xnew(struct drawing);
    int64_t at = 0;
    draw(d, &at, CLEAN_50);
    draw(d, &at, "xxxx");
    for (int k = 0; k < 4; k++)
        draw(d, &at, CLEAN_50);
    json_t *v = analyse(d, NULL, 0);
    assert_true(real_at(v, "min_run") == 2 && real_at(v, "base_loss") == 0);
    char *outages = outages_text(v, 0);
    assert_string_equal(outages, "250.0+15.0..25.0/4");
    free(outages);
    json_decref(v);
    free(d);
}

static void phases_are_told_apart(void **state)
{
    (void)state;
    struct drawing *d = xnew(struct drawing);
    int64_t at = 0;
    for (int k = 0; k < 4; k++)
        draw(d, &at, CLEAN_50);
    int64_t start = at;
    draw(d, &at, "ssssxxss");
    int64_t end = at;
    draw(d, &at, "....");
    const struct watch_mark marks[] = {
        {"migrate-start", start},
        {"migrate-end", end},
    };
    json_t *v = analyse(d, marks, 2);
    const json_t *before = json_object_get(v, "rtt_before_ms"), *during = json_object_get(v, "rtt_during_ms"),
                 *after = json_object_get(v, "rtt_after_ms");
    assert_true(real_at(before, "max") == 1 && real_at(during, "max") == 4 && real_at(after, "max") == 1);
    assert_true(real_at(during, "p50") > 3.96 && real_at(during, "p50") <= 4);
    const json_t *m = json_array_get(json_object_get(v, "marks"), 0);
    assert_string_equal(json_string_value(json_object_get(m, "name")), "migrate-start");
    assert_true(real_at(m, "next_reply_ms") == 4);
    json_decref(v);
    v = analyse(d, NULL, 0); // without marks the outage divides
    during = json_object_get(v, "rtt_during_ms");
    assert_true(real_at(json_object_get(v, "rtt_before_ms"), "max") == 4);
    assert_true(real_at(during, "max") == 4); // the slow answer that told it was over
    json_decref(v);
    free(d);
}

static void late_begins_at_ten_times_the_usual(void **state)
{
    (void)state;
    struct drawing *d = xnew(struct drawing);
    int64_t at = 0;
    for (int k = 0; k < 4; k++)
        draw(d, &at, CLEAN_50);
    struct watch_source src = {d, d->n, read_drawing};
    struct watch_rules rules;
    watch_calibrate(&src, INTERVAL_MS * MS, 0, 0, &rules);
    assert_int_equal(rules.late_ns, 100 * MS); // the least
    watch_calibrate(&src, INTERVAL_MS * MS, 7 * MS, 0, &rules);
    assert_int_equal(rules.late_ns, 7 * MS);
    watch_calibrate(&src, INTERVAL_MS * MS, 0, 10 * MS, &rules);
    assert_int_equal(rules.late_ns, 10 * MS);
    for (size_t i = 0; i < d->n; i++)
        d->s[i].rtt_ns = 40 * MS;
    watch_calibrate(&src, INTERVAL_MS * MS, 0, 0, &rules);
    assert_true(llabs(rules.late_ns - 400 * MS) < 4 * MS); // ten times the usual
    for (size_t i = 0; i < d->n; i++)
        d->s[i].rtt_ns = 600 * MS;
    watch_calibrate(&src, INTERVAL_MS * MS, 0, 0, &rules);
    assert_true(llabs(rules.late_ns - 1800 * MS) < 18 * MS); // at least three times
    free(d);
}

static void the_histogram_keeps_its_precision(void **state)
{
    (void)state;
    struct watch_hist *h = xnew(struct watch_hist);
    for (int64_t us = 1; us <= 100000; us++)
        watch_hist_add(h, us * 1000);
    static const double quantiles[] = {0.01, 0.25, 0.5, 0.95, 0.99, 1};
    for (size_t i = 0; i < ARRAY_SIZE(quantiles); i++) {
        double want = quantiles[i] * 1e8, got = (double)watch_hist_quantile(h, quantiles[i]);
        if (got < want * 0.995 || got > want * 1.005)
            fail_msg("quantile %g is %g, want %g", quantiles[i], got, want);
    }
    assert_int_equal(h->max_ns, 100 * MS);
    memset(h, 0, sizeof(*h));
    assert_int_equal(watch_hist_quantile(h, 0.5), 0);
    watch_hist_add(h, 0);
    watch_hist_add(h, INT64_MAX); // falls into the last bin, and is reported as no more than that
    assert_int_equal(watch_hist_quantile(h, 0.5), 0);
    assert_true(watch_hist_quantile(h, 1) > 0);
    free(h);
}

static void the_timeline_has_its_buckets(void **state)
{
    (void)state;
    struct drawing *d = xnew(struct drawing);
    int64_t at = 0;
    draw(d, &at, "..s.xx..");
    struct watch_source src = {d, d->n, read_drawing};
    json_t *v = watch_timeline(&src, 0, at, 4, 2000 * MS);
    assert_true(real_at(v, "from") == 2 && real_at(v, "bucket_ms") == 10);
    const json_t *rtt = json_object_get(v, "rtt_max_ms"), *lost = json_object_get(v, "lost");
    assert_true(json_array_size(rtt) == 4 && json_array_size(lost) == 4);
    assert_true(json_number_value(json_array_get(rtt, 0)) == 1 && json_number_value(json_array_get(rtt, 1)) == 4);
    assert_true(json_is_null(json_array_get(rtt, 2)) && json_integer_value(json_array_get(lost, 2)) == 2);
    json_decref(v);
    v = watch_timeline(&src, 5, 5, 3, 0); // empty
    assert_true(json_is_null(json_array_get(json_object_get(v, "rtt_max_ms"), 2)));
    json_decref(v);
    free(d);
}

static const struct {
    const char *text, *host; // host NULL: refused
    int kind, port;
    const char *request_line;
} targets[] = {
    {"10.0.0.1", "10.0.0.1", PROBE_ICMP, 0, NULL},
    {"fe80::1%eth0", "fe80::1%eth0", PROBE_ICMP, 0, NULL},
    {"[::1]", "::1", PROBE_ICMP, 0, NULL},
    {"guest", "guest", PROBE_ICMP, 0, NULL},
    {"tcp:guest:22", "guest", PROBE_TCP, 22, NULL},
    {"tcp://[::1]:22", "::1", PROBE_TCP, 22, NULL},
    {"http://guest", "guest", PROBE_HTTP, 80, "GET / HTTP/1.0\r\nHost: guest\r\n"},
    {"http://guest:8080/a?b=c#d", "guest", PROBE_HTTP, 8080, "GET /a?b=c HTTP/1.0\r\nHost: guest:8080\r\n"},
    {"http://[::1]:8080?x", "::1", PROBE_HTTP, 8080, "GET /?x HTTP/1.0\r\nHost: [::1]:8080\r\n"},
    {"", NULL, 0, 0, NULL},
    {"-f", NULL, 0, 0, NULL},
    {"a b", NULL, 0, 0, NULL},
    {"a\r\nX: y", NULL, 0, 0, NULL},
    {"\x1b[31m", NULL, 0, 0, NULL},
    {"tcp:guest", NULL, 0, 0, NULL},
    {"tcp:guest:0", NULL, 0, 0, NULL},
    {"tcp:guest:65536", NULL, 0, 0, NULL},
    {"tcp:guest:22x", NULL, 0, 0, NULL},
    {"tcp::22", NULL, 0, 0, NULL},
    {"tcp:::1:22", NULL, 0, 0, NULL},
    {"tcp:[::1:22", NULL, 0, 0, NULL},
    {"tcp:[::1]x22", NULL, 0, 0, NULL},
    {"http://", NULL, 0, 0, NULL},
    {"http://user@guest/", NULL, 0, 0, NULL},
    {"http://guest:/", NULL, 0, 0, NULL},
    {"http://a/\r\nX: y", NULL, 0, 0, NULL},
    {"https://guest/", NULL, 0, 0, NULL},
};

static void targets_are_parsed_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
        struct watch_target t = {0};
        struct err e = ERR_INIT;
        int r = watch_target_parse(targets[i].text, &t, &e);
        if ((r == 0) != (targets[i].host != NULL))
            fail_msg("'%s': %s", targets[i].text, r == 0 ? "was taken" : e.msg);
        if (r == 0) {
            assert_string_equal(t.host, targets[i].host);
            assert_int_equal(t.kind, targets[i].kind);
            assert_int_equal(t.port, targets[i].port);
            assert_int_equal(t.request != NULL, targets[i].request_line != NULL);
            if (t.request && strncmp(t.request, targets[i].request_line, strlen(targets[i].request_line)) != 0)
                fail_msg("'%s': request is %s", targets[i].text, t.request);
        } else {
            assert_true(e.code == ERR_USAGE || e.code == ERR_UNSUPPORTED);
        }
        err_release(&e);
        watch_target_release(&t);
    }
}

static const struct {
    const char *answer, *expect;
    int open, ended; // the verdict while more may come, and when none will
} answers[] = {
    {"", NULL, 0, -1},
    {"HTTP/1.1 2", NULL, 0, -1},
    {"HTTP/1.1 200 OK\r\n", NULL, 1, 1},
    {"HTTP/1.0 304 Not Modified\r\n", NULL, 1, 1},
    {"HTTP/1.1 404 Not Found\r\n\r\nhello", "hello", -1, -1},
    {"HTTP/1.1 503 \r\n", NULL, -1, -1},
    {"SSH-2.0-OpenSSH", NULL, -1, -1},
    {"HTTP/1.1 2x0 OK\r\n", NULL, -1, -1},
    {"HTTP/1.1 200 OK\r\n\r\nhel", "hello", 0, -1},
    {"HTTP/1.1 200 OK\r\n\r\nwell, hello", "hello", 1, 1},
    {"HTTP/1.1 200 hello\r\nX: hello\r\n\r\nbye", "hello", 0, -1}, // the body counts
};

static void http_answers_are_judged_in_any_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
        size_t n = strlen(answers[i].answer);
        char *exact = malloc(n ? n : 1); // no NUL behind it: a sanitizer sees a read too far
        memcpy(exact, answers[i].answer, n);
        int open = probe_http_judge(exact, n, false, answers[i].expect);
        int ended = probe_http_judge(exact, n, true, answers[i].expect);
        if (open != answers[i].open || ended != answers[i].ended)
            fail_msg("'%s': %d and %d", answers[i].answer, open, ended);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_outages_are_measured),
        cmocka_unit_test(an_outage_from_the_start_has_no_beginning),
        cmocka_unit_test(a_long_way_is_no_wait),
        cmocka_unit_test(a_target_that_never_answers_is_one_outage),
        cmocka_unit_test(base_loss_is_no_outage),
        cmocka_unit_test(an_outage_while_calibrating_is_one),
        cmocka_unit_test(phases_are_told_apart),
        cmocka_unit_test(late_begins_at_ten_times_the_usual),
        cmocka_unit_test(the_histogram_keeps_its_precision),
        cmocka_unit_test(the_timeline_has_its_buckets),
        cmocka_unit_test(targets_are_parsed_or_refused),
        cmocka_unit_test(http_answers_are_judged_in_any_pieces),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
