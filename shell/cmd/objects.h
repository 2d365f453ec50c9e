// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands on libvirt's objects share: pools, volumes, networks, secrets, filters, interfaces. Job threads.
#pragma once

#include <stdbool.h>

#include "cmd/engine/cmd.h"

struct editor;

// "node NODE: " before an error; -1. (Of a command that runs on each node the dispatcher says where it failed.)
int object_at_node(const struct cmd_call *c, struct err *e);
// A lookup has failed: where, and which command lists what is there; -1.
int object_not_found(const struct cmd_call *c, const char *lister, struct err *e);

// The result {"name", "uuid", "node"?} (`name` NULL: it has none); what it is called is remembered for completion, as
// of this kind (see core/console/names_watch.c).
void object_result(struct cmd_call *c, const char *kind, const char *name, const char *uuid);
void object_add_node(struct cmd_call *c); // "node" alone, to a result that is there
void object_gone(struct cmd_call *c, const char *kind);
// The names (under `key`) in the result's rows are remembered; `whole`: they are all that there are.
void object_remember(struct cmd_call *c, const char *kind, const char *key, bool whole);

// The command clones an object: the connection to the node (or URI) at `opt`, which may not be where the object is.
int object_dest(struct cmd_call *c, int opt, const char *noun, struct virt_conn **ret, struct err *e);
// … and the result has its "steps": what it is called there is remembered, and `unchanged` shows that there were none.
void object_cloned(struct cmd_call *c, int opt, const char *kind, const char *name, const struct view *unchanged);

// A description as the result: whole, or what --xpath finds in it, wrapped by --wrap.
int object_xml_result(struct cmd_call *c, const char *xml, int xpath, int wrap, struct err *e);
// What --print-xml shows instead of giving it to libvirt; 0.
int object_print_xml(struct cmd_call *c, const char *xml);

// What the help of each NAME-edit begins with.
#define EDIT_HELP                                                                                                      \
    "The definition is opened in $VISUAL, $EDITOR or vi, and defined anew if it was changed. What libvirt does not\n"  \
    "accept, and what somebody else has changed meanwhile, is told, and can be edited on. "
// What a NAME-edit command does: editor_run(), and the result with "changed". `unchanged` is how that is shown.
int object_edit(struct cmd_call *c, const struct editor *ed, const struct view *unchanged, struct err *e);
