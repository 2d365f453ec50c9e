// SPDX-License-Identifier: GPL-3.0-or-later
// The prompt's history: readline's list, kept in a file of our own (mode 0600, one entry a line; a newline inside an
// entry is written as \n, a backslash as \\). Main thread.
#pragma once

// `path` NULL: in memory only. Reads what is there, newest last, and rewrites the file when it holds duplicates or too
// much. A file that cannot be read or written costs a notice, never the prompt.
void history_open(const char *path);
// Keeps an entry unless it begins with a blank, is empty, holds a secret, or repeats the last one; an older duplicate
// is dropped.
void history_keep(const char *entry);
void history_close(void);
