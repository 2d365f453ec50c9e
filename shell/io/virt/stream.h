// SPDX-License-Identifier: GPL-3.0-or-later
// The content of a volume, to and from a local file, and a picture of a guest's screen, over a libvirt stream. Job
// threads. Memory is bounded whatever the speeds of the two ends are.
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct job;
struct virt_dom;
struct virt_vol;

struct virt_transfer {
    bool upload;                                           // else: from the volume to the file
    bool sparse;                                           // holes are sent as holes; the file must be able to seek
    unsigned long long offset;                             // in the volume
    unsigned long long length;                             // of what is moved at most; 0: all there is
    int fd;                                                // the local file, at the place to begin; stays the caller's
    void (*progress)(void *data, unsigned long long done); // a few times a second on the job's thread; may be NULL
    void *data;
};

struct virt_transferred {
    unsigned long long bytes; // data that went over the wire
    unsigned long long holes; // bytes that did not, because they are holes
};

// *ret is filled in any case: what had gone through. Cancelling the job ends it within two seconds, also when the other
// side does not answer; then a thread is left behind that ends with the connection.
int virt_vol_transfer(struct virt_vol *v, struct job *job, const struct virt_transfer *t, struct virt_transferred *ret,
                      struct err *e);

// A picture of that screen, into the local file. *ret_mime says what it is: "image/png"; the caller frees.
int virt_dom_screenshot(struct virt_dom *d, struct job *job, unsigned screen, int fd, char **ret_mime, struct err *e);
