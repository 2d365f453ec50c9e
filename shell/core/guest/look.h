// SPDX-License-Identifier: GPL-3.0-or-later
// Looking at files on a node: what they are, whether they are in use, and what an image says of itself. Job threads.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "core/console/ctx.h"

struct job;

#define GUEST_LOOK_SAVE "libvirt-save" // no format of QEMU's

struct guest_place {
    struct ctx *ctx;
    struct job *job;
    struct node *node; // NULL: this machine
    bool root;
};

// `paths`: {ABSOLUTE PATH: FORMAT}; FORMAT: an image of that format, "" an image whose format QEMU has to find out,
// null no image, GUEST_LOOK_SAVE a managed save. *ret: {PATH: {"exists", "in_use", "size", "mtime" (seconds since the
// epoch), "allocation", "owner", "group", "mode", "dir", "stream" (keeps nothing: a pipe, /dev/null), "inode",
// "filesystem" (stat's word for its type; absent where it does not tell), "problem", "info"}}, "info" what qemu-img
// says of an image; of a managed save also "was_running", where it tells. The format is passed on to QEMU so that no
// guest can write itself a header and with it a backing file. ERR_UNSUPPORTED: an image, but no qemu-img.
int guest_look(const struct guest_place *p, const json_t *paths, json_t **ret, struct err *e);

// The same for images and everything below them, level by level, so that a missing file does not hide those above it;
// adds to `facts`. `links`: {PATH: {"backing", "format"}} of images whose XML says what backs them.
int guest_look_chains(const struct guest_place *p, const json_t *paths, const json_t *links, json_t *facts,
                      struct err *e);

// What backs the image: an absolute path (without "." and ".." where it is the same file without them), or another name
// of QEMU's ("nbd://…"), or NULL. Lent by facts or links.
const char *guest_backing(const json_t *facts, const json_t *links, const char *path, const char **ret_format);
