// SPDX-License-Identifier: GPL-3.0-or-later
// Which hypervisors have kept silent lately: one small file for each, $XDG_STATE_HOME/migsh/silent/DIGEST.json, so that
// all consoles of a user know it. For a minute a command that only reads waits hardly for it, and no other for longer
// than it has to. A memory, not evidence: whoever has to be sure asks again. Any thread.
#pragma once

struct ctx;
struct strv;

// Who gives no answer for so long keeps silent: long enough for a login over ssh on a busy host, and nobody has to wait
// much longer because some host is dead.
#define SILENCE_MS 5e3
// And who takes so many times as long as the slowest of the others, where all are slow today.
#define SILENCE_SLOWER 4

// Nodes that are asked at once.
struct silence_group {
    double begun_ms;
    _Atomic double slowest_ms; // of those that have answered; 0: nobody has
};
void silence_group_begin(struct silence_group *g);
void silence_group_answered(struct silence_group *g);
// For how long one more of them is waited for: `least_ms`, or `slower` times as long as the slowest took.
double silence_group_patience(const struct silence_group *g, double least_ms, double slower);

// The host of `uri` gave no answer within `waited_ms`, or no way led to it for so long.
void silence_note(const char *uri, double waited_ms);
// It has answered.
void silence_end(const char *uri);
// Since when it keeps silent, in seconds since the epoch; 0: not known to. *ret_waited_ms: the longest that it was
// waited for; may be NULL.
double silence_since(const char *uri, double *ret_waited_ms);
// Adds the names of the nodes of the inventory that keep silent.
void silence_names(struct ctx *ctx, struct strv *out);
