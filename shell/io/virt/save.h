// SPDX-License-Identifier: GPL-3.0-or-later
// A guest's memory in a file of its host: saved by libvirt (managed) or where the operator says, and dumps of it. Job
// threads. Flags are libvirt's, same bits. Texts returned are the caller's.
#pragma once

#include "base/err.h"
#include "io/virt/dom.h"

enum virt_save_flags {
    VIRT_SAVE_BYPASS_CACHE = 1,
    VIRT_SAVE_RUNNING = 2,
    VIRT_SAVE_PAUSED = 4,
    VIRT_SAVE_RESET_NVRAM = 8, // restore only
};
int virt_dom_managed_save(struct virt_dom *d, unsigned flags, struct err *e);
int virt_dom_managed_save_remove(struct virt_dom *d, struct err *e);
// `xml` NULL: the definition that the guest has, or that is in the file.
int virt_dom_save(struct virt_dom *d, const char *path, const char *xml, unsigned flags, struct err *e);
int virt_restore(struct virt_conn *c, const char *path, const char *xml, unsigned flags, struct err *e);

// The definition in a file. `xml_flags`: VIRT_XML_SECURE or 0.
int virt_save_image_xml(struct virt_conn *c, const char *path, unsigned xml_flags, char **ret, struct err *e);
int virt_save_image_define(struct virt_conn *c, const char *path, const char *xml, unsigned flags, struct err *e);
int virt_managed_save_xml(struct virt_dom *d, unsigned xml_flags, char **ret, struct err *e);
int virt_managed_save_define(struct virt_dom *d, const char *xml, unsigned flags, struct err *e);

enum virt_dump_flags {
    VIRT_DUMP_CRASH = 1,
    VIRT_DUMP_LIVE = 2,
    VIRT_DUMP_BYPASS_CACHE = 4,
    VIRT_DUMP_RESET = 8,
    VIRT_DUMP_MEMORY_ONLY = 16,
};
extern const char *const virt_dump_formats[];
// `format` NULL: libvirt's default.
int virt_dom_dump(struct virt_dom *d, const char *path, const char *format, unsigned flags, struct err *e);
