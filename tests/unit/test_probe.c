// SPDX-License-Identifier: GPL-3.0-or-later
// io/probe and core/watch on the loopback: the thread, its ends, marks and looks from another thread while it runs, TCP
// and HTTP against a small server of our own, ICMP where it is allowed. Also built with ThreadSanitizer. Nothing here
// is timed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/watch/watch.h"
#include "io/job.h"
#include "io/loop.h"
#include "io/probe/priv.h"

// Answers every connection with `answer` and closes it; an empty answer: closes at once.
struct server {
    int fd;
    uint16_t port;
    const char *answer;
    atomic_bool stop;
    atomic_int served;
    struct job_thread *thread;
};

static void serve(void *arg)
{
    struct server *s = arg;
    while (!atomic_load(&s->stop)) {
        struct pollfd pfd = {s->fd, POLLIN, 0};
        if (poll(&pfd, 1, 20) <= 0)
            continue;
        int c = accept(s->fd, NULL, NULL);
        if (c < 0)
            continue;
        char request[1024];
        pfd.fd = c;
        if (*s->answer && poll(&pfd, 1, 500) > 0 && read(c, request, sizeof(request)) > 0)
            (void)!write(c, s->answer, strlen(s->answer));
        atomic_fetch_add(&s->served, 1);
        close(c);
    }
}

static void server_start(struct server *s, const char *answer)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(sa);
    *s = (struct server){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), .answer = answer};
    assert_true(bind(s->fd, (struct sockaddr *)&sa, len) == 0 && listen(s->fd, 256) == 0);
    assert_true(getsockname(s->fd, (struct sockaddr *)&sa, &len) == 0);
    s->port = ntohs(sa.sin_port);
    s->thread = job_thread_start("server", serve, s, &(struct err)ERR_INIT);
}

static void server_stop(struct server *s)
{
    atomic_store(&s->stop, true);
    job_thread_join(s->thread);
    close(s->fd);
}

static json_int_t count_of(const json_t *results, size_t i, const char *key)
{
    const json_t *v = json_object_get(json_array_get(results, i), key);
    assert_true(json_is_integer(v));
    return json_integer_value(v);
}

static struct watch *start(const char *const *targets, size_t n, struct watch_opts opts)
{
    struct strv list = STRV_INIT;
    for (size_t i = 0; i < n; i++)
        strv_add(&list, targets[i]);
    opts.targets = &list;
    struct watch *w = NULL;
    struct err e = ERR_INIT;
    if (watch_start(NULL, &opts, &w, &e) < 0)
        print_message("%s\n", e.msg);
    assert_int_equal(e.code, ERR_NONE);
    strv_release(&list);
    return w;
}

static enum err_code refusal(const char *target, struct watch_opts opts)
{
    struct strv list = STRV_INIT;
    strv_add(&list, target);
    opts.targets = &list;
    struct watch *w = NULL;
    struct err e = ERR_INIT;
    assert_int_equal(watch_start(NULL, &opts, &w, &e), -1);
    assert_null(w);
    assert_non_null(e.msg);
    enum err_code code = e.code;
    err_release(&e);
    strv_release(&list);
    return code;
}

static void wait_for_end(struct watch *w)
{
    struct err e = ERR_INIT;
    assert_int_equal(watch_wait(w, NULL, 20000, &e), 0);
    assert_true(watch_ended(w));
}

static void tcp_is_answered_or_refused(void **state)
{
    (void)state;
    struct server s;
    server_start(&s, "");
    char open[64], shut[64];
    snprintf(open, sizeof(open), "tcp:127.0.0.1:%u", s.port);
    // A port that was free a moment ago: bound, not listening, so that nobody else gets it.
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(sa);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(bind(fd, (struct sockaddr *)&sa, len) == 0 && getsockname(fd, (struct sockaddr *)&sa, &len) == 0);
    snprintf(shut, sizeof(shut), "tcp:127.0.0.1:%u", ntohs(sa.sin_port));
    struct watch *w = start((const char *const[]){open, shut}, 2, (struct watch_opts){.count = 40});
    wait_for_end(w);
    json_t *r = watch_stop(w);
    assert_int_equal(json_array_size(r), 2);
    assert_int_equal(count_of(r, 0, "sent"), 40);
    assert_int_equal(count_of(r, 0, "received"), 40);
    assert_int_equal(count_of(r, 1, "received"), 0);
    assert_int_equal(count_of(r, 1, "refused"), 40);
    const json_t *outages = json_object_get(json_array_get(r, 1), "outages");
    assert_int_equal(json_array_size(outages), 1);
    assert_true(json_is_true(json_object_get(json_array_get(outages, 0), "from_start")));
    json_decref(r);
    watch_free(w);
    server_stop(&s);
    close(fd);
}

// An answer that has ended is judged, whatever it says.
static void http_is_judged_by_its_end(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        bool ended;
        int verdict;
    } cases[] = {{"HTTP/1.0 200 OK", false, 1}, {"HTTP/1.0 503 no", false, -1}, {"HTTP/1.0 20", false, 0},
                 {"HTTP/1.0 20", true, -1},     {"HTTP/1.0 000 x", true, -1},   {"SSH-2.0-x", false, -1}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(probe_http_judge(cases[i].answer, strlen(cases[i].answer), cases[i].ended, NULL),
                         cases[i].verdict);
}

static void http_wants_the_expected_text(void **state)
{
    (void)state;
    struct server good, bad;
    server_start(&good, "HTTP/1.0 200 OK\r\n\r\nwell, hello");
    server_start(&bad, "HTTP/1.0 200 OK\r\n\r\nsomething else");
    char urls[2][64];
    snprintf(urls[0], sizeof(urls[0]), "http://127.0.0.1:%u/", good.port);
    snprintf(urls[1], sizeof(urls[1]), "http://127.0.0.1:%u/x", bad.port);
    struct watch *w =
        start((const char *const[]){urls[0], urls[1]}, 2, (struct watch_opts){.count = 10, .expect = "hello"});
    wait_for_end(w);
    json_t *r = watch_stop(w);
    assert_true(json_number_value(json_object_get(json_array_get(r, 0), "interval_ms")) == 100);
    assert_int_equal(count_of(r, 0, "received"), 10);
    assert_int_equal(count_of(r, 1, "received"), 0);
    assert_int_equal(count_of(r, 1, "mismatched"), 10);
    assert_true(atomic_load(&good.served) >= 10);
    json_decref(r);
    watch_free(w);
    server_stop(&good);
    server_stop(&bad);
}

// Endless, looked at and marked from other threads, stopped.
static void an_endless_watch_is_marked_and_stopped(void **state)
{
    (void)state;
    struct server s;
    server_start(&s, "");
    char target[64];
    snprintf(target, sizeof(target), "tcp:127.0.0.1:%u", s.port);
    struct watch *w = start((const char *const[]){target}, 1, (struct watch_opts){.interval_ms = 2});
    struct err e = ERR_INIT;
    json_int_t seen = 0;
    for (int i = 0; i < 500 && seen < 50; i++) {
        assert_int_equal(watch_wait(w, NULL, 20, &e), -1);
        assert_int_equal(e.code, ERR_TIMEOUT);
        json_t *now = watch_snapshot(w);
        assert_true(count_of(now, 0, "sent") >= seen);
        seen = count_of(now, 0, "received");
        json_decref(now);
        if (i == 1)
            watch_mark(w, "migrate-start");
    }
    err_release(&e);
    assert_true(seen >= 50);
    watch_mark(w, "migrate-end");
    json_t *r = watch_stop(w);
    watch_mark(w, "ignored");
    json_t *again = watch_stop(w);
    assert_ptr_equal(r, again);
    const json_t *one = json_array_get(r, 0);
    assert_int_equal(json_array_size(json_object_get(one, "marks")), 2);
    assert_int_equal(json_array_size(json_object_get(json_object_get(one, "timeline"), "lost")), 60);
    double from = json_number_value(json_object_get(one, "start"));
    json_t *line = watch_timeline_between(w, 0, from, from + 0.05, 7);
    assert_int_equal(json_array_size(json_object_get(line, "rtt_max_ms")), 7);
    json_decref(line);
    json_decref(r);
    json_decref(again);
    watch_free(w);
    server_stop(&s);
}

static void a_duration_ends_the_watch(void **state)
{
    (void)state;
    struct server s;
    server_start(&s, "");
    char target[64];
    snprintf(target, sizeof(target), "tcp:127.0.0.1:%u", s.port);
    struct watch *w =
        start((const char *const[]){target}, 1, (struct watch_opts){.interval_ms = 10, .duration_ms = 100});
    wait_for_end(w);
    json_t *r = watch_stop(w);
    assert_true(count_of(r, 0, "sent") >= 1 && count_of(r, 0, "sent") <= 10); // fewer where we were held up
    json_decref(r);
    watch_free(w);
    w = start((const char *const[]){target}, 1, (struct watch_opts){.interval_ms = 10});
    watch_free(w); // without a result
    server_stop(&s);
}

static void icmp_is_answered(void **state)
{
    (void)state;
    struct strv list = STRV_INIT;
    strv_add(&list, "127.0.0.1");
    struct watch_opts opts = {.targets = &list, .interval_ms = 2, .count = 50};
    struct watch *w = NULL;
    struct err e = ERR_INIT;
    if (watch_start(NULL, &opts, &w, &e) < 0) {
        assert_int_equal(e.code, ERR_AUTH); // and the hint says how to mend it
        assert_non_null(e.hint);
        err_release(&e);
        strv_release(&list);
        return;
    }
    wait_for_end(w);
    json_t *r = watch_stop(w);
    assert_int_equal(count_of(r, 0, "sent"), 50);
    assert_int_equal(count_of(r, 0, "received"), 50);
    assert_int_equal(count_of(r, 0, "duplicates"), 0);
    assert_true(json_is_object(json_object_get(json_array_get(r, 0), "rtt_ms")));
    json_decref(r);
    watch_free(w);
    strv_release(&list);
}

static void bad_options_are_refused(void **state)
{
    (void)state;
    assert_int_equal(refusal("tcp:127.0.0.1:1", (struct watch_opts){.interval_ms = 0.01}), ERR_USAGE);
    assert_int_equal(refusal("tcp:127.0.0.1:1", (struct watch_opts){.expect = "x"}), ERR_USAGE);
    assert_int_equal(refusal("https://127.0.0.1/", (struct watch_opts){0}), ERR_UNSUPPORTED);
    assert_int_equal(refusal("-x", (struct watch_opts){0}), ERR_USAGE);
    enum err_code code = refusal("tcp:no-such-name.invalid:1", (struct watch_opts){0});
    assert_true(code == ERR_NOT_FOUND || code == ERR_UNREACHABLE);
}

struct cancelled {
    struct watch *w;
    bool done;
    enum err_code code;
};

static void wait_in_job(struct job *job, void *arg)
{
    struct cancelled *c = arg;
    struct err e = ERR_INIT;
    watch_wait(c->w, job, -1, &e);
    c->code = e.code;
    err_release(&e);
}

static void job_ended(struct job *job, void *arg)
{
    (void)job;
    ((struct cancelled *)arg)->done = true;
}

// Cancelling ends the wait, not the watch.
static void cancelling_ends_the_wait_and_not_the_watch(void **state)
{
    (void)state;
    struct cancelled c = {start((const char *const[]){"tcp:127.0.0.1:1"}, 1, (struct watch_opts){0}), false, 0};
    struct job *job = job_start("wait", wait_in_job, job_ended, &c, &(struct err)ERR_INIT);
    job_cancel(job);
    loop_run_until(&c.done);
    assert_int_equal(c.code, ERR_CANCELLED);
    assert_false(watch_ended(c.w));
    watch_free(c.w);
}

int main(void)
{
    struct err e = ERR_INIT;
    json_object_seed(0);
    if (loop_init(&e) < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_is_answered_or_refused), cmocka_unit_test(http_wants_the_expected_text),
        cmocka_unit_test(http_is_judged_by_its_end),  cmocka_unit_test(an_endless_watch_is_marked_and_stopped),
        cmocka_unit_test(a_duration_ends_the_watch),  cmocka_unit_test(icmp_is_answered),
        cmocka_unit_test(bad_options_are_refused),    cmocka_unit_test(cancelling_ends_the_wait_and_not_the_watch),
    };
    return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
