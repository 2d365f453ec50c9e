// SPDX-License-Identifier: GPL-3.0-or-later
// What a domain's managed save is worth: whether it ran when it was saved, and whether a disk was written to since, so
// that going on from it would put yesterday's memory on today's disk. Looks at the files on the node. Job threads.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "core/console/ctx.h"

struct job;
struct virt_conn;
struct virt_dom;

struct saved {
    bool was_running; // true, too, where the node does not tell
    bool told;        // it does
    double time;      // of the save, seconds since the epoch
    char *disk;       // the disk that was written to last, if that was behind the save; else NULL
    double disk_time;
    char *unseen; // a disk of which that is not known, though a file has such a time; else NULL
};
void saved_release(struct saved *s);
#define _cleanup_saved_ _cleanup_(saved_release)

// `node` NULL: this machine. `dom` has a managed save. -1: it cannot be told, of one of its files at least; *ret then
// says that it ran. Of devices and of what a network brings there is nothing to be known.
int saved_look(struct ctx *ctx, struct job *job, struct node *node, struct virt_dom *dom, struct saved *ret,
               struct err *e);

// The same of an image that `save` made: the file `path`, with this definition in it.
int saved_look_image(struct ctx *ctx, struct job *job, struct node *node, struct virt_conn *conn, const char *path,
                     const char *xml, struct saved *ret, struct err *e);

// Pure: the same of guest_files() rows. False: the save itself is not among them.
bool saved_judge(const json_t *rows, struct saved *ret);
