// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands on libvirt's objects share: pools, volumes, networks, secrets, filters, interfaces. Job threads.
#pragma once

#include <stdbool.h>

#include "cmd/engine/cmd.h"

// "node NODE: " before an error; -1. (Of a command that runs on each node the dispatcher says where it failed.)
int object_at_node(const struct cmd_call *c, struct err *e);
// A lookup has failed: where, and which command lists what is there; -1.
int object_not_found(const struct cmd_call *c, const char *lister, struct err *e);

// The result {"name", "uuid", "node"?} (`name` NULL: it has none); what it is called is remembered for completion, as
// of this kind (see core/console/names_watch.c).
void object_result(struct cmd_call *c, const char *kind, const char *name, const char *uuid);
void object_add_node(struct cmd_call *c); // "node" alone, to a result that is there
// What the result tells of (by its "name", "port" or "uuid") is there no more: it is not offered any longer.
void object_gone(struct cmd_call *c, const char *kind);
// The names (under `key`) in the result's rows are remembered; `whole`: they are all that there are.
void object_remember(struct cmd_call *c, const char *kind, const char *key, bool whole);

// The command clones an object: the connection to the node (or URI) at `opt`, which may not be where the object is.
int object_dest(struct cmd_call *c, int opt, const char *noun, struct virt_conn **ret, struct err *e);
// … and the result has its "steps": what it is called there is remembered, and `unchanged` shows that there were none.
void object_cloned(struct cmd_call *c, int opt, const char *kind, const char *name, const struct view *unchanged);

// A description of the admin's: ERR_NOT_FOUND and the like name the file. The caller frees *ret.
int object_read_file(const char *path, char **ret, struct err *e);
// Makes an object of its description, and the command's result of it.
typedef int object_make(struct cmd_call *c, const char *xml, bool validate, struct err *e);
// The same of the file at `file`, with --validate where the command has that: "failed to VERB NOUN from FILE". The
// result has "file", too.
int object_from_file(struct cmd_call *c, int file, const char *verb, const char *noun, object_make *make,
                     struct err *e);

// A description as the result: whole, or what --xpath finds in it, wrapped by --wrap.
int object_xml_result(struct cmd_call *c, const char *xml, int xpath, int wrap, struct err *e);
// What --print-xml shows instead of giving it to libvirt; 0.
int object_print_xml(struct cmd_call *c, const char *xml);

// What the help of each NAME-edit begins with.
#define EDIT_HELP                                                                                                      \
    "The definition is opened in $VISUAL, $EDITOR or vi, and defined anew if it was changed. What libvirt does not\n"  \
    "accept, and what somebody else has changed meanwhile, is told, and can be edited on. "
// What it does: the result, which tells of the object, is there already, and gets "changed".
struct object_edit {
    const char *noun, *instead; // "network", "net-dumpxml and net-define"
    const struct view *unchanged;
    int (*read)(void *object, char **ret, struct err *e);
    void *object;
    object_make *define;
    bool validate;
    bool always; // an option is to be obeyed even if the text stays what it was
};
int object_edit(struct cmd_call *c, const struct object_edit *how, struct err *e);
