// SPDX-License-Identifier: GPL-3.0-or-later
// A command: one const row and one function. The row is the grammar, the help, the completion, the Lua function's
// arguments and the shape in which its value is shown; the function receives typed, resolved values and fills a result
// value.
//
//     enum { DOMAIN, ALL };
//     static const struct opt_def opts[] = {
//         [DOMAIN] = {"domain", OPT_DOMAIN, OPTF_POS | OPTF_REQ, "domain name, id or uuid"},
//         [ALL] = {"all", OPT_BOOL, 0, "every one"},
//         {NULL},
//     };
//     static int run(struct cmd_call *c, struct err *e) { … c->vals[DOMAIN].dom … c->result = json_pack(…); return 0; }
//     const struct cmd_def cmd_domx = {.name = "domx", …, .opts = opts, .run = run};
//
// Nothing in a body prints: it returns a value, and tells its progress through core/console/out.h.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"
#include "core/console/ctx.h"

struct job;
struct buf;
struct virt_conn;
struct virt_dom;

enum opt_type {
    OPT_BOOL,     // .b
    OPT_STRING,   // .s
    OPT_INT,      // .i, within min..max when max is not 0
    OPT_DURATION, // .ms; a bare number is in .unit ("ms" when NULL)
    OPT_SIZE,     // .bytes; a bare number is in .unit_bytes
    OPT_ENUM,     // .s, one of .choices
    OPT_PATH,     // .s, a local file, ~ expanded
    OPT_NODE,     // .node
    OPT_NODES,    // .nodes/.n_nodes: comma list and "all"
    OPT_URI,      // .target: a node's name or a URI; .s as typed
    OPT_DOMAIN,   // .dom: NAME, NAME@NODE, id, uuid; resolved on the job's thread. MULTI or LIST: .doms/.n_doms, and
                  // in .nodes where each is (NULL: on no node)
    OPT_POOL,     // .s: a storage pool of the command's connection
    OPT_NETWORK,  // .s, and so are these: a network of the command's connection …
    OPT_SECRET,   // (libvirt's object; a value that is secret is an OPTF_SECRET)
    OPT_NWFILTER,
    OPT_INTERFACE,
    OPT_COMMAND, // .s: the name of a command or topic
    OPT_WORDS,   // .list: everything that is left, options included (behind "--" or from the first word on)
};

enum opt_flags {
    OPTF_REQ = 1,          // must be given
    OPTF_POS = 2,          // may be given by position, in the order of the rows
    OPTF_MULTI = 4,        // may be repeated; all in .list (and .nodes); by position: takes all words left
    OPTF_SECRET = 8,       // never in history or log
    OPTF_HIDDEN = 16,      // works, but is not shown (a misspelling that virsh accepts)
    OPTF_HYPERVISORS = 32, // NODES: "all" leaves out the nodes without a hypervisor
    OPTF_COMMAND = 128,    // WORDS: a command of ours
    OPTF_LIST = 64,        // DOMAIN, STRING: several with commas between; in .list, as with MULTI
};

struct opt_def {
    const char *name; // "copy-storage-all"; NULL ends the array
    enum opt_type type;
    int flags;
    const char *help;              // lower case, no full stop
    const char *def;               // default, written as the operator would; shown in the help
    const char *const *choices;    // ENUM: it is one of these; STRING: completion knows these. NULL-terminated
    const char *unit;              // DURATION
    unsigned long long unit_bytes; // SIZE
    long long min, max;            // INT
    unsigned bits;                 // BOOL: what it stands for, for cmd_bits()
    // Rows of the same command, by name, with "|" between: none of `excludes` may be given beside this one (said on one
    // side, it holds for both), and one of `needs` has to be. cmd_bind() refuses the rest, completion does not offer
    // it.
    const char *excludes, *needs;
    const char *group; // heading in the help, of a command with many; NULL: with the first ones
    // STRING: it is one of this kind of things that the call's domain or pool has (core/console/names_of.h): "disk" …
    const char *of_domain, *of_pool;
    // Candidates for a value that its type does not tell; adds to `out`. Must not block.
    void (*complete)(struct ctx *ctx, const char *prefix, struct strv *out);
};

struct opt_val {
    bool given; // by the operator; a default sets the value but not this
    bool b;
    long long i;
    double ms;
    unsigned long long bytes;
    char *s; // as given, for every type but BOOL and WORDS (for MULTI: the last one)
    struct strv list;
    struct node *node;
    struct node **nodes;
    size_t n_nodes;
    struct target target;
    struct virt_dom *dom;
    struct virt_dom **doms;
    size_t n_doms;
};

enum cmd_flags {
    CMD_MAIN = 1,   // runs on the main thread: must not block
    CMD_CONN = 2,   // needs a hypervisor: c->conn is open. Gains --node NODE (or the domain's @NODE decides)
    CMD_EACH = 4,   // with CMD_CONN: --node takes a list or "all"; run once for each, results merged with a "node" key
                    // (a call that names a domain goes to that domain's node alone)
    CMD_HIDDEN = 8, // not in help and tables
    CMD_STOP_IS_END = 16, // Ctrl-C is the normal end: the body returns its result when cancelled
    CMD_NO_SCRIPT = 32,   // the prompt only (quit, history …): no Lua function
    CMD_EXACT =
        128, // a domain that several nodes define, or may define as they are silent, has to be named with its @NODE
    CMD_QUIT = 64,         // ends the shell or batch when it has succeeded
    CMD_READS = 256,       // changes nothing: where its domain runs is enough, whatever silent nodes have of it
    CMD_DESTROYS = 2048,   // at the prompt it asks first, where nobody has named the host (confirm.h)
    CMD_TEXT = 4096,       // its value is a text of commands, which is run before what follows: {"file", "text"}, or
                           // {"text", "every", "pause_ms", "count"} for one that is run again and again
    CMD_FRONT = 1024,      // is about the prompt itself, and cannot run behind it ("&")
    CMD_CONN_DOMAIN = 512, // with CMD_CONN: no domain given, no hypervisor needed, and c->conn is NULL
};

enum view_kind {
    VIEW_NONE,   // nothing to show but the message
    VIEW_TABLE,  // array of objects, `cols`
    VIEW_LINES,  // the same without a head: the cells with a blank between them
    VIEW_FIELDS, // one object, "Title: value" lines, `cols`
    VIEW_TEXT,   // a JSON string, as it is
    VIEW_CUSTOM, // `render`; with CMD_EACH it gets the array of all nodes
};

struct view_col {
    const char *key;      // NULL ends; "a.b" goes into an object
    const char *title;    // as virsh heads it
    const char *suffix;   // behind a number: " KiB"
    const char *yes, *no; // the words for true and false, where they are not these
    bool bytes;           // a number of bytes, shown as virsh does: "1.50 GiB"
    bool state;           // a word that tells how it is, such as "running" or "fail": it has a colour
    int digits;           // of that, where it is not 2
    bool lines;           // FIELDS: a list, each of it on a line of its own, as virsh has its messages
};

struct view {
    enum view_kind kind;
    const struct view_col *cols;
    int width; // FIELDS: of "Title:" and the blanks behind it, less one; 0: 15, as dominfo has it
    // Shown after success unless --quiet; {key} is replaced from the result: "Domain '{name}' started".
    const char *message;
    void (*render)(const json_t *value, struct buf *out);
    const char *empty; // TABLE: what an empty one means, and what fills it; a notice, no part of the table
};

struct cmd_call {
    struct ctx *ctx;
    const struct cmd_def *def;
    struct opt_val *vals;    // one for each row of def->opts
    struct job *job;         // NULL for CMD_MAIN
    struct virt_conn *conn;  // CMD_CONN
    struct target where;     // CMD_CONN: what conn leads to
    json_t *result;          // the command's value; shown also when the command fails (a report with a bad verdict)
    const struct view *view; // set by run() where the options choose how the value is shown; NULL: def's
    bool vertical, human;    // --vertical and --human, which commands with a table or fields have
    bool led_away;           // the result goes into a file or to a program (core/console/outlet.h)
    bool asks;               // before it destroys something on a host that was only implied (confirm.h)
    bool host_implied;       // by the search over all nodes, or by the current host
    bool help;               // not bound: "CMD --help" was typed, or "CMD -h"
    int status;              // exit status instead of the error code's, when not 0 (exec passes the remote one on)
};

struct cmd_def {
    const char *name;
    const char *group;   // heading in the help: "Domains", "Nodes", "Migration" …
    const char *summary; // one line, lower case, no full stop
    const char *help;    // paragraphs behind the summary, or NULL
    const char *example; // at least one command line; newline-separated
    const struct opt_def *opts;
    int flags;
    struct view view;
    int (*run)(struct cmd_call *c, struct err *e);
    const char *recipe;           // a Lua recipe's name; then run is NULL
    const struct opt_def *passed; // recipe: the first of the rows that are another command's; they end `opts`. Or NULL
    // The command that these words mean instead, or NULL: "resume ID" goes on with a journal.
    const char *(*other)(const struct strv *words);
};

static inline bool opt_given(const struct cmd_call *c, int i)
{
    return c->vals[i].given;
}

// The bits of all switches that are given, or of those among the rows from `first` to `last`.
unsigned cmd_bits(const struct cmd_call *c);
unsigned cmd_bits_between(const struct cmd_call *c, int first, int last);
// The value of the row of that name, for what serves several commands; NULL where the command has no such row.
const struct opt_val *cmd_val(const struct cmd_call *c, const char *name);
