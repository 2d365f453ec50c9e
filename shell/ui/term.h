// SPDX-License-Identifier: GPL-3.0-or-later
// The terminal's mode and its keys. While migsh owns the terminal, ISIG is off: a ^C typed there would otherwise reach
// the ssh processes that libvirt's transport runs in our process group, and kill the very connection over which a
// migration has to be aborted. So ^C arrives here as a byte. Main thread; term_restore() from a signal handler too.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum term_mode {
    TERM_COOKED, // as we found it
    TERM_KEYS,   // byte by byte, no echo, no ISIG
    TERM_RAW,    // nothing of what is typed or printed is changed: lent to a guest's console
};

// Takes standard input (it is a terminal) or the controlling terminal. False: there is none, or we are not in its
// foreground; setting a mode from the background would disturb whoever is.
bool term_open(bool use_stdin);
bool term_is_open(void);
void term_set(enum term_mode mode); // does nothing while in the background or not open
// Puts back what term_open() found. Safe in a signal handler, and as often as one likes.
void term_restore(void);
// term_restore() at exit() and when a fault (SIGSEGV, SIGABRT …) kills the process.
void term_restore_at_exit(void);

// Bytes typed from now on go to fn on the main thread; n is 0 once when the terminal is gone. NULL stops it.
void term_watch(void (*fn)(const char *bytes, size_t n, void *data), void *data);
// Stops reading, and puts back the mode that was found, for another program, or sets the raw one. Until it is taken
// back term_set() changes nothing, but sets the raw one anew. False: not in the foreground, or not open.
bool term_lend(bool raw);
void term_take_back(void); // goes on as before, whatever mode it has left
bool term_has_input(void); // now, without waiting
// One byte, waiting for it; -1 at the end. For readline, which asks for the rest of a key sequence.
int term_read_byte(void);
// Types bytes on behalf of the operator, for whoever reads the terminal after us; where the kernel forbids it they are
// lost.
void term_type_back(const char *bytes, size_t n);

// Columns of the terminal; 80 where it does not tell.
int term_width(void);
int term_height(void);
