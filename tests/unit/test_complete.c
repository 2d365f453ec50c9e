// SPDX-License-Identifier: GPL-3.0-or-later
// cmd/complete: what is offered where, how it is quoted, and that secrets are noticed in a line.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/engine/complete.h"
#include "cmd/engine/secret.h"
#include "cmd/engine/table.h"

static struct ctx *ctx;

static void add_node(const char *name)
{
    struct node *n;
    struct err e = ERR_INIT;
    assert_int_equal(node_new(name, "192.0.2.1", 0, NULL, NULL, NULL, &n, &e), 0);
    assert_int_equal(inventory_add(ctx_inventory(ctx), n, &e), 0);
}

static int set_up(void **state)
{
    (void)state;
    ctx = ctx_new(NULL);
    add_node("source");
    add_node("dest");
    ctx_names_add(ctx, "domain", "source", "share");
    ctx_names_add(ctx, "domain", "source", "sha two");
    ctx_names_add(ctx, "domain", "dest", "db");
    ctx_names_add(ctx, "disk", "source\nshare", "vda");
    ctx_names_add(ctx, "disk", "source\nshare", "/x/a b");
    ctx_names_add(ctx, "disk", "source\nsha two", "sda");
    ctx_names_add(ctx, "disk", "dest\ndb", "vdb");
    ctx_names_add(ctx, "drive", "source\nshare", "hdc");
    ctx_names_add(ctx, "card", "dest\ndb", "vnet7");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ctx_free(ctx);
    return 0;
}

// Candidates of a line whose cursor is at its end, joined by "|".
static char *offered(const char *line)
{
    struct completion c;
    struct buf b = BUF_INIT;
    complete_line(ctx, line, strlen(line), &c);
    for (size_t i = 0; i < c.n; i++)
        buf_addf(&b, "%s%s", i ? "|" : "", c.list[i].word);
    completion_release(&c);
    return buf_steal(&b);
}

static void the_row_decides_what_is_offered(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"node-l", "node-list"},
        {"node-list; node-sh", "node-show"},
        {"nosuch ", ""},
        {"nosuch --x", ""},
        {"domstate sh", "sha two|share"},
        {"domstate 'sha ", "sha two"},
        {"domstate db@", "db@dest"},
        {"domstate unseen@", "unseen@dest|unseen@source"},
        {"domstate share@d", ""},
        {"domstate --node dest ", "db"},
        {"domstate --node=dest ", "db"},
        {"domstate --node=so", "--node=source"},
        {"domstate --node=source,", "--node=source,dest"},
        {"domstate --node ", "all|dest|source"},
        {"domstate share --re", "--reason"},
        {"domstate share --reason --re", ""},
        {"domstate --domain=sh", "--domain=sha two|--domain=share"},
        {"domstate -- --re", ""},
        {"node-show ", "dest|source"},
        {"connect s", "source"},
        {"preflight-facts db@", "db@dest"},
        {"preflight-facts unseen,db", "unseen,db"},
        {"preflight-facts unseen,db@", "unseen,db@dest"},
        {"preflight-facts --domain=unseen,db@", "--domain=unseen,db@dest"},
        {"preflight-facts db dest,s", "dest,source"},
        {"help domst", "domstate|domstats"},
        {"migrate share dest --comp-methods ", "mt|xbzrle|zlib|zstd"},
        {"migrate share dest --comp-methods=mt,z", "--comp-methods=mt,zlib|--comp-methods=mt,zstd"},
        {"undefine share --keep-nvram --n", "--node"}, // not --nvram, which it excludes
        {"undefine share --nvram --keep", "--keep-tpm"},
        {"domstats --list-running ",
         "--backing|--balloon|--block|--cpu-total|--dirtyrate|--enforce|--interface|--iothread|"
         "--list-active|--list-inactive|--list-other|--list-paused|--list-persistent|--list-shutoff|--list-transient|"
         "--memory|--node|--nowait|--perf|--raw|--state|--vcpu|--vm"}, // and no domain
        {"detach-disk share ", "/x/a b|vda"},
        {"detach-disk share@source v", "vda"},
        {"detach-disk 'sha two' ", "sda"},
        {"detach-disk nosuch v", ""},
        {"detach-disk --target=v", ""},
        {"detach-disk --domain=db --target=v", "--target=vdb"},
        {"detach-disk share --node dest v", ""},
        {"change-media share ", "hdc"},
        {"domif-setlink db ", "vnet7"},
        {"domif-setlink db vnet7 ", "down|up"},
        {"domiftune db ", "vnet7"},
        {"blkdeviotune db ", "vdb"},
        {"undefine share --storage vdb,v", "vdb,vda"},
        {"migrate db dest --migrate-disks ", "vdb"},
        {"attach-disk share /x vdz --cache d", "default|directsync"},
        {"domst sh", ""}, // not unique: nothing is known of its words
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *got = offered(cases[i][0]);
        assert_string_equal(got, cases[i][1]);
        free(got);
    }
}

static void files_are_offered_by_directory(void **state)
{
    (void)state;
    char dir[] = "/tmp/migsh-complete.XXXXXX";
    assert_non_null(mkdtemp(dir));
    char *sub = xasprintf("%s/sub dir", dir), *hidden = xasprintf("%s/.hidden", dir);
    assert_int_equal(mkdir(sub, 0700), 0);
    assert_int_equal(mkdir(hidden, 0700), 0);
    char *line = xasprintf("define %s/", dir), *wanted = xasprintf("%s/", sub);
    char *got = offered(line);
    assert_string_equal(got, wanted);
    struct completion c;
    complete_line(ctx, line, strlen(line), &c);
    assert_true(c.list[0].open);
    completion_release(&c);
    complete_line(ctx, "disk-copy d", strlen("disk-copy d"), &c);
    assert_string_equal(c.list[0].word, "dest:");
    assert_true(c.list[0].open);
    completion_release(&c);
    rmdir(sub);
    rmdir(hidden);
    rmdir(dir);
    free(sub);
    free(hidden);
    free(line);
    free(wanted);
    free(got);
}

static void what_is_offered_is_quoted_as_it_was_begun(void **state)
{
    (void)state;
    static const struct {
        const char *line, *word;
        bool whole;
        const char *wanted;
    } cases[] = {
        {"x ", "plain", true, "plain "},       {"x ", "a b;c", true, "a\\ b\\;c "},
        {"x ", "it's", false, "it\\'s"},       {"x ", "#1", true, "\\#1 "},
        {"x ", "a#1", true, "a#1 "},           {"x ", "two\nlines", true, "'two\nlines' "},
        {"x 'a", "a b", true, "'a b' "},       {"x 'a", "a b", false, "'a b"},
        {"x 'i", "it's", true, "'it'\\''s' "}, {"x \"a", "a\"b\\c", true, "\"a\\\"b\\\\c\" "},
        {"x a\"b", "ab c", true, "ab\\ c "},   {"x ", "$(rm)", true, "$(rm) "},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct completion c;
        complete_line(ctx, cases[i].line, strlen(cases[i].line), &c);
        char *got = completion_quote(&c, cases[i].line, cases[i].word, strlen(cases[i].word), cases[i].whole);
        assert_string_equal(got, cases[i].wanted);
        free(got);
        completion_release(&c);
    }
}

static void the_common_beginning_ends_at_a_whole_character(void **state)
{
    (void)state;
    struct completion c = {0};
    completion_add(&c, "", "caf\xc3\xa9 1", NULL, false);
    completion_add(&c, "caf", "caf\xc3\xa8 2", NULL, false);
    completion_add(&c, "tea", "caf\xc3\xa8 2", NULL, false); // something else was typed
    assert_int_equal(completion_common(&c), 3);              // not in the middle of the accented letter
    completion_release(&c);
}

static void every_row_is_sound(void **state)
{
    (void)state;
    struct strv faults = STRV_INIT;
    cmd_table_check(&faults);
    for (size_t i = 0; i < faults.n; i++)
        print_error("%s\n", faults.s[i]);
    assert_int_equal(faults.n, 0);
    strv_release(&faults);
}

static void a_row_that_destroys_has_to_say_so(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int flags;
        bool faulty;
    } cases[] = {
        {"thing-delete", CMD_CONN, true}, {"thing-delete", CMD_CONN | CMD_DESTROYS, false},
        {"destroy", CMD_CONN, true},      {"thing-delete", 0, false},
        {"thing-undo", CMD_CONN, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct cmd_def def = {.name = cases[i].name, .flags = cases[i].flags};
        const struct cmd_def *const rows[] = {&def};
        struct strv faults = STRV_INIT;
        bool found = false;
        cmd_table_set(rows, 1, NULL, 0);
        cmd_table_check(&faults);
        for (size_t k = 0; k < faults.n; k++)
            found |= strstr(faults.s[k], "lacks CMD_DESTROYS") != NULL;
        assert_int_equal(found, cases[i].faulty);
        strv_release(&faults);
    }
    commands_register();
}

static void secrets_are_found_however_they_are_written(void **state)
{
    (void)state;
    static const struct opt_def opts[] = {
        {"user", OPT_STRING, OPTF_POS, "who"},
        {"pass-word", OPT_STRING, OPTF_SECRET, "what nobody may read"},
        {NULL},
    };
    static const struct opt_def by_place[] = {{"token", OPT_STRING, OPTF_POS | OPTF_SECRET, "nor this"}, {NULL}};
    const struct cmd_def login = {.name = "login", .opts = opts}, unlock = {.name = "unlock", .opts = by_place};
    const struct cmd_def *const rows[] = {&login, &unlock};
    static const struct {
        const char *line;
        bool secret;
    } cases[] = {
        {"login bob", false},
        {"login bob --pass-word x", true},
        {"login bob --pass-word=x", true},
        {"logn bob --pass-word=x", true}, // mistyped, but the secret was typed
        {"help; login --pass-word x", true},
        {"login --pass-words x", false},
        {"login 'bob --pass-word x", true}, // unclosed
        {"echo my--pass-word", false},
        {"unlock", false},
        {"unlock x", true},
        {"help; unlock x", true},
        {"again 5s unlock x", true},
        {"again 'help; unlock x'", true},
        {"again 'help unlock'", false},
        {"help unlock", false},
        {"=mig.login{user='bob'}", false},
        {"=mig.login{pass_word='x'}", true},
        {"lua mig.login{['pass-word']='x'}", true},
        {"lua bypass_words = 1", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if (secret_in_rows(cases[i].line, rows, ARRAY_SIZE(rows)) != cases[i].secret)
            fail_msg("%s", cases[i].line);
    }
}

int main(void)
{
    commands_register();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_row_decides_what_is_offered),
        cmocka_unit_test(files_are_offered_by_directory),
        cmocka_unit_test(what_is_offered_is_quoted_as_it_was_begun),
        cmocka_unit_test(the_common_beginning_ends_at_a_whole_character),
        cmocka_unit_test(every_row_is_sound),
        cmocka_unit_test(a_row_that_destroys_has_to_say_so),
        cmocka_unit_test(secrets_are_found_however_they_are_written),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
