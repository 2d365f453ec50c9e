// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs on disks. Job threads. See virt/block.h.
#include "io/virt/block.h"

#include "io/virt/priv.h"

_Static_assert((int)VIRT_BLOCK_END_ASYNC == VIR_DOMAIN_BLOCK_JOB_ABORT_ASYNC &&
                   (int)VIRT_BLOCK_END_PIVOT == VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT &&
                   (int)VIRT_BLOCK_COPY_SHALLOW == VIR_DOMAIN_BLOCK_COPY_SHALLOW &&
                   (int)VIRT_BLOCK_COPY_REUSE == VIR_DOMAIN_BLOCK_COPY_REUSE_EXT &&
                   (int)VIRT_BLOCK_COPY_TRANSIENT == VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB &&
                   (int)VIRT_BLOCK_COPY_SYNC == VIR_DOMAIN_BLOCK_COPY_SYNCHRONOUS_WRITES &&
                   (int)VIRT_BLOCK_COMMIT_SHALLOW == VIR_DOMAIN_BLOCK_COMMIT_SHALLOW &&
                   (int)VIRT_BLOCK_COMMIT_DELETE == VIR_DOMAIN_BLOCK_COMMIT_DELETE &&
                   (int)VIRT_BLOCK_COMMIT_ACTIVE == VIR_DOMAIN_BLOCK_COMMIT_ACTIVE &&
                   (int)VIRT_BLOCK_COMMIT_RELATIVE == VIR_DOMAIN_BLOCK_COMMIT_RELATIVE,
               "our bits are libvirt's");

static const struct {
    const char *type, *title;
} kinds[] = {
    [VIR_DOMAIN_BLOCK_JOB_TYPE_UNKNOWN] = {"unknown", "Unknown job"},
    [VIR_DOMAIN_BLOCK_JOB_TYPE_PULL] = {"pull", "Block Pull"},
    [VIR_DOMAIN_BLOCK_JOB_TYPE_COPY] = {"copy", "Block Copy"},
    [VIR_DOMAIN_BLOCK_JOB_TYPE_COMMIT] = {"commit", "Block Commit"},
    [VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT] = {"active-commit", "Active Block Commit"},
    [VIR_DOMAIN_BLOCK_JOB_TYPE_BACKUP] = {"backup", "Backup"},
};

int virt_block_job(struct virt_dom *d, const char *disk, bool bytes, struct virt_block_job *ret, struct err *e)
{
    virDomainBlockJobInfo info = {0};
    unsigned flags = bytes ? VIR_DOMAIN_BLOCK_JOB_INFO_BANDWIDTH_BYTES : 0;
    int r = VIRT(virDomainGetBlockJobInfo(d->ptr, disk, &info, flags));
    if (r < 0)
        return virt_fail(e, disk);
    size_t kind = (size_t)info.type < ARRAY_SIZE(kinds) ? (size_t)info.type : 0;
    *ret = (struct virt_block_job){.bandwidth = info.bandwidth, .in_bytes = bytes, .cur = info.cur, .end = info.end};
    if (r) {
        ret->type = kinds[kind].type;
        ret->title = kinds[kind].title;
    }
    return 0;
}

int virt_block_job_end(struct virt_dom *d, const char *disk, unsigned flags, struct err *e)
{
    return VIRT(virDomainBlockJobAbort(d->ptr, disk, flags)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_block_job_limit(struct virt_dom *d, const char *disk, unsigned long long bytes_s, struct err *e)
{
    unsigned flags = bytes_s ? VIR_DOMAIN_BLOCK_JOB_SPEED_BANDWIDTH_BYTES : 0;
    return VIRT(virDomainBlockJobSetSpeed(d->ptr, disk, (unsigned long)bytes_s, flags)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_block_copy(struct virt_dom *d, const char *disk, const char *xml, const struct virt_block_copy_limits *limits,
                    unsigned flags, struct err *e)
{
    virTypedParameterPtr params = NULL;
    int n = 0, max = 0;
    if ((limits->bytes_s &&
         virTypedParamsAddULLong(&params, &n, &max, VIR_DOMAIN_BLOCK_COPY_BANDWIDTH, limits->bytes_s) < 0) ||
        (limits->granularity &&
         virTypedParamsAddUInt(&params, &n, &max, VIR_DOMAIN_BLOCK_COPY_GRANULARITY, limits->granularity) < 0) ||
        (limits->buffer &&
         virTypedParamsAddULLong(&params, &n, &max, VIR_DOMAIN_BLOCK_COPY_BUF_SIZE, limits->buffer) < 0))
        return virt_fail(e, NULL);
    int r = VIRT(virDomainBlockCopy(d->ptr, disk, xml, params, n, flags)) < 0 ? virt_fail(e, NULL) : 0;
    virTypedParamsFree(params, n);
    return r;
}

int virt_block_commit(struct virt_dom *d, const char *disk, const char *base, const char *top,
                      unsigned long long bytes_s, unsigned flags, struct err *e)
{
    if (bytes_s)
        flags |= VIR_DOMAIN_BLOCK_COMMIT_BANDWIDTH_BYTES;
    return VIRT(virDomainBlockCommit(d->ptr, disk, base, top, (unsigned long)bytes_s, flags)) < 0 ? virt_fail(e, NULL)
                                                                                                  : 0;
}

int virt_block_pull(struct virt_dom *d, const char *disk, const char *base, unsigned long long bytes_s, bool relative,
                    struct err *e)
{
    unsigned flags =
        (bytes_s ? VIR_DOMAIN_BLOCK_REBASE_BANDWIDTH_BYTES : 0) | (relative ? VIR_DOMAIN_BLOCK_REBASE_RELATIVE : 0);
    int r = base || relative ? VIRT(virDomainBlockRebase(d->ptr, disk, base, (unsigned long)bytes_s, flags))
                             : VIRT(virDomainBlockPull(d->ptr, disk, (unsigned long)bytes_s,
                                                       bytes_s ? VIR_DOMAIN_BLOCK_PULL_BANDWIDTH_BYTES : 0));
    return r < 0 ? virt_fail(e, NULL) : 0;
}

int virt_block_resize(struct virt_dom *d, const char *disk, unsigned long long bytes, struct err *e)
{
    return VIRT(virDomainBlockResize(d->ptr, disk, bytes, VIR_DOMAIN_BLOCK_RESIZE_BYTES)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_block_threshold(struct virt_dom *d, const char *disk, unsigned long long bytes, struct err *e)
{
    return VIRT(virDomainSetBlockThreshold(d->ptr, disk, bytes, 0)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_backup_begin(struct virt_dom *d, const char *xml, const char *checkpoint, bool reuse, struct err *e)
{
    unsigned flags = reuse ? VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL : 0;
    return VIRT(virDomainBackupBegin(d->ptr, xml, checkpoint, flags)) < 0 ? virt_fail(e, NULL) : 0;
}

int virt_backup_xml(struct virt_dom *d, char **ret, struct err *e)
{
    *ret = VIRT(virDomainBackupGetXMLDesc(d->ptr, 0));
    return *ret ? 0 : virt_fail(e, NULL);
}
