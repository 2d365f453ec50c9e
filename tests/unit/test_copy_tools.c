// SPDX-License-Identifier: GPL-3.0-or-later
// The programs that move and compare data on nodes, run here: where there is a perl it does the work, and elsewhere sh.
// One contract for both, so that it does not matter which of them is at an end of a copy.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/copy/tools_priv.h"
#include "io/digest.h"

enum { PERL, SH, TWINS };
static const char *const twin_name[] = {"perl", "sh"};
enum { SIZE = 600000, ZERO_AT = 400000, ZEROS = 140000 };

// A directory that a shell would stumble over; in it, in bin/, a perl that is none.
static char *dir, *source, *dest, *part, *no_perl;
static char content[SIZE];

static char *in_dir(const char *name)
{
    return xasprintf("%s/%s", dir, name);
}

static void write_all(const char *path, const void *data, size_t n)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static char *read_all(const char *path, size_t *ret_n)
{
    FILE *f = fopen(path, "re");
    struct buf b = BUF_INIT;
    char chunk[65536];
    assert_non_null(f);
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), f)) > 0;)
        buf_add(&b, chunk, n);
    fclose(f);
    *ret_n = b.len;
    return buf_steal(&b);
}

// `tools` by `sh -c`, as on a node, from and to files of the directory. The exit status; stderr is in the file "err".
static int run(int twin, const char *const *tools, const char *const *args, const char *from, const char *to)
{
    _cleanup_buf_ struct buf script = BUF_INIT;
    for (; *tools; tools++)
        buf_adds(&script, *tools);
    _cleanup_free_ char *in = in_dir(from), *out = in_dir(to), *err = in_dir("err");
    _cleanup_free_ char *path = twin == SH ? xasprintf("%s:%s", no_perl, getenv("PATH")) : xstrdup(getenv("PATH"));
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen(in, "r", stdin) || !freopen(out, "w", stdout) || !freopen(err, "w", stderr))
            _exit(120);
        setenv("PATH", path, 1);
        execlp("sh", "sh", "-c", buf_str(&script), "migsh", args[0], args[1], args[2], args[3], (char *)NULL);
        _exit(121);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void assert_said(int twin, const char *words)
{
    _cleanup_free_ char *path = in_dir("err");
    size_t n;
    _cleanup_free_ char *said = read_all(path, &n);
    if (!strstr(said, words))
        fail_msg("%s said '%s', not '%s'", twin_name[twin], said, words);
}

static int run_reader(int twin, const char *ranges, const char *to)
{
    static const char *const tools[] = {copy_path, copy_reader, NULL};
    const char *const args[] = {source, "source", "", ""};
    _cleanup_free_ char *path = in_dir("ranges");
    write_all(path, ranges, strlen(ranges));
    return run(twin, tools, args, "ranges", to);
}

static int run_writer(int twin, const char *from, const char *lock)
{
    static const char *const tools[] = {copy_path, copy_writer, NULL};
    const char *const args[] = {dest, "part", lock, ""};
    return run(twin, tools, args, from, "said");
}

// The part file, full of `fill`, and the word for it.
static char *make_part(int fill)
{
    struct stat st;
    _cleanup_free_ char *old = xcalloc(SIZE, 1);
    memset(old, fill, SIZE);
    if (fill)
        write_all(part, old, SIZE);
    else {
        write_all(part, "", 0);
        assert_int_equal(truncate(part, SIZE), 0);
    }
    assert_int_equal(stat(part, &st), 0);
    return xasprintf("%lx:%lu", (unsigned long)st.st_dev, (unsigned long)st.st_ino);
}

struct mode {
    const char *name, *line; // what the reader is told before its ranges
    int fill;                // what is in the part file
};
static const struct mode modes[] = {{"plain", "", 0xff}, {"fresh", "fresh\n", 0}, {"scan", "scan\n", 0xff}};

static void assert_written(const struct mode *m, int reader, int writer)
{
    _cleanup_free_ char *want = xcalloc(SIZE, 1);
    memset(want, m->fill, SIZE);
    memcpy(want, content, 100000);
    memset(want + 100000, 0, 165536 - 100000);
    memset(want + 165536, 0, 231072 - 165536);
    memcpy(want + 300000, content + 300000, 5);
    memcpy(want + 390000, content + 390000, 210000);
    size_t n;
    _cleanup_free_ char *got = read_all(part, &n);
    assert_int_equal(n, SIZE);
    for (size_t i = 0; i < SIZE; i++) {
        if (got[i] != want[i])
            fail_msg("%s: reader %s, writer %s: another byte at %zu", m->name, twin_name[reader], twin_name[writer], i);
    }
}

// "@ready\n@done DATA READ\n", and how many bytes the part file takes.
static char *said_of(struct stat *ret_st)
{
    _cleanup_free_ char *path = in_dir("said");
    size_t n;
    assert_int_equal(stat(part, ret_st), 0);
    return read_all(path, &n);
}

static void any_reader_and_any_writer_make_the_same_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        char *data[TWINS] = {NULL, NULL};
        for (int reader = 0; reader < TWINS; reader++) {
            char *said[TWINS];
            struct stat st[TWINS];
            for (int writer = 0; writer < TWINS; writer++) {
                _cleanup_free_ char *id = make_part(modes[i].fill);
                _cleanup_free_ char *ranges = xasprintf("is %s\n%s0 100000\n100000 65536 z\n165536 65536 z\n300000 5\n"
                                                        "390000 210000\n0 0\n",
                                                        id, modes[i].line);
                assert_int_equal(run_reader(reader, ranges, "stream"), 0);
                assert_int_equal(run_writer(writer, "stream", "lock"), 0);
                assert_written(&modes[i], reader, writer);
                said[writer] = said_of(&st[writer]);
            }
            assert_string_equal(said[PERL], said[SH]);
            assert_int_equal(st[PERL].st_blocks, st[SH].st_blocks); // zeros are holes, or not, with both
            data[reader] = xstrndup(said[PERL], strcspn(said[PERL] + strlen("@ready\n@done "), " ") + 13);
            free(said[PERL]), free(said[SH]);
        }
        if (strcmp(modes[i].name, "scan") != 0) // zeros in the data: only perl looks for them
            assert_string_equal(data[PERL], data[SH]);
        free(data[PERL]), free(data[SH]);
    }
}

static void what_is_cut_off_is_noticed(void **state)
{
    (void)state;
    _cleanup_free_ char *id = make_part(0xff), *stream = in_dir("stream"), *cut = in_dir("cut");
    _cleanup_free_ char *ranges = xasprintf("is %s\n0 100000\n0 0\n", id);
    assert_int_equal(run_reader(PERL, ranges, "stream"), 0);
    size_t n;
    _cleanup_free_ char *whole = read_all(stream, &n);
    write_all(cut, whole, 50000);
    for (int twin = 0; twin < TWINS; twin++) {
        assert_int_not_equal(run_reader(twin, "0 5\n599990 11\n0 5\n", "short"), 0);
        assert_said(twin, "the file has become shorter");
        assert_int_not_equal(run_writer(twin, "cut", ""), 0);
        assert_said(twin, "the data ended early");
    }
}

static void only_the_file_that_is_meant_is_written(void **state)
{
    (void)state;
    for (int twin = 0; twin < TWINS; twin++) {
        free(make_part(0xff));
        assert_int_equal(run_reader(twin, "is 1:1\n0 100000\n0 0\n", "stream"), 0);
        assert_int_not_equal(run_writer(twin, "stream", ""), 0);
        assert_said(twin, "it was removed meanwhile, or is another file now");
        size_t n;
        _cleanup_free_ char *left = read_all(part, &n);
        assert_true(left[0] == (char)0xff && n == SIZE);
    }
}

static void one_writer_at_a_time(void **state)
{
    (void)state;
    _cleanup_free_ char *id = make_part(0xff), *ranges = xasprintf("is %s\n0 5\n0 0\n", id);
    FILE *f = fopen(part, "re");
    assert_non_null(f);
    assert_int_equal(flock(fileno(f), LOCK_EX), 0);
    assert_int_equal(run_reader(PERL, ranges, "stream"), 0);
    for (int twin = 0; twin < TWINS; twin++) {
        assert_int_not_equal(run_writer(twin, "stream", "lock"), 0);
        assert_said(twin, "another copy is writing it");
    }
    fclose(f);
}

static void digests_are_the_same(void **state)
{
    (void)state;
    static const char *const tools[] = {copy_path, copy_tool, copy_digester, NULL};
    const char *const args[] = {source, "source", "sha256", ""};
    static const char units[] = "0 600000\n0 10 20 10\n599999 1\n";
    _cleanup_free_ char *path = in_dir("units"), *out = in_dir("digests");
    write_all(path, units, strlen(units));
    char *got[TWINS], sha[DIGEST_HEX];
    for (int twin = 0; twin < TWINS; twin++) {
        size_t n;
        assert_int_equal(run(twin, tools, args, "units", "digests"), 0);
        got[twin] = read_all(out, &n);
    }
    assert_string_equal(got[PERL], got[SH]);
    digest_sha256(content, SIZE, sha);
    _cleanup_free_ char *first = xasprintf("@%s\n", sha);
    assert_memory_equal(got[SH], first, strlen(first));
    assert_int_equal(strlen(got[SH]), 3 * strlen(first));
    free(got[PERL]), free(got[SH]);
}

static int setup(void **state)
{
    (void)state;
    if (system("perl -e 1 2>/dev/null") != 0) {
        print_message("there is no perl here to be compared\n");
        exit(0);
    }
    const char *tmp = getenv("TMPDIR");
    char *made = xasprintf("%s/migsh tools'$(touch pwned);\n-rf XXXXXX", tmp ? tmp : "/tmp");
    dir = mkdtemp(made);
    assert_non_null(dir);
    source = in_dir("a 'source';*");
    dest = in_dir("-rf $(x)");
    part = in_dir(".-rf $(x).migsh-part");
    no_perl = in_dir("bin");
    assert_int_equal(mkdir(no_perl, 0700), 0);
    _cleanup_free_ char *perl = in_dir("bin/perl");
    write_all(perl, "#!/bin/sh\nexit 127\n", 19);
    assert_int_equal(chmod(perl, 0700), 0);
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (char)(1 + i * 7 % 251);
    memset(content + ZERO_AT, 0, ZEROS);
    write_all(source, content, SIZE);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", dir, (char *)NULL);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
    free(source), free(dest), free(part), free(no_perl), free(dir);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_reader_and_any_writer_make_the_same_bytes),
        cmocka_unit_test(what_is_cut_off_is_noticed),
        cmocka_unit_test(only_the_file_that_is_meant_is_written),
        cmocka_unit_test(one_writer_at_a_time),
        cmocka_unit_test(digests_are_the_same),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
