// SPDX-License-Identifier: GPL-3.0-or-later
// What core/ runs on nodes, run here, in a directory whose name is sh: what the tools tell is read by the one parser,
// and the name stays data. With the tester's own rights.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/strv.h"
#include "core/access/tools_priv.h"
#include "core/change/edit_priv.h"
#include "core/copy/tools_priv.h"
#include "core/guest/look.h"
#include "core/keys/tools_priv.h"
#include "core/nfs/tools_priv.h"
#include "core/node/ask.h"
#include "core/node/links.h"
#include "core/node/place.h"
#include "core/node/qemu_user.h"
#include "core/preflight/tools_priv.h"
#include "core/tls/tools_priv.h"

static char *dir;

static char *in_dir(const char *name)
{
    return xasprintf("%s/%s", dir, name);
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void assert_text(const char *path, const char *want)
{
    char got[256] = "";
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    assert_true(fread(got, 1, sizeof(got) - 1, f) < sizeof(got));
    fclose(f);
    assert_string_equal(got, want);
}

static void ask_here(struct question q, struct facts *ret)
{
    _cleanup_err_ struct err e = ERR_INIT;
    q.as_user = true;
    if (node_ask(NULL, NULL, NULL, &q, ret, &e) < 0)
        fail_msg("%s", e.msg);
}
#define ASK(ret, words, ...)                                                                                           \
    ask_here((struct question){.tools = {__VA_ARGS__}, .args = words, .n_args = ARRAY_SIZE(words)}, ret)

static void assert_fact(const struct facts *f, const char *key, const char *want)
{
    const char *value = facts_get(f, key);
    if (!value || (want && strcmp(value, want) != 0))
        fail_msg("%s is '%s', not '%s'", key, value ? value : "(not told)", want ? want : "anything");
}

static void the_prelude_tells_one_line_a_fact(void **state)
{
    (void)state;
    static const char script[] = "say a \"$1\"; say b \"$2\"; say missing \"$(missing \"$3\")\"";
    _cleanup_free_ char *deep = in_dir("x/y/z");
    const char *const args[] = {"one\n@b two\n", "-n \\t %s", deep};
    _cleanup_facts_ struct facts f = {0};
    ASK(&f, args, script);
    assert_fact(&f, "a", "one @b two");
    assert_fact(&f, "b", "-n \\t %s");
    assert_fact(&f, "missing", "3");
}

static void a_file_is_seen_and_replaced(void **state)
{
    (void)state;
    static const char old[] = "old $(touch pwned)\n", new[] = "new\n";
    _cleanup_free_ char *path = in_dir("-rf 'file'; $(x)"), *sub = in_dir("sub"), *linked = in_dir("sub/link");
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_edit_file_ struct edit_file seen = {0}, again = {0}, none = {0};
    _cleanup_(change_file_release) struct change_file content = {true, BUF_INIT};
    buf_adds(&content.text, new);
    write_text(path, old);
    assert_int_equal(chmod(path, 0640), 0);
    mkdir(sub, 0700);
    assert_int_equal(symlink("../-rf 'file'; $(x)", linked), 0);
    assert_int_equal(edit_file_gather(NULL, NULL, NULL, linked, true, &seen, &e), 0);
    assert_string_equal(seen.real, path);
    assert_true(seen.now.exists && seen.has_dir && *seen.host);
    assert_string_equal(buf_str(&seen.now.text), old);
    const struct edit_write w = {.old = &seen, .new_file = &content, .as_user = true};
    const char *note = NULL;
    assert_int_equal(edit_file_write(NULL, NULL, NULL, &w, &note, &e), 0);
    assert_null(note);
    assert_text(path, new);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(edit_file_write(NULL, NULL, NULL, &w, &note, &e), 1); // it is another one now
    assert_text(path, new);
    assert_int_equal(edit_file_gather(NULL, NULL, NULL, linked, true, &again, &e), 0);
    content.exists = false;
    const struct edit_write drop = {.old = &again, .new_file = &content, .as_user = true, .no_backup = true};
    assert_int_equal(edit_file_write(NULL, NULL, NULL, &drop, &note, &e), 0);
    assert_int_equal(edit_file_gather(NULL, NULL, NULL, path, true, &none, &e), 0);
    assert_true(!none.now.exists && none.has_dir);
    assert_string_equal(none.sha, "absent");
}

static void what_is_no_file_is_told_as_that(void **state)
{
    (void)state;
    _cleanup_err_ struct err e = ERR_INIT, e2 = ERR_INIT;
    _cleanup_free_ char *sub = in_dir("sub"), *odd = in_dir("odd"), *target = in_dir("a\nb");
    struct edit_file f = {0};
    assert_int_equal(edit_file_gather(NULL, NULL, NULL, sub, true, &f, &e), -1);
    assert_int_equal(e.code, ERR_STATE);
    write_text(target, "x");
    assert_int_equal(symlink(target, odd), 0);
    assert_int_equal(edit_file_gather(NULL, NULL, NULL, odd, true, &f, &e2), -1);
    assert_int_equal(e2.code, ERR_STATE);
    assert_non_null(strstr(e2.msg, "newline"));
}

static void files_of_a_guest(void **state)
{
    (void)state;
    _cleanup_free_ char *file = in_dir("disk;'x"), *none = in_dir("none $(x)");
    write_text(file, "12345");
    json_auto_t *paths = json_object(), *facts = NULL;
    json_object_set_new(paths, file, json_null());
    json_object_set_new(paths, none, json_null());
    const struct guest_place here = {NULL, NULL, NULL, false};
    _cleanup_err_ struct err e = ERR_INIT;
    FILE *user = fopen(file, "ae");
    assert_non_null(user);
    assert_int_equal(guest_look(&here, paths, &facts, &e), 0);
    fclose(user);
    const json_t *there = json_object_get(facts, file), *absent = json_object_get(facts, none);
    assert_true(json_is_true(json_object_get(there, "exists")) && json_is_true(json_object_get(there, "in_use")));
    assert_int_equal(json_integer_value(json_object_get(there, "size")), 5);
    assert_true(json_is_false(json_object_get(absent, "exists")));
    assert_true(json_is_string(json_object_get(there, "filesystem"))); // whatever this machine has there
    assert_null(json_object_get(absent, "filesystem"));
}

static void both_ends_of_a_copy(void **state)
{
    (void)state;
    _cleanup_free_ char *from = in_dir("disk;'x"), *to = in_dir("to $(x)");
    const char *const source[] = {from, "", ""}, *const dest[] = {to, "look", ""}, *const marked[] = {"0123", from, to},
                      *const looked[] = {"0123", from, ""};
    _cleanup_facts_ struct facts a = {0}, b = {0}, c = {0}, d = {0}, f = {0};
    ASK(&a, source, copy_facts, copy_means, copy_source);
    assert_fact(&a, "kind", "file");
    assert_fact(&a, "size", "5");
    assert_fact(&a, "identity", NULL);
    assert_null(facts_get(&a, "used"));
    ASK(&b, dest, copy_path, copy_facts, copy_means, copy_ours, copy_dest);
    assert_fact(&b, "kind", "");
    assert_fact(&b, "part", "");
    assert_fact(&b, "room", NULL);
    ASK(&c, marked, copy_facts, copy_mark);
    assert_fact(&c, "marked", "0 yes"); // and nothing beside what is not there
    ASK(&d, looked, copy_facts, copy_seen);
    assert_fact(&d, "seen", "0 yes");
    ASK(&f, marked, copy_facts, copy_unmark);
    _cleanup_free_ char *mark = in_dir(".migsh-mark-0123-0");
    assert_int_not_equal(access(mark, F_OK), 0);
}

static void assert_row(const struct facts *f, const char *key, size_t *at, const char *want)
{
    const char *value = facts_next(f, key, at);
    assert_non_null(value);
    assert_string_equal(value, want);
}

static void marks_beside_files(void **state)
{
    (void)state;
    _cleanup_free_ char *a = in_dir("marked/a"), *b = in_dir("marked/b"), *odd = in_dir("odd\n/o"),
                        *none = in_dir("marked/none"), *other = in_dir("marked/../odd\n/p");
    for (const char *const *d = (const char *const[]){"marked", "odd\n", NULL}; *d; d++)
        assert_int_equal(mkdir(*d, 0700), 0);
    write_text(a, "a"), write_text(b, "b"), write_text(odd, "o"), write_text(other, "p");
    const char *const marked[] = {"77", a, odd, none, other};
    _cleanup_facts_ struct facts f = {0}, g = {0}, h = {0};
    size_t at = 0;
    ASK(&f, marked, copy_facts, copy_mark);
    assert_row(&f, "marked", &at, "0 yes");
    assert_row(&f, "marked", &at, "1 yes");
    assert_row(&f, "marked", &at, "3 yes");
    assert_null(facts_next(&f, "marked", &at));
    const char *const looked[] = {"77", b, b, "", odd};
    at = 0;
    ASK(&g, looked, copy_facts, copy_seen);
    assert_row(&g, "seen", &at, "0 yes");
    assert_row(&g, "seen", &at, "3 yes");
    assert_null(facts_next(&g, "seen", &at)); // another directory's is not its own
    ASK(&h, marked, copy_facts, copy_unmark);
    for (const char *const *d =
             (const char *const[]){"marked/.migsh-mark-77-0", "odd\n/.migsh-mark-77-1", "odd\n/.migsh-mark-77-3", NULL};
         *d; d++)
        assert_int_equal(access(*d, F_OK), -1);
}

static void directories_of_shares(void **state)
{
    (void)state;
    _cleanup_free_ char *used = in_dir("disk;'x"), *aside = in_dir("sub");
    const char *const here[] = {dir, dir}, *const both[] = {dir, aside};
    _cleanup_facts_ struct facts place = {0}, share = {0}, users = {0};
    ASK(&place, here, nfs_packages, nfs_mounted, nfs_place_look);
    assert_fact(&place, "dir", "yes");
    assert_fact(&place, "entry", NULL);
    assert_fact(&place, "mount", NULL);
    ASK(&share, here, nfs_packages, nfs_listening, nfs_export_look);
    assert_fact(&share, "server", NULL);
    assert_fact(&share, "missing", "0");
    assert_fact(&share, "sum", NULL);
    assert_non_null(share.text);
    FILE *f = fopen(used, "re");
    assert_non_null(f);
    ASK(&users, both, nfs_adopt_look);
    fclose(f);
    assert_fact(&users, "aside", "yes");
    const char *user = facts_get(&users, "user");
    _cleanup_free_ char *process = xasprintf("(process %d)", (int)getpid());
    assert_true(user && strstr(user, process));
}

// The row's facts of that key, behind its number.
static const char *row_of(const struct facts *f, const char *key, size_t number)
{
    size_t at = 0, row;
    for (const char *value; (value = facts_next(f, key, &at));) {
        const char *rest = strchr(value, ' ') ? fact_row(value, number + 1, &row) : NULL;
        if (rest && row == number)
            return rest;
    }
    fail_msg("there is no %s %zu", key, number);
    return NULL;
}

// QEMU's user, whom the directory above keeps out. Only root can become him.
static void access_of_qemu(const struct facts *f)
{
    const char *user = facts_get(f, "qemu_user");
    if (geteuid() != 0 || !user || str_ends(user, " 0"))
        return;
    assert_string_equal(row_of(f, "access", 0), "none");
    assert_string_equal(row_of(f, "access", 4), "rw");
}

static void what_a_host_is(void **state)
{
    (void)state;
    _cleanup_free_ char *file = in_dir("disk\n;'x\n"), *none = in_dir("none\n$(touch pwned)"),
                        *linked = in_dir("-l `x`"), *dangling = in_dir("dangling");
    write_text(file, "12345");
    assert_int_equal(chmod(file, 0640), 0);
    assert_int_equal(symlink("disk\n;'x\n", linked), 0);
    assert_int_equal(symlink("/nonexistent/$(touch pwned)", dangling), 0);
    // No resolver asks anybody for a name with an empty label.
    const char *const args[] = {"path", file,     "name", "localhost", "path",      none,   "path",
                                linked, "path",   dir,    "path",      "/dev/null", "name", "$(touch pwned)..'x",
                                "path", dangling, "path", "/proc"};
    _cleanup_facts_ struct facts f = {0};
    ASK(&f, args, qemu_user, qemu_ids, node_links, preflight_look);
    struct stat st;
    assert_int_equal(stat(file, &st), 0);
    _cleanup_free_ char *want = xasprintf("file 5 %ju:%ju 640", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    assert_string_equal(row_of(&f, "path", 0), want);
    assert_string_equal(row_of(&f, "path", 2), want);
    assert_true(str_starts(row_of(&f, "path", 3), "dir "));
    assert_true(str_starts(row_of(&f, "path", 4), "char "));
    size_t at = 0;
    assert_string_equal(facts_next(&f, "absent", &at), "1");
    assert_string_equal(facts_next(&f, "absent", &at), "5");
    assert_null(facts_next(&f, "absent", &at));
    assert_string_equal(row_of(&f, "mount", 0), row_of(&f, "mount", 1));
    assert_string_equal(row_of(&f, "mount", 0), row_of(&f, "mount", 2));
    assert_true(str_starts(row_of(&f, "mount", 6), "proc "));
    assert_non_null(row_of(&f, "resolve", 0));
    assert_fact(&f, "unresolved", "1");
    static const char *const told[] = {"hostname", "link", "up", "kvm", "cpus", "available"};
    for (size_t i = 0; i < ARRAY_SIZE(told); i++)
        assert_fact(&f, told[i], NULL);
    assert_string_equal(f.all[f.n - 1].key, "now");
    access_of_qemu(&f);
}

static void an_account_and_its_keys(void **state)
{
    (void)state;
    const char *const args[] = {"", "admin"}, *const as[] = {"", "printf '@login %s\\n' \"$1\"", "0 0 1 $(x)"};
    _cleanup_facts_ struct facts f = {0}, logins = {0};
    _cleanup_free_ char *ssh = in_dir(".ssh"), *known = in_dir(".ssh/known_hosts");
    mkdir(ssh, 0700);
    write_text(known, "a ssh-rsa AAAA\n@text\nb ssh-rsa BBBB");
    setenv("HOME", dir, 1);
    ASK(&f, args, keys_look);
    assert_fact(&f, "user", NULL);
    assert_fact(&f, "identity", NULL);
    assert_fact(&f, "dir", "yes");
    size_t at = 0, row;
    assert_string_equal(facts_next(&f, "known", &at), "a ssh-rsa AAAA");
    assert_string_equal(facts_next(&f, "known", &at), "@text");
    assert_string_equal(facts_next(&f, "known", &at), "b ssh-rsa BBBB");
    assert_null(facts_next(&f, "known", &at));
    ASK(&logins, as, keys_as);
    const char *login = facts_get(&logins, "login");
    assert_non_null(login);
    assert_string_equal(fact_row(login, 1, &row), "0 1 $(x)");
    assert_null(fact_row(login, 0, &row));
}

// A port is free, is listened at once, by a token of its own, and tells who comes what it was asked to tell.
static void a_port_is_listened_at_and_reached(void **state)
{
    (void)state;
    static const char settings[] =
        "#migration_host = \"no\"\nmigration_host = \"a.example\" # x\nmigration_host = \"b.example\"\n"
        "migration_address = \"127.0.0.1\"\nmigration_port_min = 47000\n"
        " migration_port_max=47900\n";
    _cleanup_free_ char *conf = in_dir("qemu.conf"), *none = in_dir("none");
    write_text(conf, settings);
    const char *const listen[] = {"60", "token $(touch pwned)", conf, "1", "migration"};
    _cleanup_facts_ struct facts listening = {0}, reached = {0}, refused = {0}, odd = {0}, busy = {0};
    ASK(&listening, listen, qemu_user, preflight_listen);
    assert_fact(&listening, "host", "a.example");
    const char *port = facts_get(&listening, "port");
    assert_non_null(port);
    assert_in_range(strtol(port + 2, NULL, 10), 47000, 47900);
    const char *const same[] = {"60", "x", none, "1", xasprintf("%s-%s", port + 2, port + 2), "47000-47900"};
    ASK(&busy, same, qemu_user, preflight_listen);
    _cleanup_free_ char *of_that = (char *)same[4], *is_busy = xasprintf("0 %s", port + 2);
    assert_fact(&busy, "busy", is_busy);
    assert_true(str_starts(facts_get(&busy, "port"), "1 47"));
    const char *const connect[] = {"60", "127.0.0.1", port + 2, "token $(touch pwned)", "$(touch pwned).invalid",
                                   "1",  "x"};
    ASK(&reached, connect, preflight_connect);
    assert_fact(&reached, "resolved", "0 127.0.0.1");
    assert_fact(&reached, "reached", "0 yes");
    assert_fact(&reached, "error", "1 the name is not resolved");
    const char *const again[] = {"60", "127.0.0.1", port + 2, ""};
    ASK(&refused, again, preflight_connect); // it was for one connection
    assert_null(facts_get(&refused, "reached"));
    assert_fact(&refused, "error", "0 127.0.0.1: Connection refused");
    const char *const usual[] = {"1", "x", none, "1", "migration"};
    ASK(&odd, usual, qemu_user, preflight_listen);
    assert_null(facts_get(&odd, "host"));
    assert_in_range(strtol(facts_get(&odd, "port") + 2, NULL, 10), 49152, 49215);
}

// Who answers with another word is somebody else.
static void another_program_is_not_taken_for_ours(void **state)
{
    (void)state;
    _cleanup_free_ char *conf = in_dir("elsewhere.conf"), *text = xstrdup("migration_address = \"192.0.2.1\"\n");
    write_text(conf, text);
    const char *const listen[] = {"60", "theirs", "/nonexistent", "2", "migration"}, *const nowhere[] = {"60", "x",
                                                                                                         conf, "1",
                                                                                                         "migration"};
    _cleanup_facts_ struct facts listening = {0}, other = {0}, none = {0}, any = {0};
    ASK(&listening, listen, qemu_user, preflight_listen);
    const char *port = facts_get(&listening, "port") + 2;
    const char *const connect[] = {"60", "127.0.0.1", port, "ours"}, *const anybody[] = {"60", "127.0.0.1", port, ""};
    ASK(&other, connect, preflight_connect);
    assert_fact(&other, "error", "0 127.0.0.1: another program answers there");
    ASK(&any, anybody, preflight_connect); // the second, and last, connection
    assert_fact(&any, "reached", "0 yes");
    ASK(&none, nowhere, qemu_user, preflight_listen); // an address that is not of this host
    assert_null(facts_get(&none, "port"));
    assert_non_null(strstr(facts_get(&none, "why"), "192.0.2.1"));
}

static void a_libvirt_is_reached_or_not(void **state)
{
    (void)state;
    const char *const bad[] = {"nosuch://$(touch pwned)/", "60"};
    _cleanup_facts_ struct facts f = {0};
    ASK(&f, bad, preflight_p2p);
    assert_null(facts_get(&f, "reached"));
    assert_true(facts_get(&f, "error") || facts_get(&f, "problem"));
}

// A user's name is data; and libvirt itself judges a file of settings, where it is installed and may be asked.
static void who_may_use_libvirt(void **state)
{
    (void)state;
    static const char bad[] = "# a\nmax_clients = \"$(touch pwned)\"\n", good[] = "max_clients = 5\n";
    const char *const nobody[] = {"$(touch pwned)"}, *const kind[] = {"daemon", ""}, *const daemon[] = {"libvirtd"};
    _cleanup_facts_ struct facts look = {0}, conf = {0}, refused = {0}, taken = {0};
    ASK(&look, nobody, qemu_user, access_daemon, access_opens, access_look);
    assert_fact(&look, "user", "$(touch pwned)");
    assert_null(facts_get(&look, "uid"));
    assert_null(facts_get(&look, "opened"));
    assert_fact(&look, "selinux", NULL);
    ASK(&conf, kind, access_daemon, access_newer, access_jobs, access_conf_look);
    assert_fact(&conf, "file", NULL);
    assert_fact(&conf, "daemon", NULL);
    struct question q = {
        .tools = {access_conf_check}, .args = daemon, .n_args = 1, .input = bad, .input_len = sizeof(bad) - 1};
    ask_here(q, &refused);
    q.input = good;
    q.input_len = sizeof(good) - 1;
    ask_here(q, &taken);
    assert_null(facts_get(&taken, "fault"));
    if (geteuid() == 0 && access("/usr/sbin/libvirtd", X_OK) == 0)
        assert_non_null(strstr(facts_get(&refused, "fault"), "max_clients"));
}

static void run_tool(const char *tool, const char *const *words, size_t n, int want)
{
    _cleanup_free_ char *script = place_script(tool, words, n);
    struct place_exec spec = {.script = script};
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_(remote_result_release) struct remote_result result = REMOTE_RESULT_INIT;
    assert_int_equal(place_exec(NULL, NULL, NULL, &spec, &result, &e), 0);
    if (result.status != want)
        fail_msg("status %d: %s", result.status, buf_str(&result.err));
}
#define RUN(tool, want, ...)                                                                                           \
    run_tool(tool, (const char *const[]){__VA_ARGS__}, ARRAY_SIZE(((const char *const[]){__VA_ARGS__})), want)

static unsigned mode_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

static void a_node_makes_keys_and_takes_them_back(void **state)
{
    (void)state;
    _cleanup_free_ char *a = in_dir("etc; $(x)"), *b = in_dir("etc; $(x)/private"),
                        *k = in_dir("etc; $(x)/private/s.pem"), *moved = in_dir("moved");
    RUN(tls_keys_check, 1, a, k);
    RUN(tls_keys, 0, "m1", b, "0600", "", "s.pem c.pem", a, b);
    RUN(tls_keys_check, 0, a, b, k);
    assert_int_equal(mode_of(a), 0755);
    assert_int_equal(mode_of(b), 0700);
    assert_int_equal(mode_of(k), 0600);
    RUN(tls_keys, 0, "m1", b, "0600", "", "s.pem c.pem", a, b); // begun again
    assert_int_equal(unlink(k), 0);
    RUN(tls_keys, 0, "m1", b, "0600", "", "s.pem c.pem", a, b); // likewise, cut off before the key had its name
    assert_true(rename(k, moved) == 0);
    write_text(k, "another\n");
    RUN(tls_keys_undo, 1, "m1", b, b, a); // somebody else's
    assert_text(k, "another\n");
    assert_true(rename(moved, k) == 0);
    RUN(tls_keys_undo, 0, "m1", b, b, a);
    assert_int_equal(mode_of(a), 0);
    RUN(tls_keys_undo, 0, "m1", b, b, a); // and again
}

static void files_are_set_aside_and_come_back(void **state)
{
    (void)state;
    _cleanup_free_ char *f = in_dir("-f 'a'"), *none = in_dir("none"), *kept = in_dir("-f 'a'.aside-1");
    write_text(f, "foreign\n");
    assert_int_equal(chmod(f, 0604), 0);
    RUN(tls_aside_check, 1, ".aside-1", f);
    RUN(tls_aside, 0, ".aside-1", f, none);
    RUN(tls_aside_check, 0, ".aside-1", f);
    assert_int_equal(mode_of(f), 0);
    assert_int_equal(mode_of(kept), 0604);
    write_text(f, "new\n");
    RUN(tls_aside_undo, 1, ".aside-1", f); // not over it
    assert_int_equal(unlink(f), 0);
    RUN(tls_aside_undo, 0, ".aside-1", f, none);
    assert_int_equal(mode_of(f), 0604);
    RUN(tls_aside_undo, 0, ".aside-1", f, none);
}

static int setup(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    char *made =
        xasprintf("%s/migsh 'tools'; touch pwned; $(touch pwned) `touch pwned` -rf XXXXXX", tmp ? tmp : "/tmp");
    dir = mkdtemp(made);
    if (!dir || chdir(dir) < 0)
        return -1;
    return setenv("HOME", dir, 1); // of a plain user's locks
}

static int teardown(void **state)
{
    (void)state;
    assert_int_not_equal(access("pwned", F_OK), 0);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", dir, (char *)NULL);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
    free(dir);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_prelude_tells_one_line_a_fact),
        cmocka_unit_test(a_file_is_seen_and_replaced),
        cmocka_unit_test(what_is_no_file_is_told_as_that),
        cmocka_unit_test(files_of_a_guest),
        cmocka_unit_test(both_ends_of_a_copy),
        cmocka_unit_test(marks_beside_files),
        cmocka_unit_test(directories_of_shares),
        cmocka_unit_test(what_a_host_is),
        cmocka_unit_test(an_account_and_its_keys),
        cmocka_unit_test(a_port_is_listened_at_and_reached),
        cmocka_unit_test(another_program_is_not_taken_for_ours),
        cmocka_unit_test(a_libvirt_is_reached_or_not),
        cmocka_unit_test(who_may_use_libvirt),
        cmocka_unit_test(a_node_makes_keys_and_takes_them_back),
        cmocka_unit_test(files_are_set_aside_and_come_back),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
