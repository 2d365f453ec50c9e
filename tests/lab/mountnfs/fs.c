// SPDX-License-Identifier: GPL-3.0-or-later
// The file system: FUSE's operations, each one or two requests to the server. They run on FUSE's workers and sleep
// until the answer is here. They must not cache anything: see mountnfs.c.
#include "mountnfs_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <time.h>

enum {
    TRANSFER_MAX = 1024 * 1024, // libnfs's and FUSE's own upper limit for one request
};

// ---- answers ----

static void take_pointer(struct call *call, void *data)
{
    *(void **)call->out = data;
}

static void take_stat(struct call *call, void *data)
{
    const struct nfs_stat_64 *from = data;
    struct stat *to = call->out;
    *to = (struct stat){
        .st_ino = from->nfs_ino,
        .st_mode = (mode_t)from->nfs_mode,
        .st_nlink = from->nfs_nlink,
        .st_uid = (uid_t)from->nfs_uid,
        .st_gid = (gid_t)from->nfs_gid,
        .st_rdev = from->nfs_rdev,
        .st_size = (off_t)from->nfs_size,
        .st_blksize = TRANSFER_MAX,
        .st_blocks = (blkcnt_t)((from->nfs_used + 511) / 512),
        .st_atim = {.tv_sec = (time_t)from->nfs_atime, .tv_nsec = (long)from->nfs_atime_nsec},
        .st_mtim = {.tv_sec = (time_t)from->nfs_mtime, .tv_nsec = (long)from->nfs_mtime_nsec},
        .st_ctim = {.tv_sec = (time_t)from->nfs_ctime, .tv_nsec = (long)from->nfs_ctime_nsec},
    };
}

static void take_statvfs(struct call *call, void *data)
{
    const struct nfs_statvfs_64 *from = data;
    struct statvfs *to = call->out;
    *to = (struct statvfs){
        .f_bsize = from->f_bsize,
        .f_frsize = from->f_frsize ? from->f_frsize : from->f_bsize,
        .f_blocks = from->f_blocks,
        .f_bfree = from->f_bfree,
        .f_bavail = from->f_bavail,
        .f_files = from->f_files,
        .f_ffree = from->f_ffree,
        .f_favail = from->f_favail,
        .f_namemax = from->f_namemax ? from->f_namemax : 255,
    };
}

static void take_bytes(struct call *call, void *data)
{
    if ((size_t)call->status > call->size) {
        call->status = -EIO;
        return;
    }
    memcpy(call->out, data, (size_t)call->status);
}

static void take_string(struct call *call, void *data)
{
    snprintf(call->out, call->size, "%s", (const char *)data);
}

// ---- the file system ----

static struct nfsfh *handle(const struct fuse_file_info *info)
{
    return (struct nfsfh *)(uintptr_t)info->fh;
}

static int fs_getattr(const char *path, struct stat *ret_stat, struct fuse_file_info *info)
{
    if (info) {
        return NFS_CALL(take_stat, ret_stat, nfs_fstat64_async, handle(info));
    }
    return NFS_CALL(take_stat, ret_stat, nfs_lstat64_async, path);
}

static int fs_readlink(const char *path, char *ret_target, size_t size)
{
    struct call call;
    call_begin(&call, take_string, ret_target);
    call.size = size;
    return call_end(&call, nfs_readlink_async(nfs, path, call_answered, &call));
}

// The server saw root make it: hand it to whoever asked.
static int give_to_caller(const char *path)
{
    const struct fuse_context *caller = fuse_get_context();
    if (caller->uid == 0 && caller->gid == 0) {
        return 0;
    }
    return NFS_CALL(NULL, NULL, nfs_lchown_async, path, (int)caller->uid, (int)caller->gid);
}

static int fs_mkdir(const char *path, mode_t mode)
{
    int status = NFS_CALL(NULL, NULL, nfs_mkdir2_async, path, (int)mode);
    return status < 0 ? status : give_to_caller(path);
}

static int fs_symlink(const char *target, const char *path)
{
    int status = NFS_CALL(NULL, NULL, nfs_symlink_async, target, path);
    return status < 0 ? status : give_to_caller(path);
}

static int fs_link(const char *old_path, const char *new_path)
{
    return NFS_CALL(NULL, NULL, nfs_link_async, old_path, new_path);
}

static int fs_unlink(const char *path)
{
    return NFS_CALL(NULL, NULL, nfs_unlink_async, path);
}

static int fs_rmdir(const char *path)
{
    return NFS_CALL(NULL, NULL, nfs_rmdir_async, path);
}

static int fs_rename(const char *old_path, const char *new_path, unsigned flags)
{
    if (flags != 0) {
        return -EINVAL; // NFS knows neither exchange nor no-replace
    }
    return NFS_CALL(NULL, NULL, nfs_rename_async, old_path, new_path);
}

static int fs_chmod(const char *path, mode_t mode, struct fuse_file_info *info)
{
    (void)info;
    return NFS_CALL(NULL, NULL, nfs_lchmod_async, path, (int)(mode & 07777));
}

static int fs_chown(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *info)
{
    (void)info;
    return NFS_CALL(NULL, NULL, nfs_lchown_async, path, (int)uid, (int)gid);
}

static int fs_truncate(const char *path, off_t size, struct fuse_file_info *info)
{
    if (info) {
        return NFS_CALL(NULL, NULL, nfs_ftruncate_async, handle(info), (uint64_t)size);
    }
    return NFS_CALL(NULL, NULL, nfs_truncate_async, path, (uint64_t)size);
}

static struct timeval one_time(struct timespec wanted, struct timespec old, struct timespec now)
{
    struct timespec time = wanted.tv_nsec == UTIME_OMIT ? old : wanted.tv_nsec == UTIME_NOW ? now : wanted;
    return (struct timeval){.tv_sec = time.tv_sec, .tv_usec = time.tv_nsec / 1000};
}

static int fs_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *info)
{
    if (times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW) {
        return NFS_CALL(NULL, NULL, nfs_lutimes_async, path, NULL); // the server's clock
    }
    struct stat old;
    int status = fs_getattr(path, &old, info); // libnfs always sets both, so an omitted one is set to what it was
    if (status < 0) {
        return status;
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct timeval both[2] = {one_time(times[0], old.st_atim, now), one_time(times[1], old.st_mtim, now)};
    return NFS_CALL(NULL, NULL, nfs_lutimes_async, path, both);
}

static void opened(struct fuse_file_info *info, struct nfsfh *file)
{
    info->fh = (uintptr_t)file;
    info->direct_io = 1;
}

static int fs_open(const char *path, struct fuse_file_info *info)
{
    struct nfsfh *file = NULL;
    int status = NFS_CALL(take_pointer, &file, nfs_open_async, path, info->flags & (O_ACCMODE | O_SYNC));
    if (status >= 0) {
        opened(info, file);
    }
    return status;
}

static int fs_release(const char *path, struct fuse_file_info *info)
{
    (void)path;
    return NFS_CALL(NULL, NULL, nfs_close_async, handle(info));
}

static int fs_create(const char *path, mode_t mode, struct fuse_file_info *info)
{
    struct nfsfh *file = NULL;
    int flags = O_CREAT | (info->flags & (O_ACCMODE | O_EXCL | O_SYNC));
    int status = NFS_CALL(take_pointer, &file, nfs_open2_async, path, flags, (int)(mode & 07777));
    if (status < 0) {
        return status;
    }
    opened(info, file);
    status = give_to_caller(path);
    if (status < 0) {
        fs_release(path, info);
    }
    return status < 0 ? status : 0;
}

static int fs_mknod(const char *path, mode_t mode, dev_t device)
{
    int status;
    if (S_ISREG(mode)) {
        struct fuse_file_info info = {.flags = O_WRONLY | O_EXCL};
        status = fs_create(path, mode, &info);
        return status < 0 ? status : fs_release(path, &info);
    }
    status = NFS_CALL(NULL, NULL, nfs_mknod_async, path, (int)mode, (int)device);
    return status < 0 ? status : give_to_caller(path);
}

static int fs_read(const char *path, char *ret_bytes, size_t size, off_t offset, struct fuse_file_info *info)
{
    (void)path;
    struct call call;
    call_begin(&call, take_bytes, ret_bytes);
    call.size = size;
    return call_end(&call, nfs_pread_async(nfs, handle(info), (uint64_t)offset, size, call_answered, &call));
}

static int fs_write(const char *path, const char *bytes, size_t size, off_t offset, struct fuse_file_info *info)
{
    if (info->flags & O_APPEND) {
        // The kernel's idea of where the file ends may be older than another host's last write.
        struct stat now;
        int status = fs_getattr(path, &now, info);
        if (status < 0) {
            return status;
        }
        offset = now.st_size;
    }
    return NFS_CALL(NULL, NULL, nfs_pwrite_async, handle(info), (uint64_t)offset, size, bytes);
}

static int fs_fsync(const char *path, int data_only, struct fuse_file_info *info)
{
    (void)path, (void)data_only;
    return NFS_CALL(NULL, NULL, nfs_fsync_async, handle(info)); // COMMIT: writes before it are on the server's disk
}

static int fs_statfs(const char *path, struct statvfs *ret_stat)
{
    return NFS_CALL(take_statvfs, ret_stat, nfs_statvfs64_async, path);
}

static mode_t entry_type(uint32_t nfs_type)
{
    // ftype3 of RFC 1813, section 2.6
    static const mode_t types[] = {0, S_IFREG, S_IFDIR, S_IFBLK, S_IFCHR, S_IFLNK, S_IFSOCK, S_IFIFO};
    return nfs_type < sizeof types / sizeof types[0] ? types[nfs_type] : 0;
}

static int fs_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *info,
                      enum fuse_readdir_flags flags)
{
    (void)offset, (void)info, (void)flags;
    struct nfsdir *dir = NULL;
    int status = NFS_CALL(take_pointer, &dir, nfs_opendir_async, path);
    if (status < 0) {
        return status;
    }
    fill(buffer, ".", NULL, 0, 0);
    fill(buffer, "..", NULL, 0, 0);
    pthread_mutex_lock(&nfs_lock);
    for (struct nfsdirent *entry; (entry = nfs_readdir(nfs, dir));) {
        if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0) {
            continue; // a server may list them or not
        }
        struct stat type = {.st_ino = entry->inode, .st_mode = entry_type(entry->type)};
        if (fill(buffer, entry->name, &type, 0, 0) != 0) {
            status = -ENOMEM;
            break;
        }
    }
    nfs_closedir(nfs, dir);
    pthread_mutex_unlock(&nfs_lock);
    return status;
}

static void *fs_init(struct fuse_conn_info *connection, struct fuse_config *config)
{
    config->use_ino = 1;
    config->entry_timeout = config->attr_timeout = config->negative_timeout = 0;
    // O_TRUNC then comes as a truncate of its own: NFSv3 has no opening that could do it.
    connection->want &= ~(unsigned)(FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_WRITEBACK_CACHE);
    connection->max_write = connection->max_read = TRANSFER_MAX;
    return NULL;
}

const struct fuse_operations fs_operations = {
    .init = fs_init,
    .getattr = fs_getattr,
    .readlink = fs_readlink,
    .mknod = fs_mknod,
    .mkdir = fs_mkdir,
    .unlink = fs_unlink,
    .rmdir = fs_rmdir,
    .symlink = fs_symlink,
    .rename = fs_rename,
    .link = fs_link,
    .chmod = fs_chmod,
    .chown = fs_chown,
    .truncate = fs_truncate,
    .open = fs_open,
    .read = fs_read,
    .write = fs_write,
    .statfs = fs_statfs,
    .release = fs_release,
    .fsync = fs_fsync,
    .readdir = fs_readdir,
    .create = fs_create,
    .utimens = fs_utimens,
};
