// SPDX-License-Identifier: GPL-3.0-or-later
// The console's own authorities: a file each in its state directory, certificate and private key, which nobody else may
// read and which is sent nowhere. See tls.h.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/token.h"
#include "core/tls/tls.h"
#include "io/file.h"
#include "io/file_trusted.h"

enum { MAX_FILE = 65536, YEARS = 20 };

static void close_p(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

char *tls_authority_cert(const char *pem)
{
    static const char end[] = "-----END CERTIFICATE-----\n";
    const char *at = strstr(pem, end);
    return xstrndup(pem, at ? (size_t)(at - pem) + strlen(end) : 0);
}

// Whole or not at all, and never over one that another console has made meanwhile.
static int write_new(int dir, const char *name, const char *pem, struct err *e)
{
    _cleanup_free_ char *token = token_hex(8), *temp = xasprintf(".%s.%s", name, token);
    int fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    size_t n = strlen(pem);
    if (fd < 0)
        return err_errno(e, errno, "cannot write %s", name);
    errno = ENOSPC; // where less is written than should be, nobody says why
    bool good = write(fd, pem, n) == (ssize_t)n && fsync(fd) == 0 &&
                (linkat(dir, temp, dir, name, 0) == 0 || errno == EEXIST) && fsync(dir) == 0;
    int why = errno;
    close(fd);
    unlinkat(dir, temp, 0);
    return good ? 0 : err_errno(e, why, "cannot write %s", name);
}

static int make(int dir, const char *name, enum tls_world w, struct err *e)
{
    char host[65] = "";
    int64_t now = time(NULL);
    gethostname(host, sizeof(host) - 1);
    _cleanup_free_ char *token = token_hex(4);
    _cleanup_free_ char *title = xasprintf("migsh %s %s %.30s", tls_world_name(w), token, host);
    char *pem = NULL;
    if (x509_new_authority(title, now - TLS_DAY_S, now + (int64_t)YEARS * 365 * TLS_DAY_S, &pem, e) < 0)
        return -1;
    int r = write_new(dir, name, pem, e);
    mem_wipe_text(pem);
    return r;
}

int tls_authority(enum tls_world w, bool may_make, char **ret_pem, struct err *e)
{
    _cleanup_(close_p) int dir = -1;
    _cleanup_free_ char *name = xasprintf("%s-ca.pem", tls_world_name(w));
    _cleanup_free_ char *place = xasprintf("tls/%s", name), *path = file_xdg("STATE", place);
    size_t len;
    if (file_state_dir("tls", may_make, &dir, e) < 0)
        return e->code == ERR_NOT_FOUND ? err_hint(e, "tls-setup makes it") : -1;
    if (may_make && faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && make(dir, name, w, e) < 0)
        return -1;
    if (file_trusted_read(path, MAX_FILE, ret_pem, &len, e) < 0)
        return e->code == ERR_NOT_FOUND ? err_hint(e, "tls-setup makes it") : -1;
    return 0;
}
