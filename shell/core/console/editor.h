// SPDX-License-Identifier: GPL-3.0-or-later
// A text that the operator changes in an editor of theirs ($VISUAL, $EDITOR, vi), on the terminal. Job threads.
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct job;

struct editor {
    const char *what;    // "network 'default'", in questions
    const char *instead; // what does the same without a terminal: "net-dumpxml and net-define"
    bool always;         // write it even if it was not changed
    int (*read)(void *data, char **ret, struct err *e);
    int (*write)(void *data, const char *text, struct err *e);
    void *data;
};

// Reads the text, lets it be edited, and writes it if it has changed. An error of write(), and a text that somebody
// else has changed meanwhile, are told, and the operator may edit on. The text is in a file that only this user can
// read, in a directory that is removed afterwards. *ret_changed: false where it was saved as it was, and nothing was
// written. ERR_UNSUPPORTED without a terminal: then nothing is begun.
int editor_run(struct job *job, const struct editor *ed, bool *ret_changed, struct err *e);
