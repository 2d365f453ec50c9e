// SPDX-License-Identifier: GPL-3.0-or-later
// The inside of a journal, for journal.c (writing) and journal/read.c (reading).
#pragma once

#include "base/buf.h"
#include "core/journal/journal.h"

struct lock;

struct journal_entry {
    char *name;
    json_t *about;
    json_t *outcome;
    enum journal_step_state state;
    double begun, ended;
};

struct journal {
    struct lock *lock; // guards all below
    int fd;            // locked with flock(2) while open for writing
    bool writable;
    char *path;
    char *id;
    char *command;
    json_t *about;
    json_t *kept;
    double time;
    bool taken;               // open for writing, here or elsewhere
    bool ended;               // the last record is an end
    enum journal_state state; // what that end said
    size_t good;              // bytes of whole records
    struct journal_entry *steps;
    size_t n;
};

#define JOURNAL_DIR "journal" // in the state directory

void journal_free(struct journal *j);
// One line: the record with its sum and a newline. Takes no reference.
void journal_line(const json_t *record, struct buf *out);
// Reads all whole records of the text into j; a bad end is left out (j->good tells where it begins).
int journal_parse(struct journal *j, const char *text, size_t len, struct err *e);
// By the first and the last bytes of its file: may it be a workflow that has neither ended well nor been taken back?
bool journal_looks_unfinished(const char *head, size_t head_len, const char *tail, size_t tail_len);
// Takes one record into account. -1: it makes no sense.
int journal_take(struct journal *j, const json_t *record);
