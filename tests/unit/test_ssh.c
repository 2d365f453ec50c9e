// SPDX-License-Identifier: GPL-3.0-or-later
// io/remote's pure parts: quoting (judged by a real shell), known_hosts (judged by ssh-keygen where it can),
// ssh_config.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/ssh/config.h"
#include "io/ssh/known.h"
#include "io/ssh/remote.h"

static char dir[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/migsh-test-remote-XXXXXX");
    assert_non_null(mkdtemp(dir));
    setenv("HOME", dir, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    _cleanup_free_ char *command = xasprintf("rm -r %s", dir);
    return system(command);
}

// A file in the test's directory; the path lives until the next call with the same name.
static char *write_file(const char *name, const char *text, mode_t mode)
{
    char *path = xasprintf("%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static char *read_back(const char *path)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    struct buf b = BUF_INIT;
    char chunk[4096];
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), f)) > 0;)
        buf_add(&b, chunk, n);
    fclose(f);
    return buf_steal(&b);
}

// --- quoting
// What sh makes of `printf %s WORD`.
static void assert_shell_reads(const char *word, size_t n)
{
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_buf_ struct buf line = BUF_INIT, got = BUF_INIT;
    buf_adds(&line, "printf %s ");
    assert_int_equal(remote_quote(&line, word, n, &e), 0);
    FILE *p = popen(line.s, "r");
    assert_non_null(p);
    char chunk[4096];
    for (size_t k; (k = fread(chunk, 1, sizeof(chunk), p)) > 0;)
        buf_add(&got, chunk, k);
    assert_int_equal(pclose(p), 0);
    assert_int_equal(got.len, n);
    assert_memory_equal(buf_str(&got), word, n);
}

static void quoting_gives_the_shell_the_same_word(void **state)
{
    (void)state;
    static const char *const words[] = {"",      "a",    "a b",      "'",        "''",  "a'b'c",     "\"",   "$HOME",
                                        "$(id)", "`id`", ";id",      "&& id",    "|id", ">x",        "*",    "~",
                                        "-rf",   "--",   "a\nb",     "\n",       "\t",  "\\",        "\\'",  "\\n",
                                        "!!",    "#",    "{a,b}",    "[a]",      "(a)", "\x1b[31m",  "\xff", "é",
                                        "a\rb",  "%s",   "$'\\x41'", "'; id; '", "a=b", "../../etc", "?",    "^"};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        assert_shell_reads(words[i], strlen(words[i]));
    char every[255];
    for (int i = 0; i < 255; i++)
        every[i] = (char)(i + 1);
    assert_shell_reads(every, sizeof(every));
    unsigned seed = 4711;
    for (int round = 0; round < 60; round++) {
        static const char nasty[] = "'\"\\$`;&|<>(){}[]*?!#~ \n\tab-";
        char word[24];
        size_t n = 1 + (size_t)(rand_r(&seed) % 23);
        for (size_t i = 0; i < n; i++)
            word[i] = nasty[(size_t)rand_r(&seed) % (sizeof(nasty) - 1)];
        assert_shell_reads(word, n);
    }
}

static void quoting_refuses_nul(void **state)
{
    (void)state;
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_buf_ struct buf b = BUF_INIT;
    assert_int_equal(remote_quote(&b, "a\0b", 3, &e), -1);
    assert_int_equal(e.code, ERR_USAGE);
    assert_int_equal(b.len, 0);
    static const char *const words[] = {"a b", "'"};
    remote_quote_words(&b, words, 2);
    assert_string_equal(b.s, "'a b' ''\\'''");
}

// --- known_hosts
static void known_names_match_as_sshs(void **state)
{
    (void)state;
    static const struct {
        const char *field, *name;
        bool match;
    } cases[] = {
        {"node1", "node1", true},
        {"node1", "node2", false},
        {"NODE1", "node1", true},
        {"a,node1,b", "node1", true},
        {"*.example.org", "x.example.org", true},
        {"*.example.org", "example.org", false},
        {"*.example.org,!x.example.org", "x.example.org", false},
        {"!x.example.org,*.example.org", "y.example.org", true},
        {"node?", "node1", true},
        {"[node1]:2222", "[node1]:2222", true},
        {"[node1]:2222", "node1", false},
        {"node1", "[node1]:2222", false},
        {"[10.0.0.*]:2222", "[10.0.0.9]:2222", true},
        {"n[o]de1", "node1", false}, // brackets are no character class
        {"fe80::1", "fe80::1", true},
        {"", "node1", false},
        // `ssh-keygen -H` of "node1", and broken variants of it
        {"|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg=", "192.168.1.61", true},
        {"|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg=", "192.168.1.62", false},
        {"|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=", "192.168.1.61", false},
        {"|1||", "192.168.1.61", false},
        {"|2|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg=", "192.168.1.61", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if (remote_known_match(cases[i].field, cases[i].name) != cases[i].match)
            fail_msg("%s and %s", cases[i].field, cases[i].name);
    }
    _cleanup_free_ char *plain = remote_known_name("Node1.Example", 22), *port = remote_known_name("Node1", 2222);
    assert_string_equal(plain, "node1.example");
    assert_string_equal(port, "[node1]:2222");
}

static const char KNOWN[] = "# a comment\n"
                            "\n"
                            "one ssh-ed25519 AAAAone\n"
                            "two ssh-rsa AAAAtwo a comment behind it\n"
                            "both ssh-rsa AAAArsa\n"
                            "both ssh-ed25519 AAAAed\n"
                            "twice ssh-ed25519 AAAAold\n"
                            "twice ssh-ed25519 AAAAnew\n"
                            "short\n"
                            "@cert-authority ca ssh-ed25519 AAAAca\n"
                            "bad ssh-ed25519 AAAAbad\n"
                            "@revoked * ssh-ed25519 AAAAbad\r\n"
                            "open ssh-ed25519 AAAAopen";

static void known_keys_are_told_from_changed_ones(void **state)
{
    (void)state;
    static const struct {
        const char *name, *type, *key;
        enum remote_known verdict;
        unsigned line;
    } cases[] = {
        {"one", "ssh-ed25519", "AAAAone", KNOWN_OK, 0},
        {"one", "ssh-ed25519", "AAAAxxx", KNOWN_CHANGED, 3},
        {"one", "ssh-ed25519", "AAAAon", KNOWN_CHANGED, 3},
        {"one", "ssh-rsa", "AAAAone", KNOWN_OTHER_TYPE, 3},
        {"two", "ssh-rsa", "AAAAtwo", KNOWN_OK, 0},
        {"both", "ssh-ed25519", "AAAAed", KNOWN_OK, 0},
        {"both", "ssh-ed25519", "AAAAxx", KNOWN_CHANGED, 6},
        {"both", "ecdsa-sha2-nistp256", "AAAAxx", KNOWN_OTHER_TYPE, 5},
        {"twice", "ssh-ed25519", "AAAAold", KNOWN_OK, 0},
        {"twice", "ssh-ed25519", "AAAAnew", KNOWN_OK, 0},
        {"short", "ssh-ed25519", "AAAAone", KNOWN_NOTHING, 0},
        {"ca", "ssh-ed25519", "AAAAca", KNOWN_NOTHING, 0},
        {"bad", "ssh-ed25519", "AAAAbad", KNOWN_REVOKED, 12},
        {"unheard-of", "ssh-ed25519", "AAAAbad", KNOWN_REVOKED, 12},
        {"unheard-of", "ssh-ed25519", "AAAAone", KNOWN_NOTHING, 0},
        {"open", "ssh-ed25519", "AAAAopen", KNOWN_OK, 0},
    };
    _cleanup_free_ char *path = write_file("known", KNOWN, 0600);
    _cleanup_strv_ struct strv files = STRV_INIT;
    strv_add(&files, "/nonexistent/known_hosts");
    strv_add(&files, path);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        _cleanup_err_ struct err e = ERR_INIT;
        struct remote_known_result r = {0};
        assert_int_equal(remote_known_look(&files, cases[i].name, cases[i].type, cases[i].key, &r, &e), 0);
        if (r.verdict != cases[i].verdict || r.line != cases[i].line)
            fail_msg("%s %s %s: %d line %u", cases[i].name, cases[i].type, cases[i].key, (int)r.verdict, r.line);
        remote_known_release(&r);
    }
    _cleanup_err_ struct err e = ERR_INIT;
    struct remote_known_result r = {0};
    assert_int_equal(remote_known_look(&files, "both", NULL, NULL, &r, &e), 0);
    assert_int_equal(r.types.n, 2);
    assert_string_equal(r.types.s[0], "ssh-rsa");
    remote_known_release(&r);
    strv_add(&files, dir); // a directory: unreadable is not the same as empty
    assert_int_equal(remote_known_look(&files, "one", NULL, NULL, &r, &e), -1);
}

static void known_add_keeps_what_is_there(void **state)
{
    (void)state;
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_free_ char *path = xasprintf("%s/new/known_hosts", dir);
    assert_int_equal(remote_known_add(path, "n1", "ssh-ed25519", "AAAA1", false, &e), 0);
    assert_int_equal(remote_known_add(path, "n1", "ssh-ed25519", "AAAA1", false, &e), 0);
    assert_int_equal(remote_known_add(path, "[n2]:2222", "ssh-rsa", "AAAA2", true, &e), 0);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    _cleanup_free_ char *text = read_back(path);
    assert_true(str_starts(text, "n1 ssh-ed25519 AAAA1\n|1|"));
    assert_null(strstr(text, "n2"));
    _cleanup_strv_ struct strv files = STRV_INIT;
    strv_add(&files, path);
    struct remote_known_result r = {0};
    assert_int_equal(remote_known_look(&files, "[n2]:2222", "ssh-rsa", "AAAA2", &r, &e), 0);
    assert_int_equal(r.verdict, KNOWN_OK);
    remote_known_release(&r);
    _cleanup_free_ char *open_end = write_file("open_end", "x ssh-rsa AAAA", 0644);
    assert_int_equal(remote_known_add(open_end, "n1", "ssh-ed25519", "AAAA1", false, &e), 0);
    _cleanup_free_ char *mended = read_back(open_end);
    assert_string_equal(mended, "x ssh-rsa AAAA\nn1 ssh-ed25519 AAAA1\n");
}

// Of two consoles at the first contact each was shown another key: the second does not get its own in beside the first.
static void known_add_refuses_a_second_key(void **state)
{
    (void)state;
    _cleanup_free_ char *path = xasprintf("%s/conflict", dir);
    static const struct {
        const char *name, *type, *key;
        int r;
    } steps[] = {{"n1", "ssh-ed25519", "AAAA1", 0},
                 {"n1", "ssh-ed25519", "AAAA2", -1},
                 {"n1", "ssh-rsa", "AAAA3", -1},
                 {"n1", "ssh-ed25519", "AAAA1", 0},
                 {"n2", "ssh-rsa", "AAAA3", 0}};
    for (size_t hashed = 0; hashed < 2; hashed++) {
        free(write_file("conflict", "@revoked * ssh-ed25519 AAAAbad\n", 0600));
        for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
            _cleanup_err_ struct err e = ERR_INIT;
            assert_int_equal(remote_known_add(path, steps[i].name, steps[i].type, steps[i].key, hashed, &e),
                             steps[i].r);
            assert_int_equal(e.code, steps[i].r ? ERR_HOSTKEY : ERR_NONE);
        }
        _cleanup_err_ struct err e = ERR_INIT;
        assert_int_equal(remote_known_add(path, "n3", "ssh-ed25519", "AAAAbad", hashed, &e), -1);
        _cleanup_free_ char *text = read_back(path);
        assert_null(strstr(text, "AAAA2"));
        assert_non_null(strstr(text, "n2 ssh-rsa AAAA3") ? text : strstr(text, " ssh-rsa AAAA3"));
    }
}

static void revoked_keys_are_found(void **state)
{
    (void)state;
    _cleanup_free_ char *path = write_file("revoked", "# AAAAgood\nssh-ed25519 AAAAbad one\nssh-rsa AAAAworse\n", 0600);
    static const struct {
        const char *key;
        unsigned line;
    } cases[] = {{"AAAAbad", 2}, {"AAAAworse", 3}, {"AAAAgood", 0}, {"AAAA", 0}};
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        _cleanup_err_ struct err e = ERR_INIT;
        unsigned line = 99;
        assert_int_equal(remote_known_revoked(path, cases[i].key, &line, &e), 0);
        assert_int_equal(line, cases[i].line);
    }
    _cleanup_err_ struct err e = ERR_INIT;
    unsigned line;
    free(write_file("revoked", "SSHKRL\n", 0600));
    assert_int_equal(remote_known_revoked(path, "AAAAbad", &line, &e), -1);
    assert_int_equal(e.code, ERR_UNSUPPORTED);
    unlink(path);
    assert_int_equal(remote_known_revoked(path, "AAAAbad", &line, &e), -1);
}

static void known_add_by_many_loses_nothing(void **state)
{
    (void)state;
    enum { WRITERS = 4, EACH = 50 };
    _cleanup_free_ char *path = xasprintf("%s/many", dir);
    pid_t pids[WRITERS];
    for (int w = 0; w < WRITERS; w++) {
        pids[w] = fork();
        if (pids[w] == 0) {
            int rc = 0;
            for (int i = 0; i < EACH; i++) {
                struct err e = ERR_INIT;
                char name[32];
                snprintf(name, sizeof(name), "host%d", i); // the same for all writers
                rc |= remote_known_add(path, name, "ssh-ed25519", "AAAAkey", false, &e);
                err_release(&e);
            }
            _exit(rc ? 1 : 0);
        }
    }
    for (int w = 0; w < WRITERS; w++) {
        int status;
        assert_int_equal(waitpid(pids[w], &status, 0), pids[w]);
        assert_int_equal(status, 0);
    }
    _cleanup_free_ char *text = read_back(path);
    _cleanup_strv_ struct strv lines = STRV_INIT;
    strv_split(&lines, text, '\n');
    assert_int_equal(lines.n, EACH);
    strv_sort_unique(&lines);
    assert_int_equal(lines.n, EACH);
}

// --- ssh_config
static void load(const char *text, const char *name, struct remote_config *c)
{
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_free_ char *path = write_file("config", text, 0600);
    if (remote_config_load(name, NULL, 0, path, c, &e) < 0)
        fail_msg("%s", e.msg);
}

static void config_takes_the_first_value(void **state)
{
    (void)state;
    struct remote_config c;
    load("User first\n"
         "user second\n"
         "Host far near*\n"
         "  HostName = %h.example.org\n"
         "  Port=2222\n"
         "\tIdentityFile \"~/my keys/%r@%h\"\n"
         "  IdentityFile /abs/key # not a comment here\n"
         "  IdentitiesOnly yes\n"
         "  UserKnownHostsFile /a \"/b c\"\n"
         "  UserKnownHostsFile /ignored\n"
         "  StrictHostKeyChecking no\n"
         "  ForwardX11 whatever it says\n"
         "Host *\n"
         "  Port 3333\n"
         "  ConnectTimeout 7\n"
         "  ProxyJump a@b:1,c\n"
         "  ProxyCommand never\n"
         "  PasswordAuthentication no\n",
         "near1", &c);
    _cleanup_free_ char *key = xasprintf("%s/my keys/first@near1.example.org", dir);
    assert_string_equal(c.user, "first");
    assert_string_equal(c.host, "near1.example.org");
    assert_int_equal(c.port, 2222);
    assert_int_equal(c.identities.n, 2);
    assert_string_equal(c.identities.s[0], key);
    assert_string_equal(c.identities.s[1], "/abs/key");
    assert_int_equal(c.identities_only, 1);
    assert_int_equal(c.user_known_hosts.n, 2);
    assert_string_equal(c.user_known_hosts.s[1], "/b c");
    assert_int_equal(c.connect_timeout, 7);
    assert_string_equal(c.jump, "a@b:1,c");
    assert_null(c.proxy_command);
    assert_int_equal(c.password, 0);
    assert_int_equal(c.pubkey, 1);
    remote_config_release(&c);
}

static void config_has_sshs_defaults(void **state)
{
    (void)state;
    struct remote_config c;
    load("Host other\n  Port 1\n  ProxyJump x\nHost !this *\n  Port 2\nMatch exec true\n  Port 3\n", "this", &c);
    assert_string_equal(c.host, "this");
    assert_int_equal(c.port, 22);
    assert_null(c.jump);
    assert_true(c.identities.n >= 3 && !c.identities_given);
    assert_true(str_starts(c.user_known_hosts.s[0], dir));
    assert_string_equal(c.global_known_hosts.s[0], "/etc/ssh/ssh_known_hosts");
    remote_config_release(&c);
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_free_ char *path = write_file("config", "User u\nPort 5\n", 0600);
    assert_int_equal(remote_config_load("this", "given", 6, path, &c, &e), 0);
    assert_string_equal(c.user, "given");
    assert_int_equal(c.port, 6);
    remote_config_release(&c);
}

static void config_follows_match_and_include(void **state)
{
    (void)state;
    _cleanup_free_ char *inner = write_file("inner", "User inner\nHost zzz\n  Port 9\n", 0600);
    _cleanup_free_ char *text = xasprintf("Host x\n  Include %s\n  Port 8\n"
                                          "Match host real user inner\n  ConnectTimeout 3\n"
                                          "Match originalhost x,y !user inner\n  ConnectTimeout 4\n"
                                          "Match all\n  HostName real\n  BindAddress 127.0.0.1\n"
                                          "Match host real user inner\n  ConnectTimeout 5\n",
                                          inner);
    struct remote_config c;
    load(text, "x", &c);
    assert_string_equal(c.user, "inner");
    assert_int_equal(c.port, 8); // the Host line of an included file ends with it
    assert_string_equal(c.bind_address, "127.0.0.1");
    assert_int_equal(c.connect_timeout, 5);
    remote_config_release(&c);
    load(text, "y", &c);
    assert_string_not_equal(c.user, "inner");
    assert_int_equal(c.connect_timeout, 4);
    remote_config_release(&c);
}

// What restricts is obeyed, or refused: never skipped.
static void config_restricts(void **state)
{
    (void)state;
    struct remote_config c;
    load(
        "Host x\n StrictHostKeyChecking yes\n RevokedHostKeys ~/revoked\n PreferredAuthentications publickey,password\n"
        " NumberOfPasswordPrompts 1\n RequiredRSASize 3072\n BatchMode yes\n AddressFamily inet6\n"
        "Host *\n StrictHostKeyChecking no\n AddressFamily inet\n ForwardAgent yes\n BindInterface none\n"
        " ProxyUseFdpass no\n",
        "x", &c);
    assert_true(str_ends(c.strict_at, "/config line 2"));
    assert_true(*c.revoked_host_keys == '/' && str_ends(c.revoked_host_keys, "/revoked"));
    assert_string_equal(c.preferred, "publickey,password");
    assert_int_equal(c.password_prompts, 1);
    assert_int_equal(c.rsa_min, 3072);
    assert_int_equal(c.batch, 1);
    assert_int_equal(c.family, AF_INET6);
    remote_config_release(&c);
    load("StrictHostKeyChecking accept-new\nStrictHostKeyChecking yes\nRevokedHostKeys none\nAddressFamily any\n", "y",
         &c);
    assert_null(c.strict_at); // the first word counts
    assert_null(c.revoked_host_keys);
    assert_null(c.preferred);
    assert_int_equal(c.password_prompts, -1);
    assert_int_equal(c.batch + c.rsa_min + c.family, 0);
    remote_config_release(&c);
    static const struct {
        const char *text;
        enum err_code code;
    } bad[] = {{"BindInterface eth0\n", ERR_UNSUPPORTED}, {"ProxyUseFdpass yes\n", ERR_UNSUPPORTED},
               {"AddressFamily ipx\n", ERR_USAGE},        {"StrictHostKeyChecking perhaps\n", ERR_USAGE},
               {"RequiredRSASize big\n", ERR_USAGE},      {"RevokedHostKeys\n", ERR_USAGE}};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        _cleanup_err_ struct err e = ERR_INIT;
        _cleanup_free_ char *path = write_file("config", bad[i].text, 0600);
        assert_int_equal(remote_config_load("x", NULL, 0, path, &c, &e), -1);
        assert_int_equal(e.code, bad[i].code);
        assert_non_null(strstr(e.msg, "config line 1"));
    }
}

static void config_refuses_what_it_cannot_read(void **state)
{
    (void)state;
    static const char *const bad[] = {"Port x\n", "Port 0\n",   "Port 70000\n",       "IdentitiesOnly perhaps\n",
                                      "User\n",   "User \"a\n", "ConnectTimeout -1\n"};
    struct remote_config c;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        _cleanup_err_ struct err e = ERR_INIT;
        _cleanup_free_ char *path = write_file("config", bad[i], 0600);
        assert_int_equal(remote_config_load("x", NULL, 0, path, &c, &e), -1);
        assert_int_equal(e.code, ERR_USAGE);
        assert_non_null(strstr(e.msg, "line 1"));
    }
    _cleanup_err_ struct err e = ERR_INIT;
    _cleanup_free_ char *path = write_file("config", "User u\n", 0620);
    assert_int_equal(remote_config_load("x", NULL, 0, path, &c, &e), -1);
    assert_int_equal(e.code, ERR_UNSAFE);
    free(write_file("config", "Include config\n", 0600)); // in ~/.ssh there is none: nothing happens
    _cleanup_free_ char *loop = xasprintf("Include %s/config\n", dir);
    free(write_file("config", loop, 0600));
    assert_int_equal(remote_config_load("x", NULL, 0, path, &c, &e), -1);
    assert_non_null(strstr(e.msg, "too deep"));
    free(write_file("config", "ProxyCommand nc %h %p\n", 0600));
    assert_int_equal(remote_config_load("a;id", NULL, 0, path, &c, &e), -1);
    assert_int_equal(e.code, ERR_USAGE);
    assert_int_equal(remote_config_load("-oX", NULL, 0, path, &c, &e), -1);
    assert_int_equal(remote_config_load("host", NULL, 44, path, &c, &e), 0);
    assert_string_equal(c.proxy_command, "nc host 44");
    remote_config_release(&c);
}

static void targets_are_split_into_user_host_and_port(void **state)
{
    (void)state;
    static const struct {
        const char *text, *user, *host;
        int port;
    } good[] = {
        {"h", NULL, "h", 0},
        {"u@h", "u", "h", 0},
        {"u@h:22", "u", "h", 22},
        {"a@b@h", "a@b", "h", 0},
        {"[::1]:22", NULL, "::1", 22},
        {"u@[fe80::1%eth0]", "u", "fe80::1%eth0", 0},
        {"fe80::1", NULL, "fe80::1", 0},
        {"ssh://u@h:7", "u", "h", 7},
    };
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        _cleanup_err_ struct err e = ERR_INIT;
        _cleanup_free_ char *user = NULL, *host = NULL;
        int port = -1;
        assert_int_equal(remote_config_parse_target(good[i].text, &user, &host, &port, &e), 0);
        assert_string_equal(host, good[i].host);
        assert_int_equal(port, good[i].port);
        assert_string_equal(user ? user : "", good[i].user ? good[i].user : "");
    }
    static const char *const bad[] = {"", "@h", "u@", "h:", "h:0", "h:x", "h:70000", "[::1", "[::1]x", "-h", "u@-h"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        _cleanup_err_ struct err e = ERR_INIT;
        char *user = NULL, *host = NULL;
        int port = -1;
        if (remote_config_parse_target(bad[i], &user, &host, &port, &e) == 0)
            fail_msg("%s", bad[i]);
        assert_int_equal(e.code, ERR_USAGE);
    }
}

// A failed command's error: its last words, whole lines, one message to the eye among those of other nodes.
static void a_failure_quotes_the_last_words(void **state)
{
    (void)state;
    struct remote_result r = REMOTE_RESULT_INIT;
    struct err e = ERR_INIT;
    char *out = NULL;
    r.status = 100;
    for (int i = 0; i < 60; i++)
        buf_addf(&r.err, "line %d\n", i);
    buf_adds(&r.err, "E: \033[1mnot there\n\n");
    assert_int_equal(remote_result_output("source", &r, &out, &e), -1);
    assert_null(out);
    const char *start = "source: exit status 100: line ", *end = "\n  line 59\n  E: \\x1b[1mnot there";
    assert_memory_equal(e.msg, start, strlen(start));
    assert_in_range(strlen(e.msg), strlen(end) + 100, 600);
    assert_string_equal(e.msg + strlen(e.msg) - strlen(end), end);
    buf_truncate(&r.err, 0);
    assert_int_equal(remote_result_output("source", &r, NULL, &e), -1);
    assert_string_equal(e.msg, "source: exit status 100");
    r.status = 0;
    buf_adds(&r.out, "said");
    assert_int_equal(remote_result_output("source", &r, &out, &e), 0);
    assert_string_equal(out, "said");
    free(out);
    remote_result_release(&r);
    err_release(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_quotes_the_last_words),
        cmocka_unit_test(quoting_gives_the_shell_the_same_word),
        cmocka_unit_test(quoting_refuses_nul),
        cmocka_unit_test(known_names_match_as_sshs),
        cmocka_unit_test(known_keys_are_told_from_changed_ones),
        cmocka_unit_test(known_add_keeps_what_is_there),
        cmocka_unit_test(known_add_by_many_loses_nothing),
        cmocka_unit_test(known_add_refuses_a_second_key),
        cmocka_unit_test(revoked_keys_are_found),
        cmocka_unit_test(config_restricts),
        cmocka_unit_test(config_takes_the_first_value),
        cmocka_unit_test(config_has_sshs_defaults),
        cmocka_unit_test(config_follows_match_and_include),
        cmocka_unit_test(config_refuses_what_it_cannot_read),
        cmocka_unit_test(targets_are_split_into_user_host_and_port),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
