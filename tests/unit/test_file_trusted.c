// SPDX-License-Identifier: GPL-3.0-or-later
// Trusted files: every way in which somebody else could have had a hand in one. What needs another owner runs as root
// only.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"
#include "io/file_trusted.h"

enum { NOBODY = 65534 };
static char top[] = "/tmp/migsh-trusted.XXXXXX";

// A name below `top`; the caller need not free it.
static const char *at(const char *name)
{
    static char names[4][256];
    static unsigned next;
    char *s = names[next++ % 4];
    snprintf(s, sizeof(names[0]), "%s/%s", top, name);
    return s;
}

static void put(const char *name, const char *text)
{
    struct err e = ERR_INIT;
    assert_int_equal(file_replace(at(name), text, strlen(text), 0600, &e), 0);
}

static int set_up_tree(void **state)
{
    (void)state;
    if (!mkdtemp(top))
        return -1;
    put("a/b/file", "text");
    return setenv("XDG_STATE_HOME", at("state"), 1);
}

static int tear_down_tree(void **state)
{
    (void)state;
    char *rm = xasprintf("rm -rf %s", top);
    int r = system(rm);
    free(rm);
    return r;
}

static void reads(const char *path)
{
    struct err e = ERR_INIT;
    char *text = NULL;
    size_t n = 0;
    if (file_trusted_read(path, 100, &text, &n, &e) < 0)
        fail_msg("%s: %s", path, e.msg);
    assert_string_equal(text, "text");
    assert_int_equal(n, 4);
    assert_int_equal(file_trusted_check(path, &e), 0);
    free(text);
}

// `hint` NULL: any.
static void refuses(const char *path, enum err_code code, const char *msg, const char *hint)
{
    struct err e = ERR_INIT;
    char *text = NULL;
    alarm(20); // a pipe that is waited for
    int r = file_trusted_read(path, 100, &text, NULL, &e);
    alarm(0);
    if (r == 0)
        fail_msg("%s was read", path);
    if (e.code != code || !strstr(e.msg, msg) || (hint && (!e.hint || !strstr(e.hint, hint))))
        fail_msg("%s: %s: %s (%s)", path, err_code_name(e.code), e.msg, e.hint ? e.hint : "");
    assert_null(text);
    err_release(&e);
    assert_int_equal(file_trusted_check(path, &e), -1);
    err_release(&e);
}

static void every_component_of_the_way_is_judged(void **state)
{
    (void)state;
    char before[4096];
    assert_non_null(getcwd(before, sizeof(before)));
    reads(at("a/b/file"));
    reads(at("a//./b/../b/file"));
    assert_int_equal(chdir(at("a")), 0);
    reads("b/file");
    reads("../a/b/file");
    assert_int_equal(chdir(before), 0);
    assert_int_equal(symlink("b/file", at("a/relative")), 0);
    assert_int_equal(symlink(at("a/b"), at("absolute")), 0);
    assert_int_equal(symlink("a/relative", at("twice")), 0);
    assert_int_equal(symlink("loop", at("loop")), 0);
    assert_int_equal(symlink("nothing", at("dangling")), 0);
    reads(at("a/relative"));
    reads(at("absolute/file"));
    reads(at("twice"));
    refuses(at("loop"), ERR_IO, "symbolic links", NULL);
    refuses(at("dangling"), ERR_NOT_FOUND, "No such file", NULL);
    refuses(at("a/none"), ERR_NOT_FOUND, "No such file", NULL);
    refuses(at("none/file"), ERR_NOT_FOUND, "No such file", NULL);
    refuses("", ERR_NOT_FOUND, "No such file", NULL);
    refuses(at("a/b/file/x"), ERR_IO, "Not a directory", NULL);
    refuses(at("a/b"), ERR_UNSAFE, "not a regular file", NULL);
    refuses("/", ERR_IO, "Is a directory", NULL);
    refuses("/dev/null", ERR_UNSAFE, "not a regular file", NULL);
    assert_int_equal(mkfifo(at("pipe"), 0600), 0);
    refuses(at("pipe"), ERR_UNSAFE, "not a regular file", NULL);
}

// Writable by others: the file, its directory, one above; by the group, whichever that is.
static void what_others_can_write_is_refused(void **state)
{
    (void)state;
    static const mode_t bad[] = {0020, 0002, 0022};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(chmod(at("a/b/file"), 0644 | bad[i]), 0);
        refuses(at("a/b/file"), ERR_UNSAFE, "a/b/file can be written by others", "chmod go-w '");
        assert_int_equal(chmod(at("a/b/file"), 0644), 0);
        for (int above = 0; above < 2; above++) {
            const char *dir = above ? "a" : "a/b";
            assert_int_equal(chmod(at(dir), 0755 | bad[i]), 0);
            refuses(at("a/b/file"), ERR_UNSAFE, "is not to be trusted: the directory", at(dir));
            refuses(at("twice"), ERR_UNSAFE, "can be written by others", at(dir));
            refuses(at("a/b/none"), ERR_NOT_FOUND, "No such file", NULL);
            assert_int_equal(chmod(at(dir), 01755 | bad[i]), 0); // as /tmp is
            reads(at("a/b/file"));
            struct err e = ERR_INIT;
            assert_int_equal(chmod(at(dir), 0755 | bad[i]), 0);
            assert_int_equal(file_replace(at("a/b/new"), "", 0, 0600, &e), -1);
            assert_int_equal(e.code, ERR_UNSAFE);
            err_release(&e);
            assert_int_equal(access(at("a/b/new"), F_OK), -1);
            assert_int_equal(chmod(at(dir), 0755), 0);
        }
    }
    reads(at("a/b/file"));
}

static void own(const char *name, uid_t uid)
{
    assert_int_equal(lchown(at(name), uid, (gid_t)-1), 0);
}

static void what_others_own_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    static const char *const names[] = {"a/b/file", "a/b", "a"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        own(names[i], NOBODY);
        refuses(at("a/b/file"), ERR_UNSAFE, "belongs to uid 65534, who could change it", "chown 0 '");
        refuses(at("twice"), ERR_UNSAFE, "belongs to uid 65534", NULL);
        own(names[i], 0);
    }
    reads(at("twice"));
    own("twice", NOBODY); // could be pointed elsewhere between a look and a read
    refuses(at("twice"), ERR_UNSAFE, "the link", "chown -h 0 '");
    own("twice", 0);
    assert_int_equal(mkdir(at("theirs"), 0755), 0);
    assert_int_equal(symlink("../a/b/file", at("theirs/link")), 0); // root's link, in a directory that is another's
    reads(at("theirs/link"));
    own("theirs", NOBODY);
    refuses(at("theirs/link"), ERR_UNSAFE, "the directory", NULL);
    assert_int_equal(mkdir(at("sticky"), 0700), 0);
    assert_int_equal(chmod(at("sticky"), 01777), 0);
    assert_int_equal(symlink("../a/b/file", at("sticky/link")), 0);
    reads(at("sticky/link"));
    own("sticky/link", NOBODY);
    refuses(at("sticky/link"), ERR_UNSAFE, "the link", NULL);
}

static void a_file_is_replaced_whole(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    struct stat st;
    put("new/deep/file", "one");
    assert_int_equal(stat(at("new/deep"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(symlink("new/deep/file", at("to-file")), 0);
    put("to-file", "text");
    assert_int_equal(lstat(at("to-file"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    reads(at("new/deep/file"));
    assert_int_equal(file_replace(at("new"), "", 0, 0600, &e), -1);
    err_release(&e);
    char *ls = xasprintf("test \"$(ls -A %s/new/deep)\" = file", top);
    assert_int_equal(system(ls), 0); // no temporary file stays
    free(ls);
}

static void the_state_directory_is_ours_alone(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    struct stat st;
    int fd = -1;
    assert_int_equal(file_state_dir("journal", false, &fd, &e), -1);
    assert_int_equal(e.code, ERR_NOT_FOUND);
    err_release(&e);
    assert_int_equal(file_state_dir("journal", true, &fd, &e), 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    close(fd);
    assert_int_equal(chmod(at("state/migsh"), 0755), 0); // made private again
    assert_int_equal(file_state_dir("journal", false, &fd, &e), 0);
    close(fd);
    assert_int_equal(stat(at("state/migsh"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(chmod(at("state/migsh"), 0770), 0); // what is in there may be others' already
    assert_int_equal(file_state_dir("journal", true, &fd, &e), -1);
    assert_int_equal(e.code, ERR_UNSAFE);
    err_release(&e);
    assert_int_equal(chmod(at("state/migsh"), 0700), 0);
    if (geteuid() != 0)
        return;
    own("state/migsh/journal", NOBODY);
    assert_int_equal(file_state_dir("journal", true, &fd, &e), -1);
    assert_non_null(strstr(e.msg, "belongs to uid 65534"));
    assert_non_null(strstr(e.hint, "XDG_STATE_HOME"));
    err_release(&e);
    own("state/migsh/journal", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_component_of_the_way_is_judged), cmocka_unit_test(what_others_can_write_is_refused),
        cmocka_unit_test(what_others_own_is_refused),           cmocka_unit_test(a_file_is_replaced_whole),
        cmocka_unit_test(the_state_directory_is_ours_alone),
    };
    return cmocka_run_group_tests(tests, set_up_tree, tear_down_tree);
}
