// SPDX-License-Identifier: GPL-3.0-or-later
// An export as nfs-ganesha's configuration has it, made from an entry of exports(5), for servers that have no exportfs.
// Pure, any thread. The source of the format: ganesha-export-config(8) and ganesha-config(8).
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/nfs/exports.h"

// Can the configuration carry this path (it knows no escapes)? ERR_USAGE.
int ganesha_check_path(const char *path, struct err *e);
// The tag of the managed block for this path.
char *ganesha_tag(const char *path);
// The lines of the block: the entry as a comment of one line, by which ganesha_entry() reads it again, and the EXPORT.
// What ganesha has no word for is told in `notes`.
void ganesha_export(unsigned id, const struct exports_entry *en, const char *line, struct buf *out, json_t *notes);
// The exports(5) line of such a block, ending in a newline ("" if there is none), and its Export_Id (0).
char *ganesha_entry(const char *body, size_t len, unsigned *ret_id);
// Does the configuration export the path outside of the block `tag`?
bool ganesha_exports(const char *conf, size_t len, const char *path, const char *tag);
