// SPDX-License-Identifier: GPL-3.0-or-later
// The file with a guest's memory on its host, looked at before anything goes on from it, rewrites it or takes its name.
// Job threads.
#pragma once

#include "cmd/engine/cmd.h"
#include "core/guest/saved.h"

struct save_of {
    const char *name;     // the guest's
    struct virt_dom *dom; // its managed save; NULL: the file `path` with the definition `xml` in it
    const char *path, *xml;
};

// *ret: what it is worth, and *ret_why, if a disk was written to later, a text that says so (the caller frees; else
// NULL). Where that cannot be told it is an error, or with `force` a warning. A driver whose files nobody knows is
// believed.
int save_look(struct cmd_call *c, const struct save_of *it, bool force, struct saved *ret, char **ret_why,
              struct err *e);
// ERR_UNSAFE, which save_look() has found a reason for; -1.
int save_refuse(const char *why, struct err *e);

#define OVERWRITE_ROW                                                                                                  \
    {                                                                                                                  \
        "overwrite", OPT_BOOL, 0, "replace the file if it already exists"                                              \
    }
// ERR_EXISTS: the file is there on the call's host. Another error: it cannot be told.
int save_refuse_existing(struct cmd_call *c, const char *path, struct err *e);
