// SPDX-License-Identifier: GPL-3.0-or-later
// Lines of authorized_keys and known_hosts: which are the same, and what an edit of a file full of oddities leaves
// alone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/change/change.h"
#include "core/keys/keys.h"
#include "core/keys/line.h"
#include "io/ssh/known.h"

// Keys that were made for this test.
#define ED1 "AAAAC3NzaC1lZDI1NTE5AAAAINw+rDJOIQ+LElkyTpGqhnXaj65cqK0vX8ackJG0znhL"
#define ED2 "AAAAC3NzaC1lZDI1NTE5AAAAIFK2i+RuJfbB1c+YFaZ64a3H+8TxLi+WOYTHsDeFo9D4"
#define T "ssh-ed25519 "
#define HASHED "|1|JjqXbl+KTTROajUHPu80b2sCsP8=|KCt6ue2raTZCA2SN/DmH3MHpT3c=" // 192.168.1.61, by ssh-keygen -H

static void expect(char *got, const char *want)
{
    if (want)
        assert_string_equal(got, want);
    else
        assert_null(got);
    free(got);
}

static void authorized(const char *line, const char *want)
{
    expect(keys_authorized_key(line, strlen(line)), want);
}

static void authorized_keys_are_compared_by_key(void **state)
{
    (void)state;
    authorized(T ED1, ED1);
    authorized("  \t" T ED1 " me@here", ED1);
    authorized(T ED1 "\r", ED1); // a file that was edited elsewhere
    authorized("no-pty,command=\"echo a # b\" " T ED1 " c", ED1);
    authorized("command=\"say \\\"ssh-rsa X\\\" # ssh-ed25519 " ED2 "\",restrict " T ED1, ED1);
    authorized("environment=\"A=x\ty\" " T ED1, ED1);
    authorized("cert-authority " T ED1, "CA " ED1);
    authorized("from=\"10.0.0.0/8\",Cert-Authority,no-pty " T ED1, "CA " ED1);
    authorized("command=\"cert-authority\" " T ED1, ED1); // only a word of its own is the option
    authorized("command=\"a,cert-authority,b\" " T ED1, ED1);
    authorized("ssh-rsa-cert-v01@openssh.com AAAA", "AAAA");
    authorized("# " T ED1, NULL);
    authorized("   # " T ED1, NULL);
    authorized("", NULL);
    authorized(" \r", NULL);
    authorized("ssh-ed25519", NULL);
    authorized("command=\"never closed " T ED1, NULL);
    authorized("restrict", NULL);
    authorized("1024 35 1234567 old@protocol1", NULL);
    assert_false(keys_has_options(T ED1, strlen(T ED1)));
    assert_true(keys_has_options("restrict " T ED1, strlen("restrict " T ED1)));
    assert_null(keys_authorized_key(T ED1, 11)); // a length, not a NUL, ends the line
}

static void public_keys_are_judged(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        T,
        T "AAAA",
        T "x" ED1,
        "ssh-rsa " ED1,                        // says of itself that it is another type
        "ssh-dss " ED1,                        //
        "command=\"x\" " T ED1,                // a node that tries to hand out more than a key
        T ED1 "\nssh-rsa",                     // no part of a line
        T "AAAAC3NzaC1lZDI1NTE5AAAAIEPv$(id)", //
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        expect(keys_public(bad[i], strlen(bad[i])), NULL);
    expect(keys_public(T ED1 " a comment; $(rm) # x", strlen(T ED1 " a comment; $(rm) # x")), T ED1);
}

static void known(char *(*fn)(const char *, size_t), const char *line, const char *want)
{
    expect(fn(line, strlen(line)), want);
}

static void known_hosts_lines_become_hosts_and_keys(void **state)
{
    (void)state;
    known(keys_known_line, "a,b  " T "\t" ED1 " comment", "a,b " T ED1);
    known(keys_known_line, "@revoked a " T ED1 "\r", "@revoked a " T ED1);
    known(keys_known_line, "# a " T ED1, NULL);
    known(keys_known_line, "a ssh-ed25519", NULL);
    known(keys_known_key, "a,b " T ED1 " comment", ED1);
    known(keys_known_key, HASHED " " T ED1, ED1);
    known(keys_known_key, "@revoked a " T ED1, NULL);
    known(keys_known_key, "@cert-authority *.lan " T ED1, NULL);
    known(keys_known_key, "#a " T ED1, NULL);
    static const struct {
        const char *line, *name;
        bool want;
    } names[] = {
        {"a,B.lan " T ED1, "b.lan", true},        {"a,b " T ED1, "c", false},
        {"*.lan " T ED1, "b.lan", false}, // a pattern means others too
        {"[a]:2222 " T ED1, "[a]:2222", true},    {"[a]:2222 " T ED1, "a", false},
        {HASHED " " T ED1, "192.168.1.61", true}, {HASHED " " T ED1, "192.168.1.62", false},
        {"@revoked a " T ED1, "a", false},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        assert_int_equal(keys_known_names(names[i].line, strlen(names[i].line), names[i].name), names[i].want);
}

static void our_keys_bear_the_mark_of_their_node(void **state)
{
    (void)state;
    static const char line[] = T ED1 " root@a migsh:a";
    assert_true(keys_marked(line, strlen(line), "a"));
    assert_true(keys_marked(T ED1 " migsh:a \r", strlen(T ED1 " migsh:a \r"), "a"));
    assert_false(keys_marked(line, strlen(line), "b"));
    assert_false(keys_marked(line, strlen(line), NULL));
    assert_false(keys_marked(T ED1 " xmigsh:a", strlen(T ED1 " xmigsh:a"), "a"));
    assert_false(keys_marked(T ED1 " migsh:ba", strlen(T ED1 " migsh:ba"), "a"));
}

static void look(const char *text, const char *name, const char *key, enum remote_known want)
{
    struct remote_known_result r = {0};
    remote_known_look_text(text, strlen(text), "text", name, "ssh-ed25519", key, &r);
    assert_int_equal(r.verdict, want);
    remote_known_release(&r);
}

static void a_text_of_known_hosts_gives_a_verdict(void **state)
{
    (void)state;
    static const char text[] =
        "# a " T ED2 "\n\na,c " T ED1 " note\r\n" HASHED " " T ED1 "\n@revoked r " T ED2 "\n*.lan " T ED2;
    look(text, "a", ED1, KNOWN_OK);
    look(text, "a", ED2, KNOWN_CHANGED);
    look(text, "192.168.1.61", ED1, KNOWN_OK);
    look(text, "r", ED2, KNOWN_REVOKED);
    look(text, "x.lan", ED2, KNOWN_OK); // the last line has no end
    look(text, "b", ED1, KNOWN_NOTHING);
    look("", "a", ED1, KNOWN_NOTHING);
}

// A file of oddities, through the engine: what is not meant stays as it is, byte for byte, and the way back is exact.
static void edit(const char *old, const char *add, const char *remove, change_key_fn *key, const char *want)
{
    struct plan *p = plan_new("test");
    struct change *c = plan_add(p, NULL, CHANGE_LINES, "test");
    c->path = strdup("/x");
    c->key = key;
    if (add)
        strv_add(&c->add, add);
    if (remove)
        strv_add(&c->remove, remove);
    struct change_file was = {true, BUF_INIT}, now = {0}, back = {0};
    buf_adds(&was.text, old);
    json_t *undo = NULL;
    struct err e = ERR_INIT;
    assert_int_equal(change_judge(c, &was, &now, &undo, &e), 0);
    assert_string_equal(buf_str(&now.text), want);
    if (strcmp(old, want) == 0)
        assert_true(json_is_null(undo));
    else
        assert_int_equal(change_undo(undo, &now, &back, &e), 0);
    if (strcmp(old, want) != 0)
        assert_string_equal(buf_str(&back.text), old);
    json_decref(undo);
    change_file_release(&was);
    change_file_release(&now);
    change_file_release(&back);
    plan_free(p);
}

static void an_edit_leaves_other_lines(void **state)
{
    (void)state;
    static const char odd[] = "# '; rm -rf $(x) `y` \x1b[31m\n\n  restrict,command=\"a # b\" " T ED1 " c d\r\n"
                              "not a key\ncert-authority " T ED2 "\n# " T ED2 "\nlast line, no end";
    edit(odd, T ED1 " migsh:a", NULL, keys_authorized_key, odd); // there, with options
    _Static_assert(sizeof(odd) > 100, "the whole text");
    edit("a\n" T ED1 " x\n" T ED1 " y\nb", NULL, T ED1, keys_authorized_key, "a\nb"); // duplicates
    edit("cert-authority " T ED1 "\n# " T ED1 "\n", NULL, T ED1, keys_authorized_key,
         "cert-authority " T ED1 "\n# " T ED1 "\n");
    edit("cert-authority " T ED1, T ED1 " m", NULL, keys_authorized_key, "cert-authority " T ED1 "\n" T ED1 " m\n");
    edit(T ED2 "\r\n", T ED1 " m", NULL, keys_authorized_key, T ED2 "\r\n" T ED1 " m\r\n");
    edit("", T ED1 " m", NULL, keys_authorized_key, T ED1 " m\n");
    edit("a " T ED1 "  # mine\n", "a " T ED1 " migsh:a", NULL, keys_known_line, "a " T ED1 "  # mine\n");
    edit("a " T ED1 "\n@revoked a " T ED1 "\n" HASHED " " T ED1 "\nb " T ED2 "\n", NULL, "x " T ED1, keys_known_key,
         "@revoked a " T ED1 "\nb " T ED2 "\n");
}

// --- plans of accounts that nobody had to look at

struct keys_fixture {
    struct keys keys;
    struct keys_account all[4];
};

static void account(struct keys_account *a, struct node *node, const char *names, const char *own, const char *host_key,
                    const char *user_key)
{
    *a = (struct keys_account){.node = node, .as_user = true, .gathered = true, .usable = true};
    a->user = strdup("root");
    a->host = strdup("x");
    a->identity = strdup(host_key ? host_key : "admin");
    strv_split(&a->given_names, names, ',');
    strv_split(&a->own_names, own, ',');
    if (host_key)
        strv_add(&a->host_keys, host_key);
    strv_add(&a->public_keys, user_key);
}

static struct node *make_node(const char *name)
{
    struct node *n = NULL;
    struct err e = ERR_INIT;
    struct strv roles = STRV_INIT;
    assert_int_equal(node_new(name, "root@192.0.2.1", 0, NULL, NULL, &roles, &n, &e), 0);
    return n;
}

static void fixture(struct keys_fixture *f)
{
    f->keys = (struct keys){.all = f->all, .n = 4, .refused = json_array()};
    account(&f->all[0], NULL, "", "", NULL, T "ADMIN");
    account(&f->all[1], make_node("a"), "a,192.0.2.1", "172.17.0.1,192.0.2.3", T ED1, T "KEYA");
    account(&f->all[2], make_node("b"), "[b]:2222,[192.0.2.2]:2222", "172.17.0.1,bb", T ED2, T "KEYB");
    account(&f->all[3], make_node("c"), "c,192.0.2.3", "", T "THIRD", T "KEYC");
}

static void fixture_release(struct keys_fixture *f)
{
    for (size_t i = 0; i < 4; i++) {
        keys_forget(&f->all[i]);
        strv_release(&f->all[i].given_names);
        free(f->all[i].host);
        node_unref(f->all[i].node);
    }
    json_decref(f->keys.refused);
}

static struct change *change_of(struct plan *p, struct node *node, const char *path)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->changes[i]->node == node && strcmp(p->changes[i]->path, path) == 0)
            return p->changes[i];
    }
    return NULL;
}

static void a_plan_has_what_is_missing(void **state)
{
    (void)state;
    struct keys_fixture f;
    fixture(&f);
    // c knows a already, by one name of two, and b by a revoked key.
    buf_adds(&f.all[3].known, "a " T ED1 "\n@revoked [b]:2222 " T ED2 "\n");
    struct plan *p = plan_new("test");
    keys_plan_exchange(&f.keys, p);
    struct change *c = change_of(p, f.all[1].node, "~/.ssh/authorized_keys");
    assert_int_equal(c->add.n, 3); // not its own
    assert_string_equal(c->add.s[0], T "ADMIN root@admin migsh:(admin)");
    assert_string_equal(c->add.s[1], T "KEYB root@b migsh:b");
    c = change_of(p, f.all[1].node, "~/.ssh/known_hosts");
    assert_int_equal(c->add.n, 2);
    assert_string_equal(c->add.s[0], "[b]:2222,[192.0.2.2]:2222,bb " T ED2 " migsh:b"); // not the bridge that each has
    assert_string_equal(c->add.s[1], "c,192.0.2.3 " T "THIRD migsh:c");
    c = change_of(p, f.all[3].node, "~/.ssh/known_hosts");
    assert_int_equal(c->add.n, 1);
    assert_string_equal(c->add.s[0], "192.0.2.1 " T ED1 " migsh:a"); // 192.0.2.3 is c's own, whatever a says
    assert_null(change_of(p, NULL, "~/.ssh/authorized_keys"));
    assert_int_equal(change_of(p, NULL, "~/.ssh/known_hosts")->add.n, 3);
    assert_int_equal(json_array_size(f.keys.refused), 1);
    assert_int_equal(f.keys.code, ERR_HOSTKEY);
    plan_free(p);
    fixture_release(&f);
}

static void a_plan_bears_oddities(void **state)
{
    (void)state;
    struct keys_fixture f;
    fixture(&f);
    f.all[1].gathered = false;                      // does not answer
    f.all[2].key_file = strdup("/etc/ssh/keys/%u"); // sshd looks elsewhere
    free(f.all[3].identity);
    f.all[3].identity = strdup(f.all[2].identity); // c is b once more
    struct plan *p = plan_new("test");
    keys_plan_exchange(&f.keys, p);
    assert_null(change_of(p, f.all[1].node, "~/.ssh/known_hosts"));
    assert_null(change_of(p, f.all[3].node, "~/.ssh/known_hosts"));
    assert_null(change_of(p, f.all[2].node, "~/.ssh/authorized_keys"));
    assert_int_equal(change_of(p, f.all[2].node, "~/.ssh/known_hosts")->add.n, 0);
    assert_int_equal(f.keys.code, ERR_UNSUPPORTED);
    plan_free(p);
    fixture_release(&f);
}

static void revoke_takes_out_what_was_put_in(void **state)
{
    (void)state;
    struct keys_fixture f;
    fixture(&f);
    struct err e = ERR_INIT;
    // a is gone for good: its keys are known from what b and the admin have; c's key stays, whoever marked it.
    keys_forget(&f.all[1]);
    buf_adds(&f.all[2].authorized, T "KEYA root@a migsh:a\nrestrict " T "OLDA migsh:a\n" T "KEYC x migsh:a\n" T
                                     "KEYB migsh:b\n# " T "KEYX migsh:a\n");
    buf_adds(&f.all[0].known, "192.0.2.1,z " T ED1 "\nother " T ED2 "\n@revoked a " T ED2 "\n");
    struct plan *p = plan_new("test");
    assert_int_equal(keys_plan_revoke(&f.keys, &f.all[1], p, &e), 0);
    struct change *c = change_of(p, f.all[3].node, "~/.ssh/authorized_keys");
    assert_int_equal(c->remove.n, 2);
    assert_string_equal(c->remove.s[1], "restrict " T "OLDA migsh:a");
    c = change_of(p, f.all[2].node, "~/.ssh/known_hosts");
    assert_int_equal(c->remove.n, 1);
    assert_null(change_of(p, f.all[1].node, "~/.ssh/known_hosts"));
    plan_free(p);
    p = plan_new("test");
    for (size_t i = 0; i < 4; i++) {
        buf_release(&f.all[i].authorized);
        buf_release(&f.all[i].known);
    }
    assert_int_equal(keys_plan_revoke(&f.keys, &f.all[1], p, &e), -1);
    assert_int_equal(e.code, ERR_NOT_FOUND);
    err_release(&e);
    plan_free(p);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(authorized_keys_are_compared_by_key),
        cmocka_unit_test(public_keys_are_judged),
        cmocka_unit_test(known_hosts_lines_become_hosts_and_keys),
        cmocka_unit_test(our_keys_bear_the_mark_of_their_node),
        cmocka_unit_test(a_text_of_known_hosts_gives_a_verdict),
        cmocka_unit_test(an_edit_leaves_other_lines),
        cmocka_unit_test(a_plan_has_what_is_missing),
        cmocka_unit_test(a_plan_bears_oddities),
        cmocka_unit_test(revoke_takes_out_what_was_put_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
