// SPDX-License-Identifier: GPL-3.0-or-later
// exports(5) read and changed, ganesha's blocks, mount tables: all without a node.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "core/change/change.h"
#include "core/nfs/exports.h"
#include "core/nfs/ganesha.h"
#include "core/nfs/nfs.h"

// "path|client=options|client=options;path|…#fault#fault"
static char *shown(const char *text)
{
    _cleanup_exports_ struct exports x;
    _cleanup_buf_ struct buf b = BUF_INIT;
    exports_parse(text, strlen(text), &x);
    for (size_t i = 0; i < x.n; i++) {
        buf_addf(&b, "%s%s", i ? ";" : "", x.entries[i].path);
        for (size_t k = 0; k < x.entries[i].n_clients; k++)
            buf_addf(&b, "|%s=%s", x.entries[i].clients[k].name, x.entries[i].clients[k].options);
    }
    for (size_t i = 0; i < x.faults.n; i++)
        buf_addf(&b, "#%s", x.faults.s[i]);
    return buf_steal(&b);
}

static void exports_are_read_with_their_quirks(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"", ""},
        {"\n\n  \t\n", ""},
        {"# /a b(rw)\n", ""},
        {"/a", "/a"},
        {"/a *\n", "/a|*="},
        {"/a b(rw,sync) c\n", "/a|b=rw,sync|c="},
        {"  /a\tb(rw)\t#c(ro)\n/d e\n", "/a|b=rw;/d|e="},
        {"/a -ro,sync b c(rw) d()\n", "/a|b=ro,sync|c=ro,sync,rw|d=ro,sync"},
        {"/a b -x\n", "/a|b=|-x="},
        {"\"/a b\" c\n", "/a b|c="},
        {"/a\" \"b c\n", "/a b|c="},
        {"/a\\040b c\n", "/a b|c="},
        {"\"/a\\042\\134\\043\" c\n", "/a\"\\#|c="},
        {"/a\\0 b\n", "/a\\0|b="},
        {"/a#b c#d\n", "/a#b|c#d="},
        {"/a b(rw) \\\n   c(ro) \\\n d\n/e f\n", "/a|b=rw|c=ro|d=;/e|f="},
        {"/a b\\\nc\n", "/a|b=|c="},
        {"# c \\\n/a b\n", "/a|b="},
        {"/a b # c \\\n/d e\n", "/a|b=;/d|e="},
        {"/a b \\\n", "/a|b="},
        {"/a b(rw)\r\n/c d(ro)\r\n", "/a|b=rw;/c|d=ro"},
        {"/a @net(rw) 10.0.0.0/8(ro) 2001:db8::/64(rw) *.x.org(ro)\n",
         "/a|@net=rw|10.0.0.0/8=ro|2001:db8::/64=rw|*.x.org=ro"},
        {"/volume1/VM 10.0.1.0/24 (rw,sync)\n",
         "/volume1/VM|10.0.1.0/24=|=rw,sync#line 1: a blank in front of '(' gives the "
         "options (rw,sync) to every host, not to 10.0.1.0/24"},
        {"/a b(rw\n/c d\n", "/c|d=#line 1: the options of 'b(rw' do not end in ')'"},
        {"/a b(rw)x e\n/c d\n", "/c|d=#line 1: the options of 'b(rw)x' do not end in ')'"},
        {"\"/a b\n/c d\n", "/c|d=#line 1: a quote is not closed"},
        {"\n/x y\na b\n/c d\n", "/x|y=;/c|d=#line 3: 'a' is no absolute path"},
        {"/a b\n/a c b\n", "/a|b=;/a|c=|b=#line 2: /a has b again, after line 1"},
        {"/a b\n/a d b\n/a b b\n",
         "/a|b=;/a|d=|b=;/a|b=|b=#line 2: /a has b again, after line 1#line 3: /a has b again, after line 1#line 3: /a "
         "has b again, after line 1"},
        {"/a b b\n", "/a|b=|b="},
        {"/x a(ro) \fb(rw)\n\v/y\f\vc\f\n\f\n", "/x|a=ro|b=rw;/y|c="},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        _cleanup_free_ char *got = shown(table[i][0]);
        // A broken line's relative path is no entry; the rest of the file is read all the same.
        assert_string_equal(got, table[i][1]);
    }
}

static char *set(const char *text, const char *path, const char *client, const char *options)
{
    struct buf b = BUF_INIT;
    exports_set(text, strlen(text), path, client, options, &b);
    return buf_steal(&b);
}

static void set_changes_one_client(void **state)
{
    (void)state;
    static const struct {
        const char *text, *path, *client, *options, *want; // NULL: as it is
    } table[] = {
        {"", "/a", "b", "rw", "/a b(rw)\n"},
        {"# x\n", "/a", "b", "", "# x\n/a b\n"},
        {"/c d", "/a", "b", "rw", "/c d\n/a b(rw)\n"},
        {"/c d\r\n", "/a", "b", "rw", "/c d\r\n/a b(rw)\r\n"},
        {"/c d \\\n", "/a", "b", "rw", "/c d \\\n\n/a b(rw)\n"},
        {"/a b(rw,sync)\n", "/a", "b", "sync,rw", NULL},
        {"/a b(rw,sync)\n", "/a/", "B", "sync,rw", NULL},
        {"/a -rw b(sync)\n", "/a", "b", "sync,rw", NULL},
        {"/a -ro b(rw)\n", "/a", "b", "rw", NULL},
        {"/a b(rw)\n", "/a", "c", "ro", "/a b(rw) c(ro)\n"},
        {"/a b(rw)  # why\n/x y\n", "/a", "c", "ro", "/a b(rw) c(ro)  # why\n/x y\n"},
        {"/a b(rw) \\\n\tc(ro) # z\n", "/a", "d", "rw", "/a b(rw) \\\n\tc(ro) d(rw) # z\n"},
        {"/a b(rw) \\\n\tc(ro)\n", "/a", "b", "ro", "/a b(ro) \\\n\tc(ro)\n"},
        {"\"/a b\"\tc(rw)", "/a b", "c", "ro", "\"/a b\"\tc(ro)"},
        {"/a\n", "/a", "b", "rw", "/a\n/a b(rw)\n"},
        {"/a *(ro)\n", "/a", "*", "rw", "/a *(rw)\n"},
        {"/a (ro)\n", "/a", "*", "rw", "/a *(rw)\n"},
        {"", "/a b", "c", "rw", "\"/a b\" c(rw)\n"},
        {"", "/a\n\"\\\t", "c", "rw", "/a\\012\\042\\134\\011 c(rw)\n"},
        {"", "/#", "c", "rw", "\"/#\" c(rw)\n"},
        {"", "/a", "2001:db8::1", "rw", "/a 2001:db8::1(rw)\n"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        _cleanup_free_ char *got = set(table[i].text, table[i].path, table[i].client, table[i].options);
        assert_string_equal(got, table[i].want ? table[i].want : table[i].text);
        _cleanup_free_ char *again = set(got, table[i].path, table[i].client, table[i].options);
        assert_string_equal(again, got);
    }
}

static void unset_takes_one_client_out(void **state)
{
    (void)state;
    static const char *const table[][3] = {
        {"/a b(rw) c(ro)\n", "b", "/a c(ro)\n"},
        {"/a b(rw) c(ro) # x\n", "c", "/a b(rw) # x\n"},
        {"# x\n/a b(rw)\n/c d\n", "b", "# x\n/c d\n"},
        {"/a \\\n b\n/c d\n", "b", "/c d\n"},
        {"/a b \\\n  c \\\n  d\n", "c", "/a b \\\n \\\n  d\n"},
        {"/a b\n", "x", "/a b\n"},
        {"/aa b\n", "b", "/aa b\n"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        _cleanup_buf_ struct buf b = BUF_INIT;
        exports_unset(table[i][0], strlen(table[i][0]), "/a", table[i][1], &b);
        if (i == 4) { // the words that are left count, not the blanks
            _cleanup_free_ char *got = shown(buf_str(&b));
            assert_string_equal(got, "/a|b=|d=");
        } else {
            assert_string_equal(buf_str(&b), table[i][2]);
        }
    }
}

// Any bytes: reading ends, and what a change does not concern stays.
static void any_bytes_are_read_to_their_end(void **state)
{
    (void)state;
    static const char alphabet[] = "/a b\\\n\"#()-,\r\t\f\v04\x01\xff";
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        char text[48];
        size_t n = (seed = seed * 1103515245 + 12345) / 65536 % (sizeof(text) - 1);
        for (size_t i = 0; i < n; i++)
            text[i] = alphabet[(seed = seed * 1103515245 + 12345) / 65536 % (sizeof(alphabet) - 1)];
        text[n] = '\0';
        _cleanup_buf_ struct buf b = BUF_INIT, again = BUF_INIT;
        exports_set(text, n, "/new", "192.0.2.1", "rw", &b);
        assert_true(b.len > n && memcmp(b.s, text, n) == 0);
        _cleanup_exports_ struct exports x;
        exports_parse(b.s, b.len, &x);
        assert_true(x.n > 0);
        assert_string_equal(x.entries[x.n - 1].path, "/new");
        assert_int_equal(x.entries[x.n - 1].n_clients, 1);
        exports_set(b.s, b.len, "/new", "192.0.2.1", "rw", &again);
        assert_string_equal(buf_str(&again), buf_str(&b));
    }
}

// A node's file of some megabytes: what it costs grows as the file does.
static void a_large_file_costs_in_proportion(void **state)
{
    (void)state;
    enum { LINES = 200000 };
    for (int same = 0; same < 2; same++) {
        _cleanup_buf_ struct buf b = BUF_INIT;
        for (int i = 0; i < LINES; i++)
            buf_addf(&b, "/srv/%d a(rw)\n", same ? 0 : i);
        _cleanup_exports_ struct exports x;
        exports_parse(b.s, b.len, &x);
        assert_int_equal(x.n, LINES);
        assert_int_equal(x.faults.n, same ? LINES - 1 : 0);
    }
}

static int check(const char *client, const char *options, json_t **notes, char **ret_msg)
{
    struct err e = ERR_INIT;
    *notes = json_array();
    int r = exports_check_client(client, &e);
    r = r == 0 ? exports_check(client, options, *notes, &e) : r;
    *ret_msg = xasprintf("%s%s%s", e.msg ? e.msg : "", e.hint ? "; " : "", e.hint ? e.hint : "");
    err_release(&e);
    return r;
}

static void options_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *client, *options;
        int r;
        size_t notes;
        const char *says; // in the message, or a note
    } table[] = {
        {"192.0.2.1", "rw,sync,no_root_squash,no_subtree_check", 0, 0, ""},
        {"*", "rw,sync,no_root_squash,no_subtree_check", 0, 1, "* with no_root_squash"},
        {"*", "ro,sync,no_subtree_check", 0, 1, "every machine"},
        {"a", "ro,no_subtree_check", 0, 1, "neither sync nor async"},
        {"a", "ro,sync", 0, 1, "subtree_check"},
        {"a", "ro,async,no_subtree_check", 0, 1, "lost when it crashes"},
        {"a", "rw,sync,no_subtree_check", 0, 1, "writes as nobody"},
        {"a", "rw,ro", -1, 0, "rw and ro contradict each other"},
        {"a", "sync,rw,async", -1, 0, "sync and async contradict"},
        {"a", "anonuid=1,anonuid=2", -1, 0, "contradict"},
        {"a", "sec=krb5,rw,sec=sys,ro,sync,no_subtree_check", 0, 0, ""},
        {"a", "no_root_sqash", -1, 0, "did you mean no_root_squash?"},
        {"a", "rw=1", -1, 0, "takes no value"},
        {"a", "fsid", -1, 0, "needs a value"},
        {"a", "anonuid=x", -1, 0, "is a number"},
        {"a", "rw sync", -1, 0, "without blanks"},
        {"a", "rw)", -1, 0, "without blanks"},
        {"", "rw", -1, 0, "a client is needed"},
        {"-rw", "rw", -1, 0, "default options"},
        {"a b", "rw", -1, 0, "is not a client"},
        {"a\n/etc *", "rw", -1, 0, "\\x0a"},
        {"10.0.0.0/33", "rw", -1, 0, "neither an address nor a network"},
        {"10.0.0.0/255.255.0.0", "rw,sync,no_root_squash,no_subtree_check", 0, 0, ""},
        {"2001:db8::/129", "rw", -1, 0, "neither an address"},
        {"1.2.3", "rw", -1, 0, "neither an address"},
        {"@trusted", "rw,sync,no_root_squash,no_subtree_check", 0, 0, ""},
        {"*.example.org", "rw,sync,no_root_squash,no_subtree_check", 0, 0, ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        json_t *notes;
        _cleanup_free_ char *msg = NULL;
        assert_int_equal(check(table[i].client, table[i].options, &notes, &msg), table[i].r);
        if (table[i].r == 0)
            assert_int_equal(json_array_size(notes), table[i].notes);
        const char *note = json_string_value(json_array_get(notes, 0));
        assert_non_null(strstr(note ? note : msg, table[i].says));
        json_decref(notes);
    }
}

static void ganesha_gets_the_same_export(void **state)
{
    (void)state;
    static const char line[] = "/srv/x 192.0.2.1(rw,sync,no_root_squash) *(ro,anonuid=36,sec=krb5:sys,nohide)\n";
    _cleanup_exports_ struct exports x;
    _cleanup_buf_ struct buf b = BUF_INIT;
    json_t *notes = json_array();
    exports_parse(line, strlen(line), &x);
    ganesha_export(7, &x.entries[0], "LINE(Export_Id = 9)", &b, notes);
    assert_string_equal(
        buf_str(&b),
        "# LINE(Export_Id = 9)\nEXPORT {\n    Export_Id = 7;\n    Path = \"/srv/x\";\n    Pseudo = \"/srv/x\";\n"
        "    Access_Type = None;\n    FSAL { Name = VFS; }\n"
        "    CLIENT { Clients = 192.0.2.1; Access_Type = RW; Squash = No_Root_Squash; }\n"
        "    CLIENT { Clients = *; Access_Type = RO; Squash = Root_Squash; Anonymous_Uid = 36; SecType = "
        "krb5, sys; }\n}\n");
    assert_int_equal(json_array_size(notes), 1);
    json_decref(notes);
    unsigned id;
    _cleanup_free_ char *entry = ganesha_entry(b.s, b.len, &id);
    assert_string_equal(entry, "LINE(Export_Id = 9)\n");
    assert_int_equal(id, 7);
    _cleanup_free_ char *tag = ganesha_tag("/srv/x"), *other = ganesha_tag("/srv-x");
    assert_string_not_equal(tag, other);
    assert_true(ganesha_exports(b.s, b.len, "/srv/x", tag)); // in no block of ours
    assert_false(ganesha_exports(b.s, b.len, "/srv", tag));
    assert_true(ganesha_exports("EXPORT{path=/a;}", 16, "/a", tag));
    struct err e = ERR_INIT;
    assert_int_equal(ganesha_check_path("/a\"; } EXPORT {", &e), -1);
    err_release(&e);
    assert_int_equal(ganesha_check_path("/a b", &e), 0);
}

static int upper(const struct change *c, const char *old, size_t len, struct buf *out, struct err *e)
{
    (void)e;
    exports_set(old, len, "/a", c->data, "rw", out);
    return 0;
}

// A change by a function is one hunk, so it can be taken back after others have changed the rest.
static void an_edit_is_one_hunk(void **state)
{
    (void)state;
    struct plan *p = plan_new("test");
    struct change *c = plan_add(p, NULL, CHANGE_LINES, "export");
    c->edit = upper;
    c->data = (char[]){"c"};
    struct change_file old = {true, BUF_INIT}, new_file, back;
    json_t *undo;
    struct err e = ERR_INIT;
    buf_adds(&old.text, "# one\n/a b(rw)\n/z y\n");
    assert_int_equal(change_judge(c, &old, &new_file, &undo, &e), 0);
    assert_string_equal(buf_str(&new_file.text), "# one\n/a b(rw) c(rw)\n/z y\n");
    buf_adds(&new_file.text, "/new *\n"); // somebody else
    assert_int_equal(change_undo(undo, &new_file, &back, &e), 0);
    assert_string_equal(buf_str(&back.text), "# one\n/a b(rw)\n/z y\n/new *\n");
    change_file_release(&back);
    change_file_release(&new_file);
    buf_adds(&new_file.text, "# one\n/a b(rw) c(rw) d(rw)\n"); // somebody else in the same line
    new_file.exists = true;
    assert_int_equal(change_undo(undo, &new_file, &back, &e), -1);
    assert_int_equal(e.code, ERR_STATE);
    err_release(&e);
    json_decref(undo);
    change_file_release(&new_file);
    new_file = (struct change_file){false, BUF_INIT};
    assert_int_equal(change_judge(c, &(struct change_file){false, BUF_INIT}, &new_file, &undo, &e), 0);
    assert_string_equal(buf_str(&new_file.text), "/a c(rw)\n");
    assert_int_equal(change_undo(undo, &new_file, &back, &e), 0);
    assert_false(back.exists); // the file was made, so it goes
    change_file_release(&back);
    json_decref(undo);
    change_file_release(&new_file);
    change_file_release(&old);
    plan_truncate(p, 0);
    assert_int_equal(p->n, 0);
    plan_free(p);
}

static void mounts_are_read_unescaped(void **state)
{
    (void)state;
    static const char table[] = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
                                "30 22 0:45 / /mnt/a\\040b rw,relatime shared:9 - nfs4 n:/x\\040y rw,vers=4.2\n"
                                "31 22 0:46 / /mnt/c ro - nfs n:/old rw\n"
                                "32 31 0:47 / /mnt/c rw - fuse.nfs n:/new rw\n";
    struct nfs_mount m;
    assert_true(nfs_mount_at(table, "/mnt/a b", &m));
    assert_string_equal(m.source, "n:/x y");
    assert_true(nfs_type(m.type));
    nfs_mount_release(&m);
    assert_true(nfs_mount_at(table, "/mnt/c", &m));
    assert_string_equal(m.source, "n:/new"); // the one on top
    nfs_mount_release(&m);
    assert_false(nfs_mount_at(table, "/mnt", &m));
    static const char *const lines[][2] = {{"n:/x /mnt nfs defaults 0 0", "/mnt"},
                                           {"\tn:/x\t/mnt/\tnfs", "/mnt"},
                                           {"n:/x /a\\040b nfs", "/a b"},
                                           {"# n:/x /mnt", NULL},
                                           {"", NULL},
                                           {"   ", NULL},
                                           {"onlyone", NULL},
                                           {"/dev/sda1 / ext4 defaults", "/"}};
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        _cleanup_free_ char *key = nfs_fstab_key(lines[i][0], strlen(lines[i][0]));
        if (lines[i][1])
            assert_string_equal(key, lines[i][1]);
        else
            assert_null(key);
    }
    _cleanup_buf_ struct buf b = BUF_INIT;
    nfs_mangle(&b, "/a b\\\t");
    assert_string_equal(buf_str(&b), "/a\\040b\\134\\011");
    _cleanup_free_ char *back = nfs_unmangle(buf_str(&b));
    assert_string_equal(back, "/a b\\\t");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exports_are_read_with_their_quirks),
        cmocka_unit_test(set_changes_one_client),
        cmocka_unit_test(unset_takes_one_client_out),
        cmocka_unit_test(any_bytes_are_read_to_their_end),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(ganesha_gets_the_same_export),
        cmocka_unit_test(an_edit_is_one_hunk),
        cmocka_unit_test(mounts_are_read_unescaped),
        cmocka_unit_test(a_large_file_costs_in_proportion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
