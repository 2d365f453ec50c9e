// SPDX-License-Identifier: GPL-3.0-or-later
// Network filters, and which network card each is bound to. Job threads. Strings returned through ret_ and JSON values
// are the caller's; the others live as long as the object.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/virt/conn.h"

struct virt_nwfilter;

// By uuid or name, in virsh's order. ERR_NOT_FOUND: "failed to get nwfilter 'NAME'".
int virt_nwfilter_lookup(struct virt_conn *c, const char *text, struct virt_nwfilter **ret, struct err *e);
void virt_nwfilter_free(struct virt_nwfilter *f); // NULL is fine
DEFINE_CLEANUP(struct virt_nwfilter, virt_nwfilter_free);

const char *virt_nwfilter_name(const struct virt_nwfilter *f);
const char *virt_nwfilter_uuid(const struct virt_nwfilter *f);

// *ret: [{"uuid", "name"}], by name; one call. ERR_UNSUPPORTED: the driver has none.
int virt_nwfilter_list(struct virt_conn *c, json_t **ret, struct err *e);
int virt_nwfilter_xml(struct virt_nwfilter *f, char **ret, struct err *e);
int virt_nwfilter_define(struct virt_conn *c, const char *xml, bool validate, struct virt_nwfilter **ret,
                         struct err *e);
int virt_nwfilter_undefine(struct virt_nwfilter *f, struct err *e);

// *ret: [{"port": the card's device on the host, "filter"}], by port; one call.
int virt_nwfilter_bindings(struct virt_conn *c, json_t **ret, struct err *e);
// One of them, by port; ERR_NOT_FOUND. *ret_port: the new one's, the caller's.
int virt_nwfilter_binding_xml(struct virt_conn *c, const char *port, char **ret, struct err *e);
int virt_nwfilter_binding_create(struct virt_conn *c, const char *xml, bool validate, char **ret_port, struct err *e);
int virt_nwfilter_binding_delete(struct virt_conn *c, const char *port, struct err *e);
