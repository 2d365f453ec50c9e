// SPDX-License-Identifier: GPL-3.0-or-later
// Descriptions of pools and volumes made of single values (the *-as commands), in virsh's layout, and comparing two
// descriptions of a pool. Pure. Values are data: they are escaped, whatever they hold.
#pragma once

#include <stdbool.h>

#include "base/err.h"

// NULL: not said.
struct pool_spec {
    const char *name, *type; // these two always
    const char *source_host, *source_path, *source_dev, *source_name, *source_format, *source_initiator;
    const char *source_protocol_ver;
    const char *auth_type, *auth_username, *secret_usage, *secret_uuid;
    const char *adapter_name, *adapter_wwnn, *adapter_wwpn;
    const char *adapter_parent, *adapter_parent_wwnn, *adapter_parent_wwpn, *adapter_parent_fabric_wwn;
    const char *target;
};
// The caller frees. Format: libvirt's storage pool XML, https://libvirt.org/formatstorage.html
char *storage_pool_xml(const struct pool_spec *s);

struct vol_spec {
    const char *name; // always
    unsigned long long capacity, allocation;
    bool has_allocation;
    const char *format, *backing_path, *backing_format;
};
char *storage_vol_xml(const struct vol_spec *s);

// A volume's description under another name, for a copy of it: without key and path, which are the original's.
// ERR_USAGE where it is none.
int storage_vol_rename(const char *xml, const char *name, char **ret, struct err *e);

// What tells one definition of a pool from another: its XML without uuid, sizes, permissions and layout.
int storage_pool_essence(const char *xml, char **ret, struct err *e);
// So that building the pool changes nothing of a directory that is there. A running pool's configuration has the
// permissions that libvirt found, too.
int storage_pool_without_permissions(const char *xml, char **ret, struct err *e);
// The directory a pool shows its volumes in (NULL where it has none; the caller frees), and whether building a pool of
// its type means to make that directory and nothing else.
int storage_pool_target(const char *xml, char **ret, bool *ret_made_by_build, struct err *e);
