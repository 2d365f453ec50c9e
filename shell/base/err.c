// SPDX-License-Identifier: GPL-3.0-or-later
// Error values; the table of codes, their names and exit statuses. See err.h.
#define ERR_IMPLEMENTS
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

// Statuses above 125 are the shell's own, hence 130 (128 + SIGINT) for a cancelled command.
static const struct {
    const char *name;
    int status;
} codes[ERR_CODES] = {
    [ERR_NONE] = {"none", 0},
    [ERR_FAILED] = {"failed", 1},
    [ERR_USAGE] = {"usage", 2},
    [ERR_NOT_FOUND] = {"not-found", 3},
    [ERR_EXISTS] = {"exists", 4},
    [ERR_AUTH] = {"auth", 5},
    [ERR_HOSTKEY] = {"hostkey", 6},
    [ERR_UNREACHABLE] = {"unreachable", 7},
    [ERR_TIMEOUT] = {"timeout", 8},
    [ERR_UNSAFE] = {"unsafe", 9},
    [ERR_STATE] = {"state", 10},
    [ERR_UNSUPPORTED] = {"unsupported", 11},
    [ERR_VERDICT] = {"verdict", 12},
    [ERR_IO] = {"io", 13},
    [ERR_CANCELLED] = {"cancelled", 130},
};

int err_setv(struct err *e, enum err_code code, const char *fmt, va_list ap)
{
    char *msg = xvasprintf(fmt, ap); // before the release: an argument may be the old message
    err_release(e);
    e->code = code;
    e->msg = msg;
    return -1;
}

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    err_setv(e, code, fmt, ap);
    va_end(ap);
    return -1;
}

static enum err_code code_from_errno(int errnum)
{
    switch (errnum) {
    case ENOENT:
        return ERR_NOT_FOUND;
    case EEXIST:
        return ERR_EXISTS;
    case EACCES:
    case EPERM:
        return ERR_AUTH;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
        return ERR_UNREACHABLE;
    case ECANCELED:
        return ERR_CANCELLED;
    case ENOTSUP:
    case ENOSYS:
        return ERR_UNSUPPORTED;
    default:
        return ERR_IO;
    }
}

int err_errno(struct err *e, int errnum, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *what = xvasprintf(fmt, ap);
    va_end(ap);
    char text[128];
    err_set(e, code_from_errno(errnum), "%s: %s", what, strerror_r(errnum, text, sizeof(text)));
    free(what);
    return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *context = xvasprintf(fmt, ap);
    va_end(ap);
    char *msg = xasprintf("%s: %s", context, e->msg ? e->msg : "");
    free(context);
    free(e->msg);
    e->msg = msg;
    return -1;
}

static bool has_line(const char *text, const char *line)
{
    size_t n = strlen(line);
    for (const char *p = text; (p = strstr(p, line)); p++) {
        if ((p == text || p[-1] == '\n') && (p[n] == '\0' || p[n] == '\n'))
            return true;
    }
    return false;
}

void err_join(struct err *e, const struct err *more)
{
    if (!err_is_set(e)) {
        err_copy(e, more);
        return;
    }
    if (more->code == ERR_CANCELLED && e->code != ERR_CANCELLED) {
        e->code = ERR_CANCELLED;
        free(e->hint);
        e->hint = xstrdup(more->hint);
    }
    if (has_line(e->msg, more->msg))
        return;
    char *msg = xasprintf("%s\n%s", e->msg, more->msg);
    free(e->msg);
    e->msg = msg;
}

int err_hint(struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *hint = xvasprintf(fmt, ap);
    va_end(ap);
    free(e->hint);
    e->hint = hint;
    return -1;
}

void err_release(struct err *e)
{
    free(e->msg);
    free(e->hint);
    *e = (struct err)ERR_INIT;
}

void err_move(struct err *to, struct err *from)
{
    err_release(to);
    *to = *from;
    *from = (struct err)ERR_INIT;
}

void err_copy(struct err *to, const struct err *from)
{
    struct err copy = {from->code, xstrdup(from->msg), xstrdup(from->hint)};
    err_release(to);
    *to = copy;
}

const char *err_code_name(enum err_code code)
{
    return code < ERR_CODES ? codes[code].name : "failed";
}

enum err_code err_code_from_name(const char *name)
{
    for (int i = 0; i < ERR_CODES; i++) {
        if (strcmp(codes[i].name, name) == 0)
            return (enum err_code)i;
    }
    return ERR_FAILED;
}

int err_exit_status(enum err_code code)
{
    return code < ERR_CODES ? codes[code].status : 1;
}
