// SPDX-License-Identifier: GPL-3.0-or-later
// The one way a failure travels: a function returns -1 and fills `struct err *` (its last parameter, never NULL).
// Outputs stay untouched on failure. Only the dispatcher prints errors. Any thread, each with its own struct.
#pragma once

#include <stdarg.h>
#include <stdbool.h>

#include "base/mem.h"

// Each code has a name (Lua's err.code, JSON) and an exit status; see the table in err.c.
enum err_code {
    ERR_NONE,
    ERR_FAILED,      // the remote side or a library said no, without a more telling code
    ERR_USAGE,       // the command line is wrong
    ERR_NOT_FOUND,   // a node, domain, pool, file that is not there
    ERR_EXISTS,      // it is there already
    ERR_AUTH,        // login or permission refused
    ERR_HOSTKEY,     // host key unknown or changed
    ERR_UNREACHABLE, // no route, refused, name not resolved, connection lost
    ERR_TIMEOUT,
    ERR_UNSAFE,      // refused because data could be lost
    ERR_STATE,       // the object is not in a state that allows it
    ERR_UNSUPPORTED, // this driver, version or node cannot
    ERR_VERDICT,     // it worked, but the result is not what was asked for (--max-outage, --expect, verify)
    ERR_IO,          // a local file or pipe
    ERR_CANCELLED,   // Ctrl-C, SIGTERM, hang-up, domjobabort
    ERR_CODES
};

struct err {
    enum err_code code;
    char *msg;  // complete enough to be printed as it is
    char *hint; // what to do next, or NULL
};

#define ERR_INIT                                                                                                       \
    {                                                                                                                  \
        ERR_NONE, NULL, NULL                                                                                           \
    }

// Both return -1 so that a function can end in `return err_set(e, …)`. An error already there is replaced.
int err_set(struct err *e, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int err_setv(struct err *e, enum err_code code, const char *fmt, va_list ap);
// The text of errno `errnum` is appended after ": ", and a code is chosen from it (ENOENT → not found …).
int err_errno(struct err *e, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
// Prepends "fmt: " to the message; returns -1.
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// One more failure: its message goes on a line of its own behind those that are there; the first one's code and hint
// stay, unless this one is a cancellation. A message that is there already is not added.
void err_join(struct err *e, const struct err *more);
// Sets the hint; returns -1.
int err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// clang's analyzer sees one file at a time: else it would assume that these may return 0, and follow paths that do not
// exist.
#if defined __clang_analyzer__ && !defined ERR_IMPLEMENTS
#define err_set(...) ((void)err_set(__VA_ARGS__), -1)
#define err_setv(...) ((void)err_setv(__VA_ARGS__), -1)
#define err_errno(...) ((void)err_errno(__VA_ARGS__), -1)
#define err_wrap(...) ((void)err_wrap(__VA_ARGS__), -1)
#define err_hint(...) ((void)err_hint(__VA_ARGS__), -1)
#endif

static inline bool err_is_set(const struct err *e)
{
    return e->code != ERR_NONE;
}

void err_release(struct err *e);                 // frees and resets to ERR_INIT
void err_move(struct err *to, struct err *from); // `from` is empty afterwards
void err_copy(struct err *to, const struct err *from);

const char *err_code_name(enum err_code code);      // "not-found"
enum err_code err_code_from_name(const char *name); // ERR_FAILED for a name that is none
int err_exit_status(enum err_code code);

#define _cleanup_err_ _cleanup_(err_release)
