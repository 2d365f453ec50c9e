// SPDX-License-Identifier: GPL-3.0-or-later
// Storage pools: finding, listing, describing, and what can be done to one. Job threads. Sizes are in bytes. Strings
// returned through ret_ and JSON values are the caller's; the others live as long as the object.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/virt/conn.h"

struct virt_pool;

// By uuid or name, in virsh's order. ERR_NOT_FOUND: "failed to get pool 'NAME'".
int virt_pool_lookup(struct virt_conn *c, const char *text, struct virt_pool **ret, struct err *e);
void virt_pool_free(struct virt_pool *p); // NULL is fine
DEFINE_CLEANUP(struct virt_pool, virt_pool_free);

const char *virt_pool_name(const struct virt_pool *p);
const char *virt_pool_uuid(const struct virt_pool *p);

// Which pools: bits of libvirt's virConnectListAllStoragePoolsFlags, same values. Bits of one group (a line) are
// alternatives; groups narrow each other. Types: virt_pool_types().
enum virt_pool_filter {
    VIRT_POOL_INACTIVE = 1 << 0,
    VIRT_POOL_ACTIVE = 1 << 1,
    VIRT_POOL_PERSISTENT = 1 << 2,
    VIRT_POOL_TRANSIENT = 1 << 3,
    VIRT_POOL_AUTOSTART = 1 << 4,
    VIRT_POOL_NO_AUTOSTART = 1 << 5,
};
// The filter bits of "dir,netfs". ERR_USAGE names the word that is no type.
int virt_pool_types(const char *names, unsigned *ret, struct err *e);
// libvirt's words for the types; NULL-terminated, static.
const char *const *virt_pool_type_names(void);

// What is told beside name, uuid and marks; each costs a call for each pool.
enum virt_pool_extra {
    VIRT_POOL_DETAILS = 1, // "state" ("running", "inactive", "building" …), "capacity", "allocation", "available" (null
                           // for an inactive one)
    VIRT_POOL_XML = 2,     // "xml": what runs, else the configuration
};
// *ret: [{"name", "uuid", "active", "autostart", "persistent", …}], by name. Four calls, and those for `extra`.
int virt_pool_list(struct virt_conn *c, unsigned filter, unsigned extra, json_t **ret, struct err *e);
// *ret: one such object, with the details, but without the sizes where the pool is inactive.
int virt_pool_info(struct virt_pool *p, json_t **ret, struct err *e);
int virt_pool_is_active(struct virt_pool *p, bool *ret, struct err *e);
int virt_pool_is_persistent(struct virt_pool *p, bool *ret, struct err *e);
int virt_pool_autostart(struct virt_pool *p, bool *ret, struct err *e);
int virt_pool_set_autostart(struct virt_pool *p, bool on, struct err *e);
// `inactive`: the persistent configuration instead of what runs.
int virt_pool_xml(struct virt_pool *p, bool inactive, char **ret, struct err *e);

// Which types of pools there can be, as XML.
int virt_pool_capabilities(struct virt_conn *c, char **ret, struct err *e);
int virt_pool_define(struct virt_conn *c, const char *xml, bool validate, struct virt_pool **ret, struct err *e);

enum virt_pool_build {
    VIRT_POOL_BUILD = 1, // as it is normal for the type
    VIRT_POOL_BUILD_OVERWRITE = 2,
    VIRT_POOL_BUILD_NO_OVERWRITE = 4,
};
// A transient pool, running; `build`: 0, or the three's bits, to build it first.
int virt_pool_create(struct virt_conn *c, const char *xml, unsigned build, struct virt_pool **ret, struct err *e);
int virt_pool_start(struct virt_pool *p, unsigned build, struct err *e);
int virt_pool_build(struct virt_pool *p, unsigned build, struct err *e);
int virt_pool_refresh(struct virt_pool *p, struct err *e);
int virt_pool_destroy(struct virt_pool *p, struct err *e); // stops it; the data stays
int virt_pool_delete(struct virt_pool *p, struct err *e);  // takes away what build made
int virt_pool_undefine(struct virt_pool *p, struct err *e);

// What pools of that type could be made of, as XML (<sources>); `source`: a <source> that says where to look, or NULL.
int virt_pool_sources(struct virt_conn *c, const char *type, const char *source, char **ret, struct err *e);

enum virt_dir_state { VIRT_DIR_UNKNOWN, VIRT_DIR_THERE, VIRT_DIR_MISSING };
// Is there a directory at `path` on the host? libvirt is asked by way of a transient pool that lives for a moment; it
// must not be the target of a pool that is defined there (UNKNOWN).
enum virt_dir_state virt_pool_probe_dir(struct virt_conn *c, const char *path);
