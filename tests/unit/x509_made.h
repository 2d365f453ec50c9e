// SPDX-License-Identifier: GPL-3.0-or-later
// For tests of certificates: a directory whose name is sh, two authorities, keys, and what is signed for them.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "core/tls/tls.h"
#include "io/ssh/remote.h"
#include "io/x509.h"

enum { DAY = TLS_DAY_S };

static char *dir;
static char *authority, *other, *authority_cert, *other_cert; // PEM
static char *key, *another_key;                               // public halves
static char *good_server, *good_client;
static int64_t now;

static inline char *in_dir(const char *name)
{
    return xasprintf("%s/%s", dir, name);
}

// The first line that a shell command prints; "": it failed, or printed nothing. The caller frees.
static inline char *said(const char *command)
{
    char line[8192] = "";
    FILE *f = popen(command, "r");
    assert_non_null(f);
    if (!fgets(line, sizeof(line), f))
        line[0] = '\0';
    int status = pclose(f);
    line[strcspn(line, "\n")] = '\0';
    return xstrdup(status == 0 ? line : "");
}

static inline bool runs(const char *command)
{
    _cleanup_free_ char *all = xasprintf("{ %s; } >/dev/null 2>&1 && echo yes", command);
    _cleanup_free_ char *line = said(all);
    return strcmp(line, "yes") == 0;
}

static inline void write_text(const char *name, const char *text)
{
    _cleanup_free_ char *path = in_dir(name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static inline char *make_key(const char *name, const char *type)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    _cleanup_free_ char *path = in_dir(name);
    const char *words[] = {path};
    buf_addf(&b, "ssh-keygen -q %s -m PKCS8 -N '' -C 'a comment' -f ", type);
    remote_quote_words(&b, words, 1);
    buf_adds(&b, " && ssh-keygen -y -f ");
    remote_quote_words(&b, words, 1);
    buf_adds(&b, " | cut -d' ' -f1,2");
    return said(buf_str(&b));
}

struct fault { // of a certificate
    int64_t from, until;
    const char *names; // with blanks between
    const char *key, *authority;
    bool swap; // a client's in place of a server's
};

static inline char *issue(struct fault f, bool server)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    _cleanup_err_ struct err e = ERR_INIT;
    char *pem = NULL;
    strv_split(&names, f.names ? f.names : "alpha 192.0.2.7 2001:db8::7 alpha.example.org", ' ');
    struct x509_wish w = {.name = "alpha",
                          .names = &names,
                          .public_key = f.key ? f.key : key,
                          .server = server != f.swap,
                          .client = server == f.swap,
                          .from = f.from ? f.from : now - DAY,
                          .until = f.until ? f.until : now + 730 * DAY};
    if (x509_issue(f.authority ? f.authority : authority, &w, &pem, &e) < 0)
        fail_msg("%s", e.msg);
    return pem;
}

static inline struct x509_cert *read_cert(const char *pem)
{
    struct x509_cert *c = NULL;
    _cleanup_err_ struct err e = ERR_INIT;
    if (x509_read(pem, strlen(pem), &c, &e) < 0)
        fail_msg("%s", e.msg);
    return c;
}

static inline int begin(void **state)
{
    (void)state;
    char path[] = "/tmp/migsh tls;'X'XXXXXX";
    _cleanup_err_ struct err e = ERR_INIT;
    dir = mkdtemp(path) ? xstrdup(path) : NULL;
    now = time(NULL);
    if (!dir || chdir(dir) < 0 ||
        x509_new_authority("the authority", now - DAY, now + 7300LL * DAY, &authority, &e) < 0 ||
        x509_new_authority("another", now - DAY, now + 7300LL * DAY, &other, &e) < 0)
        return -1;
    authority_cert = tls_authority_cert(authority);
    other_cert = tls_authority_cert(other);
    key = make_key("k", "-t rsa -b 3072");
    another_key = make_key("k2", "-t rsa -b 2048");
    good_server = issue((struct fault){0}, true);
    good_client = issue((struct fault){0}, false);
    return *key && *another_key ? 0 : -1;
}

static inline int end(void **state)
{
    (void)state;
    char *all[] = {authority, other, authority_cert, other_cert, key, another_key, good_server, good_client};
    bool gone = chdir("/") == 0;
    _cleanup_buf_ struct buf b = BUF_INIT;
    const char *words[] = {dir};
    buf_adds(&b, "rm -rf -- ");
    remote_quote_words(&b, words, 1);
    gone = runs(buf_str(&b)) && gone;
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        free(all[i]);
    free(dir);
    return gone ? 0 : -1;
}
