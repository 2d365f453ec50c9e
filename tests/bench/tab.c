// SPDX-License-Identifier: GPL-3.0-or-later
// What Tab costs at the prompt with 5,000 domains known: libvirt's test driver with that many, the real `list --all`,
// then complete_line() as the Tab key calls it. Prints the median and the largest time of each line, and the calls made
// to libvirt meanwhile. Fails above 5 ms (the largest median) or with a single call. Main thread.
//     tab [DOMAINS]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/engine/batch.h"
#include "cmd/engine/complete.h"
#include "core/console/ctx.h"
#include "io/loop.h"
#include "io/virt/conn.h"

enum { ROUNDS = 101 };

static const double LIMIT_MS = 5;
static bool listed;
static int list_status;

static void on_listed(int status, bool quit, void *data)
{
    (void)quit;
    (void)data;
    list_status = status;
    listed = true;
}

static char *write_node(int domains)
{
    char *path = xstrdup("/tmp/migsh-bench.XXXXXX");
    int fd = mkstemp(path);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f)
        abort();
    fputs(
        "<node><cpu><mhz>1</mhz><model>x</model><active>1</active><nodes>1</nodes><sockets>1</sockets><cores>1</cores>"
        "<threads>1</threads></cpu><memory>8192</memory>",
        f);
    for (int i = 0; i < domains; i++)
        fprintf(f,
                "<domain type='test'><name>guest-%05d</name><memory>1024</memory><os><type>hvm</type></os></domain>\n",
                i);
    fputs("</node>", f);
    fclose(f);
    return path;
}

static double now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The median; prints the line's figures.
static double measure(struct ctx *ctx, const char *line)
{
    double times[ROUNDS];
    size_t n = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct completion c;
        double start = now_ms();
        complete_line(ctx, line, strlen(line), &c);
        times[i] = now_ms() - start;
        n = c.n;
        completion_release(&c);
    }
    qsort(times, ROUNDS, sizeof(times[0]), by_value);
    printf("%-28s %5zu candidates   median %.3f ms   largest %.3f ms\n", line, n, times[ROUNDS / 2], times[ROUNDS - 1]);
    return times[ROUNDS / 2];
}

int main(int argc, char **argv)
{
    commands_register();
    int domains = argc > 1 ? atoi(argv[1]) : 5000;
    struct err e = ERR_INIT;
    if (loop_init(&e) < 0)
        return 2;
    _cleanup_free_ char *path = write_node(domains), *uri = xasprintf("test://%s", path);
    struct ctx *ctx = ctx_new(NULL);
    ctx_set_current(ctx, NULL, uri);
    batch_line(ctx, "list --all", &(struct batch_opts){0}, on_listed, NULL);
    loop_run_until(&listed);
    unlink(path);
    _cleanup_strv_ struct strv known = STRV_INIT;
    ctx_names(ctx, "domain", NULL, "", &known);
    if (list_status || known.n != (size_t)domains) {
        printf("list ended with %d and made %zu names known instead of %d\n", list_status, known.n, domains);
        return 1;
    }
    static const char *const lines[] = {"domstate ",           "domstate guest-", "domstate guest-012",
                                        "migrate guest-04999", "migrate --",      "mi"};
    uint64_t before = virt_calls();
    double worst = 0;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        double median = measure(ctx, lines[i]);
        worst = median > worst ? median : worst;
    }
    uint64_t calls = virt_calls() - before;
    printf("%d domains: at most %.3f ms a Tab (limit %.0f ms), %llu calls to libvirt (limit 0)\n", domains, worst,
           LIMIT_MS, (unsigned long long)calls);
    ctx_free(ctx);
    return worst > LIMIT_MS || calls ? 1 : 0;
}
