// SPDX-License-Identifier: GPL-3.0-or-later
// Storage volumes. Job threads. Sizes are in bytes. Strings returned through ret_ and JSON values are the caller's; the
// others live as long as the object.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/virt/conn.h"

struct strv;
struct virt_pool;
struct virt_vol;

// As virsh finds it: by name in `p` (NULL: no name is tried), by key, by path. ERR_NOT_FOUND: no pool manages it;
// ERR_USAGE: it is in another pool than `p`; ERR_STATE: `p` is not active.
int virt_vol_find(struct virt_conn *c, struct virt_pool *p, const char *text, struct virt_vol **ret, struct err *e);
// The same, with the pool's name or uuid, or NULL.
int virt_vol_lookup(struct virt_conn *c, const char *pool, const char *text, struct virt_vol **ret, struct err *e);
void virt_vol_free(struct virt_vol *v); // NULL is fine
DEFINE_CLEANUP(struct virt_vol, virt_vol_free);

const char *virt_vol_name(const struct virt_vol *v);
const char *virt_vol_key(const struct virt_vol *v);
int virt_vol_path(struct virt_vol *v, char **ret, struct err *e);
int virt_vol_pool(struct virt_vol *v, struct virt_pool **ret, struct err *e);
int virt_vol_xml(struct virt_vol *v, char **ret, struct err *e);

// *ret: [{"name", "path"}], by name; a call for each volume (libvirt has no other way to the path). `details`: also
// "type" ("file", "block" …), "capacity", "allocation"; another call for each.
int virt_vol_list(struct virt_pool *p, bool details, json_t **ret, struct err *e);
// The names alone, by one call; adds to *ret.
int virt_vol_names(struct virt_pool *p, struct strv *ret, struct err *e);
// *ret: {"name", "type", "capacity", "allocation"}; `physical`: "physical" instead of the last: what the file takes on
// the host as a file of its length.
int virt_vol_info(struct virt_vol *v, bool physical, json_t **ret, struct err *e);

enum virt_vol_create {
    VIRT_VOL_PREALLOC_METADATA = 1,
    VIRT_VOL_REFLINK = 2, // only from another volume
    VIRT_VOL_VALIDATE = 4,
};
int virt_vol_create(struct virt_pool *p, const char *xml, unsigned flags, struct virt_vol **ret, struct err *e);
// With the content of `from`.
int virt_vol_clone(struct virt_pool *p, const char *xml, struct virt_vol *from, unsigned flags, struct virt_vol **ret,
                   struct err *e);

enum virt_vol_resize {
    VIRT_VOL_ALLOCATE = 1,
    VIRT_VOL_DELTA = 2, // `capacity` is added, or with SHRINK taken away
    VIRT_VOL_SHRINK = 4,
};
int virt_vol_resize(struct virt_vol *v, unsigned long long capacity, unsigned flags, struct err *e);
// `algorithm`: one of virt_vol_wipes[], as an index; 0 writes zeros.
extern const char *const virt_vol_wipes[11]; // virsh's words, NULL at the end
int virt_vol_wipe(struct virt_vol *v, unsigned algorithm, struct err *e);
int virt_vol_delete(struct virt_vol *v, bool with_snapshots, struct err *e);
