// SPDX-License-Identifier: GPL-3.0-or-later
// Words become typed values by a command's rows. Two steps: bind() needs only the inventory and runs at once (main
// thread), resolve() opens connections and finds domains, and runs on the job's thread.
#pragma once

#include "base/err.h"
#include "cmd/engine/cmd.h"

// The rows of a command plus those that its flags and its view add (--node, --vertical, --human); free the array.
// *ret_n counts them. Row i < own rows is def's i.
struct opt_def *cmd_opts(const struct cmd_def *def, size_t *ret_n);
size_t cmd_opts_count(const struct cmd_def *def); // def's own

// Which row each word belongs to: the grammar alone, without the values' types. `forgiving` is for what is being typed:
// a list leaves no words to the rows behind it, and who meets an error goes on with the next word.
struct bind_walk {
    const struct cmd_def *def;
    struct opt_def *opts; // cmd_opts()
    size_t n;
    bool *given;               // by the words so far, for each row
    const struct strv *words;  // lent; words[0] is the command's name
    size_t at, end;            // the next word, and where to stop
    bool forgiving;            // set by the caller
    bool only_words;           // behind "--", or within a row of WORDS
    const struct opt_def *cut; // the words ended where this option's value was expected
};

void bind_walk_init(struct bind_walk *w, const struct cmd_def *def, const struct strv *words, size_t end);
void bind_walk_release(struct bind_walk *w);
// The next row that is given, and its value (NULL: a switch). 1; 0 at the end; -1: ERR_USAGE.
int bind_next(struct bind_walk *w, size_t *ret_row, const char **ret_value, struct err *e);
// The row that a word would go to by position, or NULL.
const struct opt_def *bind_positional(const struct bind_walk *w, const char *word);
// May a word without an option before it be this command's secret? It is not shown then.
bool bind_secret_positional(const struct cmd_def *def);

// words[0] is the command's name. Fills c->vals. ERR_USAGE names the word that is wrong.
int cmd_bind(struct cmd_call *c, const struct strv *words, struct err *e);
// Opens c->conn, resolves domains.
int cmd_resolve(struct cmd_call *c, struct err *e);
void cmd_call_release(struct cmd_call *c);
// The --node rows' value, or NULL where the command has none.
struct opt_val *cmd_node_val(struct cmd_call *c);
// The nodes a CMD_EACH command goes to (references; node_list_free()); 0: one target, as cmd_resolve() finds it.
size_t cmd_targets(struct cmd_call *c, struct node ***ret);
