// SPDX-License-Identifier: GPL-3.0-or-later
// What a node tells of itself, asked by one script. Job threads.
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "core/console/ctx.h"

struct job;

struct facts {
    struct strv lines; // "key value"
    char *text;        // NULL: no "@text"
    size_t text_len;
};

// Runs `script` as root with $1 … = args; in it are the functions say KEY VALUE, which prints a line "@key value", and
// missing DIR, which prints how many directories of it are not there. After its facts it may print "@text" and any bytes.
int facts_look(struct ctx *ctx, struct job *job, struct node *node, const char *script, const char *const *args,
               size_t n_args, struct facts *ret, struct err *e);
// The same with another limit than a minute; 0: none.
int facts_look_within(struct ctx *ctx, struct job *job, struct node *node, double timeout_ms, const char *script,
                      const char *const *args, size_t n_args, struct facts *ret, struct err *e);
// The same on this machine, with the operator's own rights.
int facts_look_here(struct ctx *ctx, struct job *job, const char *script, const char *const *args, size_t n_args,
                    struct facts *ret, struct err *e);
void facts_release(struct facts *f);
#define _cleanup_facts_ _cleanup_(facts_release)

// They lack what was asked for: ERR_FAILED, with what they are. `node` told them. Returns -1.
int facts_unexpected(const struct node *node, const struct facts *f, struct err *e);

const char *facts_get(const struct facts *f, const char *key); // NULL: not told
bool facts_yes(const struct facts *f, const char *key);        // "yes"
