// SPDX-License-Identifier: GPL-3.0-or-later
// Adapting a description to another host: names and paths in the XML of a domain, a snapshot or a checkpoint (the
// domains within too) are replaced by a map. Pure; any thread. The source of the format: libvirt's formatdomain,
// formatsnapshot.
//
// A map is {KIND: {FROM: TO}}:
//   pool      <source pool> of disks
//   bridge    <source bridge> of interfaces
//   network   <source network> of interfaces
//   path      everything that is an absolute path of a file, device or directory the guest uses (disks and what backs
//             them, mirrors, nvram, loader, kernel and initrd, file systems, memory files of snapshots …): FROM is a
//             prefix of whole components ("/old" is no prefix of "/older"), the longest one wins
//   machine   <type machine> of <os>
//   emulator  <emulator>
//   disk      disks, mirrors and what backs them, by the path that they have after all of the above: TO is "file" or
//             "block", which the place is from now on. Only programs say so: no text of an operator's has this kind.
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

struct xml_mapped {
    char *xml;      // as it was, to the byte, where nothing is changed; else as libxml2 writes it
    char *diff;     // unified, both sides as libxml2 writes them; "" where nothing is changed
    size_t changes; // values replaced
    json_t *unused; // [{"kind", "from"}]: entries that matched nothing, by kind and name
};
void xml_mapped_release(struct xml_mapped *m);
#define _cleanup_xml_mapped_ _cleanup_(xml_mapped_release)

// ERR_USAGE: not well-formed XML, or a map that is none.
int xml_map(const char *xml, const json_t *map, struct xml_mapped *ret, struct err *e);
// Adds what is written as "pool=A:B,path=/old:/new" to a map. A backslash takes the special meaning from ':', ',' and
// itself. ERR_USAGE, also where one FROM appears twice with different TOs.
int xml_map_add(json_t *map, const char *text, struct err *e);
// ERR_USAGE: a map that is none.
int xml_map_check(const json_t *map, struct err *e);
// One path by the map's "path" alone. The caller frees; NULL: none of them is a prefix.
char *xml_map_path(const json_t *map, const char *path);
