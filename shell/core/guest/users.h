// SPDX-License-Identifier: GPL-3.0-or-later
// Who would lose by it if a file or device of a host went, or other bytes came into it: guests of any hypervisor of the
// inventory whose disks it is or lie on it, and whoever has it open. Only read. Job threads.
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/strv.h"
#include "core/console/ctx.h"

struct job;
struct virt_conn;

struct users_query {
    struct ctx *ctx;
    struct job *job;
    const struct target *here; // whose it is
    struct virt_conn *conn;    // to there
    const char *path;          // as libvirt calls it there: absolute, or a network disk's name
    const char *but;           // the uuid of a guest whose definition there does not count; NULL: all do
    bool running;              // only guests that run, and what lies on it
    bool guests;               // only guests: a program that has it open may be QEMU of the one that is asked for
};

// Adds a text for each: "web on dest". A definition that a migration has left behind is none. What lies on a file
// system of its host's own, or is a device, is that host's alone: of the others nobody is asked. -1: who uses it is not
// known, as somebody did not answer; *ret is what is known.
int users_find(const struct users_query *q, struct strv *ret, struct err *e);

// Is it the type, in stat(1)'s words, of a file system that only one host can have? False: of others, and of NULL.
// (scripts/tools/file_users.sh knows the same for recipes; tests/lint compares them.)
bool users_fs_is_local(const char *type);
