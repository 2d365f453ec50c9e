// SPDX-License-Identifier: GPL-3.0-or-later
// The options of `migrate`: against virsh's own list, and from command lines to libvirt's flags and parameters. What
// both hosts say after a failure, and what error texts mean.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/engine/bind.h"
#include "cmd/engine/parse.h"
#include "cmd/engine/table.h"
#include "cmd/migration/migrate_values.h"
#include "core/migrate/migrate.h"
#include "core/migrate/where.h"

static struct ctx *new_ctx(void)
{
    struct ctx *ctx = ctx_new(NULL);
    struct strv roles = STRV_INIT;
    struct err e = ERR_INIT;
    struct node *n;
    assert_int_equal(node_new("dest", "root@192.0.2.7", 0, NULL, NULL, &roles, &n, &e), 0);
    assert_int_equal(inventory_add(ctx_inventory(ctx), n, &e), 0);
    return ctx;
}

// "flags | params" of a migrate line, or "error: …".
static char *plan_of(const char *line)
{
    struct ctx *ctx = new_ctx();
    struct parsed p = {0};
    struct err e = ERR_INIT;
    struct cmd_call c = {.ctx = ctx, .def = cmd_find("migrate")};
    struct migrate_value values[MIGRATE_OPT_COUNT];
    struct migrate_plan plan = {0};
    struct buf b = BUF_INIT;
    assert_non_null(c.def);
    assert_int_equal(parse_text(line, &p, NULL, &e), 0);
    assert_int_equal(p.n, 1);
    if (cmd_bind(&c, &p.cmds[0], &e) < 0) {
        buf_addf(&b, "error: %s", e.msg);
    } else {
        migrate_values(&c, values);
        if (migrate_plan_make(values, &plan, &e) < 0) {
            buf_addf(&b, "error: %s", e.msg);
        } else {
            static const char *const on_timeout[] = {"", " suspend", " postcopy"};
            json_t *params = virt_migrate_params_json(plan.params);
            char *text = json_dumps(params, JSON_COMPACT | JSON_SORT_KEYS);
            buf_addf(&b, "%s>%s 0x%x %s", c.vals[0].s, c.vals[1].target.uri, plan.flags, text);
            buf_adds(&b, plan.direct ? " direct" : "");
            buf_adds(&b, plan.verbose ? " verbose" : "");
            buf_adds(&b, plan.after_precopy ? " after-precopy" : "");
            if (plan.timeout_ms > 0)
                buf_addf(&b, " %.0fms%s", plan.timeout_ms, on_timeout[plan.on_timeout]);
            free(text);
            json_decref(params);
        }
        migrate_plan_release(&plan);
    }
    cmd_call_release(&c);
    parsed_release(&p);
    err_release(&e);
    assert_true(ctx_free(ctx));
    return buf_steal(&b);
}

static void check_lines(const char *const (*cases)[2], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *got = plan_of(cases[i][0]);
        if (strcmp(got, cases[i][1]) != 0)
            print_error("%s\n", cases[i][0]);
        assert_string_equal(got, cases[i][1]);
        free(got);
    }
}

// As they are printed in the handbooks and articles whose readers this console serves: they must run as they stand.
static void virshs_lines_are_understood(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"migrate --live --verbose share  qemu+ssh://192.168.0.40/system tcp://192.168.0.40 --unsafe",
         "share>qemu+ssh://192.168.0.40/system 0x201 {\"migrate_uri\":\"tcp://192.168.0.40\"} verbose"},
        {"migrate 37 qemu+ssh://tux@jupiter.example.com/system", "37>qemu+ssh://tux@jupiter.example.com/system 0x0 {}"},
        {"migrate --live opensuse131 qemu+ssh://tux@jupiter.example.com/system",
         "opensuse131>qemu+ssh://tux@jupiter.example.com/system 0x1 {}"},
        {"migrate --live --persistent --undefinesource 37 \\\nqemu+tls://tux@jupiter.example.com/system",
         "37>qemu+tls://tux@jupiter.example.com/system 0x19 {}"},
        {"migrate opensuse131 qemu+ssh://tux@jupiter.example.com/system "
         "--migrateuri tcp://@jupiter.example.com:49152",
         "opensuse131>qemu+ssh://tux@jupiter.example.com/system 0x0 "
         "{\"migrate_uri\":\"tcp://@jupiter.example.com:49152\"}"},
        {"migrate --live --persistent --copy-storage-all \\\nopensuse156 qemu+ssh://tux@jupiter.example.com/system",
         "opensuse156>qemu+ssh://tux@jupiter.example.com/system 0x49 {}"},
        {"migrate --live sled12 --verbose qemu+ssh://IP/Hostname/system",
         "sled12>qemu+ssh://IP/Hostname/system 0x1 {} verbose"},
        {"migrate --verbose --live --persistent ubuntu-14.04 qemu+tcp://popsuper1982/system",
         "ubuntu-14.04>qemu+tcp://popsuper1982/system 0x9 {} verbose"},
        {"migrate test1 qemu+ssh://192.168.1.102/system --live --unsafe --verbose",
         "test1>qemu+ssh://192.168.1.102/system 0x201 {} verbose"},
    };
    check_lines(cases, ARRAY_SIZE(cases));
}

static void every_flag(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"migrate g x:///y --live", "g>x:///y 0x1 {}"},
        {"migrate g x:///y --p2p", "g>x:///y 0x2 {}"},
        {"migrate g x:///y --p2p --tunnelled", "g>x:///y 0x6 {}"},
        {"migrate g x:///y --p2p --tunneled", "g>x:///y 0x6 {}"},
        {"migrate g x:///y --persistent", "g>x:///y 0x8 {}"},
        {"migrate g x:///y --undefinesource", "g>x:///y 0x10 {}"},
        {"migrate g x:///y --suspend", "g>x:///y 0x20 {}"},
        {"migrate g x:///y --copy-storage-all", "g>x:///y 0x40 {}"},
        {"migrate g x:///y --copy-storage-inc", "g>x:///y 0x80 {}"},
        {"migrate g x:///y --change-protection", "g>x:///y 0x100 {}"},
        {"migrate g x:///y --unsafe", "g>x:///y 0x200 {}"},
        {"migrate g x:///y --offline --persistent", "g>x:///y 0x408 {}"},
        {"migrate g x:///y --compressed", "g>x:///y 0x800 {}"},
        {"migrate g x:///y --abort-on-error", "g>x:///y 0x1000 {}"},
        {"migrate g x:///y --auto-converge", "g>x:///y 0x2000 {}"},
        {"migrate g x:///y --rdma-pin-all", "g>x:///y 0x4000 {}"},
        {"migrate g x:///y --postcopy", "g>x:///y 0x8000 {}"},
        {"migrate g x:///y --tls", "g>x:///y 0x10000 {}"},
        {"migrate g x:///y --parallel", "g>x:///y 0x20000 {}"},
        {"migrate g x:///y --copy-storage-all --copy-storage-synchronous-writes", "g>x:///y 0x40040 {}"},
        {"migrate g x:///y --postcopy --postcopy-resume", "g>x:///y 0x88000 {}"},
        {"migrate g x:///y --parallel --zerocopy", "g>x:///y 0x120000 {}"},
        {"migrate g x:///y --direct --verbose", "g>x:///y 0x0 {} direct verbose"},
        {"migrate g x:///y --live --postcopy --postcopy-after-precopy", "g>x:///y 0x8001 {} after-precopy"},
        {"migrate g x:///y --live --timeout 3", "g>x:///y 0x1 {} 3000ms suspend"},
        {"migrate g x:///y --live --timeout 3 --timeout-suspend", "g>x:///y 0x1 {} 3000ms suspend"},
        {"migrate g x:///y --live --postcopy --timeout=3 --timeout-postcopy", "g>x:///y 0x8001 {} 3000ms postcopy"},
        {"migrate g x:///y --timeout 0", "g>x:///y 0x0 {}"},
        {"migrate g dest --live", "g>qemu+ssh://root@192.0.2.7/system?no_tty=1 0x1 {}"},
        {"migrate --desturi dest --domain g", "g>qemu+ssh://root@192.0.2.7/system?no_tty=1 0x0 {}"},
    };
    check_lines(cases, ARRAY_SIZE(cases));
}

static void every_parameter(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"migrate g x:///y --bandwidth 4294967297", "g>x:///y 0x0 {\"bandwidth\":4294967297}"},
        {"migrate g x:///y --postcopy-bandwidth 8", "g>x:///y 0x0 {\"bandwidth.postcopy\":8}"},
        {"migrate g x:///y --comp-methods xbzrle,mt --comp-mt-level 1 --comp-mt-threads 2 --comp-mt-dthreads 3 "
         "--comp-xbzrle-cache 67108864",
         "g>x:///y 0x0 {\"compression\":[\"xbzrle\",\"mt\"],\"compression.mt.dthreads\":3,\"compression.mt.level\":1,"
         "\"compression.mt.threads\":2,\"compression.xbzrle.cache\":67108864}"},
        {"migrate g x:///y --migrate-disks vda,vdb,vdc", "g>x:///y 0x0 {\"migrate_disks\":[\"vda\",\"vdb\",\"vdc\"]}"},
        {"migrate g x:///y --migrate-disks vda", "g>x:///y 0x0 {\"migrate_disks\":\"vda\"}"},
        {"migrate g x:///y --disks-port 49160 --disks-uri tcp://h:1",
         "g>x:///y 0x0 {\"disks_port\":49160,\"disks_uri\":\"tcp://h:1\"}"},
        {"migrate g x:///y --auto-converge-initial 30 --auto-converge-increment 15",
         "g>x:///y 0x0 {\"auto_converge.increment\":15,\"auto_converge.initial\":30}"},
        {"migrate g x:///y --parallel --parallel-connections 4", "g>x:///y 0x20000 {\"parallel.connections\":4}"},
        {"migrate g x:///y --tls --tls-destination h", "g>x:///y 0x10000 {\"tls.destination\":\"h\"}"},
        {"migrate g x:///y --dname 'a b;$(c)'", "g>x:///y 0x0 {\"destination_name\":\"a b;$(c)\"}"},
        // By position, in virsh's order
        {"migrate g x:///y tcp://h spice://h 192.0.2.1 name 5 --live",
         "g>x:///y 0x1 {\"destination_name\":\"name\",\"graphics_uri\":\"spice://h\",\"listen_address\":\"192.0.2.1\","
         "\"migrate_uri\":\"tcp://h\"} 5000ms suspend"},
    };
    check_lines(cases, ARRAY_SIZE(cases));
}

static void files_are_read_first(void **state)
{
    (void)state;
    char path[] = "/tmp/test_migrate.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "<domain/>", 9), 9);
    close(fd);
    char *line = xasprintf("migrate g x:///y --persistent --xml %s --persistent-xml %s", path, path);
    char *got = plan_of(line);
    assert_string_equal(got, "g>x:///y 0x8 {\"destination_xml\":\"<domain/>\",\"persistent_xml\":\"<domain/>\"}");
    unlink(path);
    free(got);
    got = plan_of(line);
    assert_non_null(strstr(got, "error: "));
    assert_non_null(strstr(got, path));
    free(got);
    free(line);
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"migrate g x:///y --live --offline", "error: --live and --offline are mutually exclusive"},
        {"migrate g x:///y --live --timeout 3 --postcopy --timeout-suspend --timeout-postcopy",
         "error: --timeout-suspend and --timeout-postcopy are mutually exclusive"},
        {"migrate g x:///y --postcopy-after-precopy", "error: --postcopy-after-precopy needs --postcopy"},
        {"migrate g x:///y --postcopy-resume", "error: --postcopy-resume needs --postcopy"},
        {"migrate g x:///y --live --timeout 3 --timeout-postcopy", "error: --timeout-postcopy needs --postcopy"},
        {"migrate g x:///y --persistent-xml f", "error: --persistent-xml needs --persistent"},
        {"migrate g x:///y --tls-destination h", "error: --tls-destination needs --tls"},
        {"migrate g x:///y --copy-storage-synchronous-writes",
         "error: --copy-storage-synchronous-writes needs --copy-storage-all or --copy-storage-inc"},
        {"migrate g x:///y --copy-storage-unchecked",
         "error: --copy-storage-unchecked needs --copy-storage-all or --copy-storage-inc"},
        {"migrate g x:///y --timeout 3", "error: --timeout is for a live migration: add --live"},
        {"migrate g x:///y --live --timeout-suspend", "error: --timeout-suspend and --timeout-postcopy need --timeout"},
        {"migrate g x:///y --live --timeout 0 --timeout-suspend",
         "error: --timeout-suspend and --timeout-postcopy need --timeout"},
        {"migrate g x:///y --live --timeout -1", "error: --timeout: '-1' is not a whole number from 0 to 2147483"},
        {"migrate g x:///y --bandwidth x",
         "error: --bandwidth: 'x' is not a whole number from 0 to 9223372036854775807"},
        {"migrate g x:///y --disks-port 4294967297",
         "error: --disks-port: '4294967297' is not a whole number from 0 to 2147483647"},
        {"migrate g x:///y --migrateuri ''", "error: --migrateuri is empty"},
        {"migrate g", "error: migrate needs --desturi"},
        {"migrate", "error: migrate needs --domain"},
        {"migrate g x:///y --liv", "error: migrate has no option --liv"},
        {"migrate g x:///y --live=yes", "error: --live takes no value"},
        {"migrate g nowhere", "error: no node 'nowhere'"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *got = plan_of(cases[i][0]);
        if (strncmp(got, cases[i][1], strlen(cases[i][1])) != 0)
            print_error("%s\n  gives %s\n", cases[i][0], got);
        assert_true(strncmp(got, cases[i][1], strlen(cases[i][1])) == 0);
        free(got);
    }
}

// The lines below OPTIONS of `virsh help migrate`: "    [--domain] <string>  …", "    --live  …".
static void same_options_as_virsh(void **state)
{
    (void)state;
    FILE *f = popen("virsh --version 2>/dev/null && virsh help migrate 2>/dev/null", "r");
    assert_non_null(f);
    char line[4096];
    if (!fgets(line, sizeof(line), f) || strncmp(line, "9.0.", 4) != 0) {
        pclose(f);
        print_message("[  SKIPPED ] there is no virsh 9.0 here to compare with\n");
        skip();
    }
    const struct cmd_def *def = cmd_find("migrate");
    size_t seen = 0, valued = 0, shown = 0, at = 0;
    bool in_options = false;
    while (fgets(line, sizeof(line), f)) {
        char name[64], kind[16] = "";
        in_options |= strstr(line, "OPTIONS") != NULL;
        if (!in_options || (sscanf(line, " [--%63[a-z0-9-]] <%15[a-z]>", name, kind) < 1 &&
                            sscanf(line, " --%63[a-z0-9-] <%15[a-z]>", name, kind) < 1))
            continue;
        size_t i = 0;
        while (def->opts[i].name && strcmp(def->opts[i].name, name) != 0)
            i++;
        if (!def->opts[i].name)
            fail_msg("virsh has --%s", name);
        const struct opt_def *o = &def->opts[i];
        assert_int_equal(o->type == OPT_BOOL, kind[0] == '\0');
        if (strcmp(kind, "number") == 0)
            assert_int_equal(o->type, OPT_INT);
        assert_true(i >= at || o->type == OPT_BOOL); // values by position come in the same order
        if (o->type != OPT_BOOL) {
            assert_true(o->flags & OPTF_POS);
            at = i;
            valued++;
        }
        seen++;
    }
    pclose(f);
    for (const struct opt_def *o = def->opts; o->name; o++)
        shown += !(o->flags & OPTF_HIDDEN);
    assert_int_equal(seen, 49);
    assert_int_equal(valued, 23);
    assert_non_null(strstr(def->opts[shown].name, "tunneled")); // hidden, and last
    assert_int_equal(shown, seen + 2);                          // --copy-storage-unchecked and --plan are our own
}

static void both_sides_decide_where_the_guest_is(void **state)
{
    (void)state;
    static const struct {
        enum virt_presence source, dest;
        enum migrate_verdict verdict;
    } cases[] = {
        {VIRT_RUNNING, VIRT_ABSENT, MIGRATE_ON_SOURCE},
        {VIRT_RUNNING, VIRT_SHUT_OFF, MIGRATE_ON_SOURCE},
        {VIRT_RUNNING, VIRT_UNKNOWN, MIGRATE_ON_SOURCE},
        {VIRT_RUNNING, VIRT_RUNNING, MIGRATE_ON_BOTH},
        {VIRT_RUNNING, VIRT_PAUSED, MIGRATE_UNDECIDED},
        {VIRT_RUNNING, VIRT_PAUSED_POSTCOPY, MIGRATE_POSTCOPY},
        {VIRT_PAUSED, VIRT_ABSENT, MIGRATE_PAUSED},
        {VIRT_PAUSED, VIRT_SHUT_OFF, MIGRATE_PAUSED},
        {VIRT_PAUSED, VIRT_RUNNING, MIGRATE_ON_DEST},
        {VIRT_PAUSED, VIRT_PAUSED, MIGRATE_UNDECIDED},
        {VIRT_PAUSED, VIRT_PAUSED_POSTCOPY, MIGRATE_UNDECIDED},
        {VIRT_PAUSED, VIRT_UNKNOWN, MIGRATE_NO_ANSWER},
        {VIRT_PAUSED_POSTCOPY, VIRT_RUNNING, MIGRATE_POSTCOPY},
        {VIRT_PAUSED_POSTCOPY, VIRT_UNKNOWN, MIGRATE_POSTCOPY},
        {VIRT_PAUSED_POSTCOPY, VIRT_ABSENT, MIGRATE_POSTCOPY},
        {VIRT_ABSENT, VIRT_RUNNING, MIGRATE_ON_DEST},
        {VIRT_ABSENT, VIRT_PAUSED, MIGRATE_PAUSED_DEST},
        {VIRT_ABSENT, VIRT_ABSENT, MIGRATE_NOWHERE},
        {VIRT_ABSENT, VIRT_SHUT_OFF, MIGRATE_SHUT_OFF_DEST},
        {VIRT_ABSENT, VIRT_UNKNOWN, MIGRATE_NO_ANSWER},
        {VIRT_SHUT_OFF, VIRT_RUNNING, MIGRATE_ON_DEST},
        {VIRT_SHUT_OFF, VIRT_PAUSED, MIGRATE_PAUSED_DEST},
        {VIRT_SHUT_OFF, VIRT_ABSENT, MIGRATE_SHUT_OFF},
        {VIRT_SHUT_OFF, VIRT_SHUT_OFF, MIGRATE_SHUT_OFF},
        {VIRT_SHUT_OFF, VIRT_UNKNOWN, MIGRATE_NO_ANSWER},
        {VIRT_UNKNOWN, VIRT_RUNNING, MIGRATE_ON_DEST},
        {VIRT_UNKNOWN, VIRT_ABSENT, MIGRATE_NO_ANSWER},
        {VIRT_UNKNOWN, VIRT_PAUSED, MIGRATE_NO_ANSWER},
        {VIRT_UNKNOWN, VIRT_SHUT_OFF, MIGRATE_NO_ANSWER},
        {VIRT_UNKNOWN, VIRT_UNKNOWN, MIGRATE_NO_ANSWER},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(migrate_judge(cases[i].source, cases[i].dest), cases[i].verdict);
}

static void numeric_addresses_become_migrate_uris(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"192.0.2.7", "tcp://192.0.2.7"},
                                           {"2001:db8::7", "tcp://[2001:db8::7]"},
                                           {"dest.example.com", NULL},
                                           {"192.0.2", NULL},
                                           {NULL, NULL}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct node n = {.address = (char *)(uintptr_t)cases[i][0]};
        char *got = migrate_uri_for(&n);
        if (cases[i][1])
            assert_string_equal(got, cases[i][1]);
        else
            assert_null(got);
        free(got);
    }
    assert_null(migrate_uri_for(NULL));
}

static void progress_never_says_done_too_early(void **state)
{
    (void)state;
    static const struct {
        long long total, left;
        int percent;
    } cases[] = {{0, 0, 0}, {100, 100, 0}, {100, 43, 57}, {1000, 1, 99}, {100, 0, 99}, {100, 120, 0}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        json_t *stats = json_pack("{s:I, s:I, s:i, s:I, s:i, s:i}", "data_total", (json_int_t)cases[i].total,
                                  "data_remaining", (json_int_t)cases[i].left, "memory_iteration", 2, "memory_bps",
                                  (json_int_t)(32 << 20), "memory_dirty_rate", 512, "memory_page_size", 4096);
        json_t *v = migrate_progress("g", stats);
        char *start = xasprintf("Migration: [%3d %%]", cases[i].percent);
        assert_int_equal(json_integer_value(json_object_get(v, "percent")), cases[i].percent);
        const char *text = json_string_value(json_object_get(v, "text"));
        assert_true(strncmp(text, start, strlen(start)) == 0);
        if (cases[i].total)
            assert_non_null(strstr(text, "pass 2, 0.0 MiB left at 32.0 MiB/s, 2.0 MiB/s dirtied"));
        free(start);
        json_decref(v);
        json_decref(stats);
    }
}

int main(void)
{
    commands_register();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(virshs_lines_are_understood),
        cmocka_unit_test(every_flag),
        cmocka_unit_test(every_parameter),
        cmocka_unit_test(files_are_read_first),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(same_options_as_virsh),
        cmocka_unit_test(both_sides_decide_where_the_guest_is),
        cmocka_unit_test(numeric_addresses_become_migrate_uris),
        cmocka_unit_test(progress_never_says_done_too_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
