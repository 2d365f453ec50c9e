// SPDX-License-Identifier: GPL-3.0-or-later
// libvirt's secrets: passwords and keys that it keeps for storage, TLS and TPMs. Job threads. Strings returned through
// ret_ and JSON values are the caller's; the others live as long as the object.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/virt/conn.h"

struct virt_secret;

// By uuid: they have no names. ERR_NOT_FOUND: "failed to get secret 'TEXT'".
int virt_secret_lookup(struct virt_conn *c, const char *text, struct virt_secret **ret, struct err *e);
void virt_secret_free(struct virt_secret *s); // NULL is fine
DEFINE_CLEANUP(struct virt_secret, virt_secret_free);

const char *virt_secret_uuid(const struct virt_secret *s);

// Bits of libvirt's virConnectListAllSecretsFlags, same values.
enum virt_secret_filter {
    VIRT_SECRET_EPHEMERAL = 1 << 0,
    VIRT_SECRET_NO_EPHEMERAL = 1 << 1,
    VIRT_SECRET_PRIVATE = 1 << 2,
    VIRT_SECRET_NO_PRIVATE = 1 << 3,
};
// *ret: [{"uuid", "usage_type": "none", "volume", "ceph" …, "usage": what for}], by uuid; one call. Their values are
// not asked for. ERR_UNSUPPORTED: the driver has none.
int virt_secret_list(struct virt_conn *c, unsigned filter, json_t **ret, struct err *e);
int virt_secret_xml(struct virt_secret *s, char **ret, struct err *e);
int virt_secret_define(struct virt_conn *c, const char *xml, bool validate, struct virt_secret **ret, struct err *e);
int virt_secret_undefine(struct virt_secret *s, struct err *e);

// *ret is the caller's to wipe and free; NUL-terminated behind its *ret_n bytes. ERR_NOT_FOUND: it has no value yet;
// ERR_AUTH: it is private, and nobody gets it out.
int virt_secret_value(struct virt_secret *s, unsigned char **ret, size_t *ret_n, struct err *e);
int virt_secret_set_value(struct virt_secret *s, const void *value, size_t n, struct err *e);
