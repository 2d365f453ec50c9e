// SPDX-License-Identifier: GPL-3.0-or-later
// A guest's memory in files. Job threads. See virt/save.h.
#include "io/virt/save.h"

#include <string.h>

#include "io/virt/priv.h"

_Static_assert((int)VIRT_SAVE_PAUSED == VIR_DOMAIN_SAVE_PAUSED &&
                   (int)VIRT_SAVE_RESET_NVRAM == VIR_DOMAIN_SAVE_RESET_NVRAM &&
                   (int)VIRT_DUMP_MEMORY_ONLY == VIR_DUMP_MEMORY_ONLY && (int)VIRT_DUMP_RESET == VIR_DUMP_RESET,
               "our bits are libvirt's");

const char *const virt_dump_formats[] = {[VIR_DOMAIN_CORE_DUMP_FORMAT_RAW] = "elf",
                                         [VIR_DOMAIN_CORE_DUMP_FORMAT_KDUMP_ZLIB] = "kdump-zlib",
                                         [VIR_DOMAIN_CORE_DUMP_FORMAT_KDUMP_LZO] = "kdump-lzo",
                                         [VIR_DOMAIN_CORE_DUMP_FORMAT_KDUMP_SNAPPY] = "kdump-snappy",
                                         [VIR_DOMAIN_CORE_DUMP_FORMAT_WIN_DMP] = "win-dmp",
                                         NULL};

static int done(int r, struct err *e)
{
    return r < 0 ? virt_fail(e, NULL) : 0;
}

static int text(char *got, char **ret, struct err *e)
{
    if (!got)
        return virt_fail(e, NULL);
    *ret = got;
    return 0;
}

int virt_dom_managed_save(struct virt_dom *d, unsigned flags, struct err *e)
{
    return done(VIRT(virDomainManagedSave(d->ptr, flags)), e);
}

int virt_dom_managed_save_remove(struct virt_dom *d, struct err *e)
{
    return done(VIRT(virDomainManagedSaveRemove(d->ptr, 0)), e);
}

// The calls without flags are those that every driver has.
int virt_dom_save(struct virt_dom *d, const char *path, const char *xml, unsigned flags, struct err *e)
{
    return done(flags || xml ? VIRT(virDomainSaveFlags(d->ptr, path, xml, flags)) : VIRT(virDomainSave(d->ptr, path)),
                e);
}

int virt_restore(struct virt_conn *c, const char *path, const char *xml, unsigned flags, struct err *e)
{
    return done(
        flags || xml ? VIRT(virDomainRestoreFlags(c->ptr, path, xml, flags)) : VIRT(virDomainRestore(c->ptr, path)), e);
}

int virt_save_image_xml(struct virt_conn *c, const char *path, unsigned xml_flags, char **ret, struct err *e)
{
    unsigned flags = xml_flags ? VIR_DOMAIN_SAVE_IMAGE_XML_SECURE : 0;
    return text(VIRT(virDomainSaveImageGetXMLDesc(c->ptr, path, flags)), ret, e);
}

int virt_save_image_define(struct virt_conn *c, const char *path, const char *xml, unsigned flags, struct err *e)
{
    return done(VIRT(virDomainSaveImageDefineXML(c->ptr, path, xml, flags)), e);
}

int virt_managed_save_xml(struct virt_dom *d, unsigned xml_flags, char **ret, struct err *e)
{
    unsigned flags = xml_flags ? VIR_DOMAIN_SAVE_IMAGE_XML_SECURE : 0;
    return text(VIRT(virDomainManagedSaveGetXMLDesc(d->ptr, flags)), ret, e);
}

int virt_managed_save_define(struct virt_dom *d, const char *xml, unsigned flags, struct err *e)
{
    return done(VIRT(virDomainManagedSaveDefineXML(d->ptr, xml, flags)), e);
}

int virt_dom_dump(struct virt_dom *d, const char *path, const char *format, unsigned flags, struct err *e)
{
    unsigned i = 0;
    while (format && virt_dump_formats[i] && strcmp(virt_dump_formats[i], format) != 0)
        i++;
    return done(format ? VIRT(virDomainCoreDumpWithFormat(d->ptr, path, i, flags))
                       : VIRT(virDomainCoreDump(d->ptr, path, flags)),
                e);
}
