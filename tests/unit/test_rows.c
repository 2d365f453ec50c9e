// SPDX-License-Identifier: GPL-3.0-or-later
// cmd/engine: what rows say of each other, the bits they stand for, and which word goes to which row.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/engine/bind.h"
#include "cmd/engine/parse.h"
#include "cmd/engine/render.h"
#include "cmd/engine/rules.h"
#include "cmd/engine/table.h"

enum { NAMES, LAST, FAST, SLOW, STILL, DEEP, OLD };
static const struct opt_def opts[] = {
    [NAMES] = {"names", OPT_STRING, OPTF_POS | OPTF_REQ | OPTF_MULTI, "a list"},
    [LAST] = {"last", OPT_STRING, OPTF_POS | OPTF_REQ, "what the list leaves"},
    [FAST] = {"fast", OPT_BOOL, 0, "a", .bits = 1, .excludes = "slow|still"},
    [SLOW] = {"slow", OPT_BOOL, 0, "b", .bits = 2},
    [STILL] = {"still", OPT_BOOL, 0, "c", .bits = 4},
    [DEEP] = {"deep", OPT_INT, 0, "d", .needs = "slow|still"},
    [OLD] = {"old", OPT_BOOL, 0, "e", .bits = 8, .needs = "gone", .excludes = "gone"}, // a row that is not here
    {NULL},
};
static const struct cmd_def def = {.name = "go", .opts = opts};

// The values, or the error's words.
static char *bound(const char *line)
{
    struct parsed p;
    struct err e = ERR_INIT;
    struct buf b = BUF_INIT;
    struct cmd_call c = {.def = &def};
    assert_int_equal(parse_text(line, &p, NULL, &e), 0);
    if (cmd_bind(&c, &p.cmds[0], &e) < 0)
        buf_adds(&b, e.msg);
    else
        buf_addf(&b, "%zu %s %u %u %d", c.vals[NAMES].list.n, cmd_val(&c, "last")->s, cmd_bits(&c),
                 cmd_bits_between(&c, SLOW, STILL), cmd_val(&c, "nosuch") != NULL);
    cmd_call_release(&c);
    err_release(&e);
    parsed_release(&p);
    return buf_steal(&b);
}

static void rules(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"go a b", "1 b 0 0 0"},
        {"go a b c --slow --still", "2 c 6 6 0"},
        {"go a --fast b", "1 b 1 0 0"},
        {"go a b --slow --deep 3 --old", "1 b 10 2 0"},
        {"go a b --slow --fast", "--fast and --slow are mutually exclusive"},
        {"go a b --fast --still", "--fast and --still are mutually exclusive"},
        {"go a b --deep=3", "--deep needs --slow or --still"},
        {"go a b --deep x", "--deep: 'x' is not a whole number"},
        {"go a b --fast --slow --fast", "--fast is given twice"},
        {"go --fast --slow", "go needs --names"},
        {"go a b --slow=1", "--slow takes no value"},
        {"go a b --deep", "--deep needs a value"},
        {"go a b --deap", "go has no option --deap"},
        {"go --last z a -- --slow", "2 z 0 0 0"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *got = bound(cases[i][0]);
        assert_string_equal(got, cases[i][1]);
        free(got);
    }
}

static void described(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < ARRAY_SIZE(opts) - 1; i++) {
        buf_addf(&b, "%s:", opts[i].name);
        rules_describe(opts, ARRAY_SIZE(opts) - 1, i, &b);
        buf_addc(&b, ' ');
    }
    assert_string_equal(b.s, "names: last: fast:not with --slow or --still slow: still: deep:needs --slow or --still "
                             "old: ");
    buf_release(&b);
}

// What is being typed: errors are passed over, and a list may still go on.
static void forgiving(void **state)
{
    (void)state;
    static const struct {
        const char *line, *rows, *next;
    } cases[] = {
        {"go ", "", "names"},
        {"go a b ", "names=a names=b ", "names"},
        {"go a --nosuch --fast=1 --slow ", "names=a slow ", "names"},
        {"go a --deep ", "names=a ", "deep"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct strv words = STRV_INIT;
        struct bind_walk w;
        struct buf b = BUF_INIT;
        size_t row;
        const char *value;
        int r;
        strv_split(&words, cases[i].line, ' ');
        bind_walk_init(&w, &def, &words, words.n);
        w.forgiving = true;
        do {
            struct err e = ERR_INIT;
            r = bind_next(&w, &row, &value, &e);
            if (r > 0)
                buf_addf(&b, "%s%s%s ", w.opts[row].name, value ? "=" : "", value ? value : "");
            err_release(&e);
        } while (r);
        assert_string_equal(buf_str(&b), cases[i].rows);
        assert_string_equal((w.cut ? w.cut : bind_positional(&w, ""))->name, cases[i].next);
        buf_release(&b);
        bind_walk_release(&w);
        strv_release(&words);
    }
}

// virsh's help of every command of ours that it has.
static FILE *virsh_help(void)
{
    struct buf words = BUF_INIT;
    size_t n;
    _cleanup_free_ const struct cmd_def **all = cmd_all(&n);
    buf_adds(&words, "virsh '");
    for (size_t i = 0; i < n; i++)
        buf_addf(&words, "help %s;", all[i]->name);
    buf_adds(&words, "' 2>/dev/null");
    FILE *f = popen(words.s, "r");
    assert_non_null(f);
    buf_release(&words);
    return f;
}

static bool by_name_only(const char *command, const char *option) // in virsh, too
{
    static const struct {
        const char *command, *option; // NULL: of all commands
    } rows[] = {
        {NULL, "xpath"},
        {NULL, "period"},
        {NULL, "memspec"},
        {"domxml-to-native", "domain"},
        {"guest-agent-timeout", "timeout"},
        {"qemu-agent-command", "timeout"},
        {"qemu-monitor-command", "pass-fds"},
        {"schedinfo", "cap"},
        {"schedinfo", "weight"},
        {"secret-set-value", "file"},
        {"send-key", "holdtime"},
        {"send-key", "codeset"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (strcmp(option, rows[i].option) == 0 && (!rows[i].command || strcmp(command, rows[i].command) == 0))
            return true;
    }
    return false;
}

// What virsh takes by position is taken here, in the same order. Its help has "    NAME - …" of the command, then,
// below OPTIONS, "    [--domain] <string>  …", "    --live  …".
static void positionals_of_virsh(void **state)
{
    (void)state;
    FILE *f = virsh_help();
    const struct cmd_def *now = NULL;
    const struct opt_def *o = NULL;
    char line[4096];
    size_t compared = 0;
    while (fgets(line, sizeof(line), f)) {
        char name[64], kind[16];
        if (strcmp(line, "  NAME\n") == 0 && fgets(line, sizeof(line), f)) {
            assert_int_equal(sscanf(line, " %63s - ", name), 1);
            now = cmd_find(name);
            assert_non_null(now);
            o = NULL;
        } else if (strcmp(line, "  OPTIONS\n") == 0) {
            o = now->opts;
            compared++;
        } else if (o &&
                   (sscanf(line, " [--%63[a-z0-9-]] <%15[a-z]>", name, kind) == 2 ||
                    sscanf(line, " --%63[a-z0-9-] <%15[a-z]>", name, kind) == 2) &&
                   !by_name_only(now->name, name)) {
            while (o->name && !(o->flags & OPTF_POS))
                o++;
            if (!o->name || strcmp(o->name, name) != 0)
                fail_msg("%s: virsh takes %s here", now->name, name);
            o++;
        }
    }
    pclose(f);
    if (!compared)
        print_message("[  SKIPPED ] there is no virsh here to compare with\n");
    else
        assert_true(compared > 70);
}

// A device of a domain that is named before it can be completed, whichever command asks for it.
static bool is_of_domain(const struct opt_def *o)
{
    static const char *const names[] = {"device", "disk", "interface"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (o->type == OPT_STRING && (o->flags & OPTF_POS) && strcmp(o->name, names[i]) == 0)
            return true;
    }
    return false;
}

static void devices_of_domains(void **state)
{
    (void)state;
    size_t n = 0, n_all;
    const struct cmd_def **all = cmd_all(&n_all);
    for (size_t i = 0; i < n_all; i++) {
        const struct opt_def *o = all[i]->opts;
        if (!o || !o->name || o->type != OPT_DOMAIN)
            continue;
        for (; o->name; o++) {
            if (!is_of_domain(o))
                continue;
            if (!o->of_domain)
                fail_msg("%s: --%s is of the domain (.of_domain)", all[i]->name, o->name);
            n++;
        }
    }
    free(all);
    assert_true(n >= 6);
}

// What a guest, its agent or its QEMU may say is a field of one line: it adds no line of its own, and no terminal obeys
// it.
static void foreign(void **state)
{
    (void)state;
    static const struct {
        const char *command, *json, *text;
    } cases[] = {
        {"guestinfo", "{'os.name': 'a\\nos.id: b\\u001b[2J', 'disks\\n': true}",
         "os.name             : a os.id: b\\x1b[2J\n"
         "disks               : yes\n"},
        {"guestvcpus", "{'vcpus': '0\\nonline: 1\\u009b'}", "vcpus          : 0 online: 1\\x9b\n"},
        {"domhostname", "'web\\n\\u001b]0;x\\u0007'", "web \\x1b]0;x\\x07\n"},
        {"domfsinfo", "[{'mountpoint': '/\\nx', 'name': 'v\\u001b[A', 'type': 'ext4', 'target': 'vda'}]",
         " Mountpoint   Name      Type   Target\n"
         "---------------------------------------\n"
         " / x          v\\x1b[A   ext4   vda\n"},
        {"get-user-sshkeys", "[{'key': 'ssh-rsa\\n\\u001bc'}]", "ssh-rsa \\x1bc\n"},
        {"domblkerror", "[{'disk': 'vda\\n', 'error': 'x\\r\\ny'}]", NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *json = xstrdup(cases[i].json);
        for (char *s = json; *s; s++)
            *s = *s == '\'' ? '"' : *s;
        json_error_t why;
        json_t *value = json_loads(json, JSON_DECODE_ANY, &why);
        assert_non_null(value);
        struct buf b = BUF_INIT;
        render_text(cmd_find(cases[i].command), value, &b);
        if (cases[i].text)
            assert_string_equal(buf_str(&b), cases[i].text);
        else
            assert_ptr_equal(strchr(buf_str(&b), '\n'), buf_str(&b) + b.len - 1);
        buf_release(&b);
        json_decref(value);
        free(json);
    }
}

int main(void)
{
    commands_register();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules),
        cmocka_unit_test(described),
        cmocka_unit_test(forgiving),
        cmocka_unit_test(positionals_of_virsh),
        cmocka_unit_test(devices_of_domains),
        cmocka_unit_test(foreign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
