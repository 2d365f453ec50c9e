// SPDX-License-Identifier: GPL-3.0-or-later
// Asking a node: sh that runs there and tells facts, and the one reader of them. Job threads; what takes facts alone is
// pure.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "core/console/ctx.h"

struct job;
struct place_exec;
struct remote_result;

#define ASK_FOREVER -1.0

struct question {
    // sh, run as one script behind tools/ask_prelude.sh, which defines `say` and says how facts are told.
    const char *tools[8];
    const char *const *args; // $1 …, any bytes but NUL
    size_t n_args;
    bool as_user; // with the login's own rights, not root's
    // As in struct place_exec.
    const void *input;
    size_t input_len;
    size_t max_output;
    double timeout_ms; // 0: a minute; ASK_FOREVER: a dead peer is noticed anyway
    int *ret_status;   // NULL, or where the exit status goes, also when it is an error
};

struct fact {
    char *key, *value;
};

// An answer: "@KEY VALUE" lines in their order, and the bytes behind "@text".
struct facts {
    struct fact *all;
    size_t n;
    char *text; // NULL: there is none
    size_t text_len;
};

// `node` NULL: this machine. Errors as place_exec(); ERR_FAILED when the script failed, or told nothing that is a fact.
int node_ask(struct ctx *ctx, struct job *job, struct node *node, const struct question *q, struct facts *ret,
             struct err *e);
// A script that tells no facts: as place_exec(), but behind the prelude, and what comes out is its own words alone,
// without those of a login shell before them.
int node_run(struct ctx *ctx, struct job *job, struct node *node, const struct place_exec *spec,
             struct remote_result *result, struct err *e);
// What is run for it, for people; the caller frees.
char *node_ask_words(const struct question *q);

// The facts in what a script printed, behind all that a login shell did. False: there are none.
bool facts_parse(const char *out, size_t len, struct facts *ret);
void facts_release(struct facts *f);
#define _cleanup_facts_ _cleanup_(facts_release)

// They lack what was asked for: ERR_FAILED, with what they are. `node` told them. Returns -1.
int facts_unexpected(const struct node *node, const struct facts *f, struct err *e);

const char *facts_get(const struct facts *f, const char *key); // the first of that key; NULL: not told
bool facts_yes(const struct facts *f, const char *key);        // "yes"
// All of that key, one after the other, NULL behind the last; *at is 0 at first.
const char *facts_next(const struct facts *f, const char *key, size_t *at);
// Of a value "NUMBER REST" the rest, when the number is below `n`; else NULL.
const char *fact_row(const char *value, size_t n, size_t *ret_row);
// All of them: {KEY: [text]}, in the order told; without those whose key begins with `but`, if that is not NULL. The
// caller's.
json_t *facts_json(const struct facts *f, const char *but);
