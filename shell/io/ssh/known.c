// SPDX-License-Identifier: GPL-3.0-or-later
// known_hosts files. See ssh/known.h. Any thread; must not know libssh.
#include "io/ssh/known.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

#define ERR_STATE openssl_err_state // OpenSSL has a type of this name, base/err.h a code
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#undef ERR_STATE

enum { SHA1_SIZE = 20, SHA1_BASE64 = 28 };

char *remote_known_name(const char *host, int port)
{
    char *name = port == 22 ? xstrdup(host) : xasprintf("[%s]:%d", host, port);
    for (char *p = name; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return name;
}

bool remote_known_key_valid(const char *type, const char *key)
{
    size_t n = strlen(key), type_n = strlen(type);
    if (n < 24 || n % 4 || n > 16384 ||
        strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") != n)
        return false;
    _cleanup_free_ unsigned char *blob = xcalloc(n / 4 * 3 + 1, 1);
    int got = EVP_DecodeBlock(blob, (const unsigned char *)key, (int)n);
    return got > 4 && (size_t)got > 4 + type_n && blob[0] == 0 && blob[1] == 0 && blob[2] == 0 && blob[3] == type_n &&
           memcmp(blob + 4, type, type_n) == 0;
}

// base64( HMAC-SHA1(key = salt, name) ), as `ssh-keygen -H` writes it.
static bool hash_name(const unsigned char *salt, const char *name, char ret[SHA1_BASE64 + 1])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!HMAC(EVP_sha1(), salt, SHA1_SIZE, (const unsigned char *)name, strlen(name), digest, &n) || n != SHA1_SIZE)
        return false;
    EVP_EncodeBlock((unsigned char *)ret, digest, SHA1_SIZE);
    return true;
}

static bool match_hashed(const char *field, const char *name)
{
    const char *bar = strchr(field, '|');
    if (!bar || bar - field != SHA1_BASE64)
        return false;
    unsigned char salt[SHA1_SIZE + 4];
    if (EVP_DecodeBlock(salt, (const unsigned char *)field, SHA1_BASE64) != SHA1_SIZE + 1) // one byte of padding
        return false;
    char hash[SHA1_BASE64 + 1];
    return hash_name(salt, name, hash) && strcmp(hash, bar + 1) == 0;
}

bool remote_known_match(const char *field, const char *name)
{
    if (str_starts(field, "|1|"))
        return match_hashed(field + 3, name);
    _cleanup_strv_ struct strv patterns = STRV_INIT;
    strv_split(&patterns, field, ',');
    bool any = false;
    for (size_t i = 0; i < patterns.n; i++) {
        bool negated = patterns.s[i][0] == '!';
        // Brackets are part of "[host]:port" here and no character class, so they are escaped for fnmatch().
        _cleanup_buf_ struct buf pattern = BUF_INIT;
        for (const char *p = patterns.s[i] + negated; *p; p++) {
            if (strchr("[]\\", *p))
                buf_addc(&pattern, '\\');
            buf_addc(&pattern, *p);
        }
        bool hit = fnmatch(buf_str(&pattern), name, FNM_CASEFOLD) == 0;
        if (hit && negated)
            return false;
        any = any || hit;
    }
    return any;
}

static char *next_field(char **s)
{
    char *word = *s + strspn(*s, " \t\r\n");
    size_t n = strcspn(word, " \t\r\n");
    *s = word + n + (word[n] != '\0');
    word[n] = '\0';
    return word;
}

// RSA keys are listed as ssh-rsa whatever the signature algorithm; everything else is named as it is.
struct look {
    const char *name, *type, *key;
    struct remote_known_result result;
};

static void settle(struct look *l, enum remote_known verdict, const char *file, unsigned line)
{
    // From weak to strong: a right key beats a line with another key, a revocation beats everything.
    static const int rank[] = {
        [KNOWN_NOTHING] = 0, [KNOWN_OTHER_TYPE] = 1, [KNOWN_CHANGED] = 2, [KNOWN_OK] = 3, [KNOWN_REVOKED] = 4};
    if (rank[verdict] <= rank[l->result.verdict])
        return;
    l->result.verdict = verdict;
    free(l->result.file);
    l->result.file = verdict == KNOWN_OK ? NULL : xstrdup(file);
    l->result.line = verdict == KNOWN_OK ? 0 : line;
}

static void look_line(struct look *l, char *text, const char *file, unsigned line)
{
    char *marker = next_field(&text), *field = marker;
    bool revoked = strcmp(marker, "@revoked") == 0;
    if (!*marker || *marker == '#')
        return;
    if (*marker == '@') {
        field = next_field(&text);
        if (!revoked) // @cert-authority: libssh offers no host certificates
            return;
    }
    char *type = next_field(&text);
    char *key = next_field(&text);
    if (!*type || !*key || !remote_known_match(field, l->name))
        return;
    if (revoked) {
        if (l->key && strcmp(key, l->key) == 0)
            settle(l, KNOWN_REVOKED, file, line);
        return;
    }
    if (!strv_has(&l->result.types, type))
        strv_add(&l->result.types, type);
    if (!l->key)
        return;
    if (strcmp(type, l->type) != 0)
        settle(l, KNOWN_OTHER_TYPE, file, line);
    else
        settle(l, strcmp(key, l->key) == 0 ? KNOWN_OK : KNOWN_CHANGED, file, line);
}

static int look_file(struct look *l, const char *path, struct err *e)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return errno == ENOENT || errno == ENOTDIR ? 0 : err_errno(e, errno, "%s", path);
    char *text = NULL;
    size_t cap = 0;
    unsigned line = 0;
    errno = 0;
    while (getline(&text, &cap, f) >= 0)
        look_line(l, text, path, ++line);
    int errnum = ferror(f) ? errno : 0;
    free(text);
    fclose(f);
    return errnum ? err_errno(e, errnum, "%s", path) : 0;
}

int remote_known_look(const struct strv *files, const char *name, const char *type, const char *key,
                      struct remote_known_result *ret, struct err *e)
{
    struct look l = {name, type, key, {KNOWN_NOTHING, NULL, 0, STRV_INIT}};
    for (size_t i = 0; i < files->n; i++) {
        if (strcmp(files->s[i], "none") != 0 && look_file(&l, files->s[i], e) < 0) {
            remote_known_release(&l.result);
            return -1;
        }
    }
    *ret = l.result;
    return 0;
}

void remote_known_release(struct remote_known_result *r)
{
    free(r->file);
    strv_release(&r->types);
    *r = (struct remote_known_result){0};
}

void remote_known_look_text(const char *text, size_t len, const char *label, const char *name, const char *type,
                            const char *key, struct remote_known_result *result)
{
    struct look l = {name, type, key, *result};
    unsigned line = 0;
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t n = end ? (size_t)(end - text) - at : len - at;
        _cleanup_free_ char *copy = xstrndup(text + at, n);
        look_line(&l, copy, label, ++line);
        at += n + 1;
    }
    *result = l.result;
}

static int make_directory(const char *file, struct err *e)
{
    const char *slash = strrchr(file, '/');
    if (!slash || slash == file)
        return 0;
    _cleanup_free_ char *dir = xstrndup(file, (size_t)(slash - file));
    return mkdir(dir, 0700) == 0 || errno == EEXIST ? 0 : err_errno(e, errno, "cannot make %s", dir);
}

static int format_line(struct buf *out, const char *name, const char *type, const char *key, bool hashed, struct err *e)
{
    if (!hashed) {
        buf_addf(out, "%s %s %s\n", name, type, key);
        return 0;
    }
    unsigned char salt[SHA1_SIZE];
    char salt64[SHA1_BASE64 + 1], hash[SHA1_BASE64 + 1];
    if (RAND_bytes(salt, sizeof(salt)) != 1 || !hash_name(salt, name, hash))
        return err_set(e, ERR_FAILED, "cannot hash a host name");
    EVP_EncodeBlock((unsigned char *)salt64, salt, SHA1_SIZE);
    buf_addf(out, "|1|%s|%s %s %s\n", salt64, hash, type, key);
    return 0;
}

static int append(int fd, const char *file, const struct buf *line, struct err *e)
{
    struct stat st;
    char last = '\n';
    if (fstat(fd, &st) < 0 || (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) != 1))
        return err_errno(e, errno, "%s", file);
    _cleanup_buf_ struct buf text = BUF_INIT;
    if (last != '\n') // somebody's editor left the last line open: ours must not be glued to it
        buf_addc(&text, '\n');
    buf_add(&text, line->s, line->len);
    ssize_t n = write(fd, text.s, text.len); // one write to an O_APPEND file: whole, or not at all but for a full disk
    if (n != (ssize_t)text.len) {
        int errnum = n < 0 ? errno : ENOSPC;
        if (n > 0)
            (void)!ftruncate(fd, st.st_size);
        return err_errno(e, errnum, "%s", file);
    }
    return fsync(fd) == 0 ? 0 : err_errno(e, errno, "%s", file);
}

// Opens the file and locks it: that file which has the name then, as ssh-keygen puts a new one in its place.
static int open_locked(const char *file, int *ret, struct err *e)
{
    for (int i = 0; i < 10; i++) {
        int fd = open(file, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
        struct stat mine, named;
        if (fd < 0)
            return err_errno(e, errno, "%s", file);
        if (flock(fd, LOCK_EX) < 0 || fstat(fd, &mine) < 0) {
            int errnum = errno;
            close(fd);
            return err_errno(e, errnum, "%s", file);
        }
        if (stat(file, &named) == 0 && named.st_dev == mine.st_dev && named.st_ino == mine.st_ino) {
            *ret = fd;
            return 0;
        }
        close(fd);
    }
    return err_set(e, ERR_STATE, "%s: it keeps being replaced", file);
}

int remote_known_add(const char *file, const char *name, const char *type, const char *key, bool hashed, struct err *e)
{
    _cleanup_buf_ struct buf line = BUF_INIT;
    int fd = -1;
    if (format_line(&line, name, type, key, hashed, e) < 0 || make_directory(file, e) < 0 ||
        open_locked(file, &fd, e) < 0)
        return -1;
    _cleanup_strv_ struct strv files = STRV_INIT;
    strv_add(&files, file);
    struct remote_known_result now = {0};
    int status = remote_known_look(&files, name, type, key, &now, e); // another migsh may have been faster
    if (status == 0 && now.verdict == KNOWN_NOTHING) {
        status = append(fd, file, &line, e);
    } else if (status == 0 && now.verdict != KNOWN_OK) {
        status = err_set(e, ERR_HOSTKEY,
                         "%s: somebody else has accepted another host key for it in the meantime (%s line %u)", name,
                         now.file, now.line);
        err_hint(e, "one of the two is not the host's: compare both with its own (ssh-keygen -l -f "
                    "/etc/ssh/ssh_host_*_key.pub there), and remove the wrong one");
    }
    remote_known_release(&now);
    close(fd); // and the lock with it
    return status;
}

static bool has_word(char *text, const char *word)
{
    for (char *w = next_field(&text); *w && *w != '#'; w = next_field(&text)) {
        if (strcmp(w, word) == 0)
            return true;
    }
    return false;
}

int remote_known_revoked(const char *path, const char *key, unsigned *ret_line, struct err *e)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return err_errno(e, errno, "RevokedHostKeys %s", path);
    char *text = NULL;
    size_t cap = 0;
    unsigned line = 0;
    int status = 0;
    *ret_line = 0;
    errno = 0;
    while (status == 0 && !*ret_line && getline(&text, &cap, f) >= 0) {
        line++;
        if (line == 1 && str_starts(text, "SSHKRL"))
            status = err_set(e, ERR_UNSUPPORTED, "RevokedHostKeys %s: it is a KRL, which migsh cannot read", path);
        else if (has_word(text, key))
            *ret_line = line;
    }
    if (status == 0 && ferror(f))
        status = err_errno(e, errno, "RevokedHostKeys %s", path);
    free(text);
    fclose(f);
    return status < 0 && e->code == ERR_UNSUPPORTED ? err_hint(e, "list its keys as text, one per line") : status;
}
