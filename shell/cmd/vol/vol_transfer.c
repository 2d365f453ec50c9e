// SPDX-License-Identifier: GPL-3.0-or-later
// The content of a volume, from and to a local file.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/pool/storage.h"
#include "cmd/rows.h"
#include "core/console/out.h"
#include "io/file_new.h"
#include "io/virt/stream.h"
#include "io/virt/vol.h"

enum { VOL, FILE_OPT, POOL, OFFSET, LENGTH, SPARSE, FORCE };

#define ROWS(verb, ...)                                                                                                \
    {                                                                                                                  \
        [VOL] = VOL_ROW,                                                                                               \
        [FILE_OPT] = {"file", OPT_PATH, OPTF_POS | OPTF_REQ, "the file here, on the admin's machine"},                 \
        [POOL] = IN_POOL_ROW, [OFFSET] = {"offset", OPT_SIZE, OPTF_POS, "where in the volume to begin"},               \
        [LENGTH] = {"length", OPT_SIZE, OPTF_POS, "amount of data to " verb},                                          \
        [SPARSE] = {"sparse", OPT_BOOL, 0, "holes are not sent, and are holes again on the other side"}, __VA_ARGS__,  \
        {NULL},                                                                                                        \
    }
static const struct opt_def upload_opts[] = ROWS("upload", [FORCE] = FORCE_USED_ROW);
static const struct opt_def download_opts[] = ROWS("download", {NULL});

struct show {
    const struct cmd_call *c;
    const struct virt_vol *vol;
    unsigned long long total; // 0: unknown
    double begin, last;
    unsigned long long last_done;
    double rate; // bytes a second, of late
    bool shown;
};

static json_t *progress_value(const struct show *s, unsigned long long done)
{
    const double mib = 1 << 20;
    double percent = s->total ? 100.0 * (double)done / (double)s->total : 0;
    _cleanup_free_ char *of = s->total ? xasprintf(" of %.1f", (double)s->total / mib) : NULL;
    _cleanup_free_ char *text = xasprintf("%s %s: %.1f%s MiB, %.1f MiB/s", s->c->def->name, virt_vol_name(s->vol),
                                          (double)done / mib, of ? of : "", s->rate / mib);
    json_t *v = json_object();
    json_object_set_new(v, "job", json_text(s->c->def->name));
    json_object_set_new(v, "id", json_text(virt_vol_key(s->vol)));
    json_object_set_new(v, "text", json_text(text));
    if (s->c->where.node)
        json_object_set_new(v, "node", json_text(s->c->where.node->name));
    json_object_set_new(v, "bytes", json_integer((json_int_t)done));
    json_object_set_new(v, "bytes_per_s", json_real(s->rate));
    if (s->total) {
        json_object_set_new(v, "total", json_integer((json_int_t)s->total));
        json_object_set_new(v, "percent", json_real(percent > 100 ? 100 : percent));
    }
    return v;
}

static void show(void *data, unsigned long long done)
{
    struct show *s = data;
    double now = clock_mono_s(), span = now - s->last;
    if (span > 0) {
        double rate = (double)(done - s->last_done) / span;
        s->rate = s->rate > 0 ? 0.7 * s->rate + 0.3 * rate : rate;
    }
    s->last = now;
    s->last_done = done;
    s->shown = true;
    out_progress(progress_value(s, done), false);
}

static unsigned long long at_most(unsigned long long n, const struct opt_val *length)
{
    return length->bytes && length->bytes < n ? length->bytes : n;
}

static int transfer(struct cmd_call *c, struct virt_vol *vol, int fd, bool upload, unsigned long long total,
                    struct virt_transferred *ret, struct err *e)
{
    struct show s = {.c = c, .vol = vol, .total = total, .begin = clock_mono_s(), .last = clock_mono_s()};
    struct virt_transfer t = {.upload = upload,
                              .sparse = c->vals[SPARSE].b,
                              .offset = c->vals[OFFSET].bytes,
                              .length = c->vals[LENGTH].bytes,
                              .fd = fd,
                              .progress = show,
                              .data = &s};
    int r = virt_vol_transfer(vol, c->job, &t, ret, e);
    double seconds = clock_mono_s() - s.begin;
    s.rate = seconds > 0 ? (double)(ret->bytes + ret->holes) / seconds : 0;
    if (s.shown || r == 0)
        out_progress(progress_value(&s, ret->bytes + ret->holes), true);
    if (r < 0)
        return -1;
    storage_vol_result(c, vol, NULL);
    json_object_set_new(c->result, "file", json_text(c->vals[FILE_OPT].s));
    json_object_set_new(c->result, "bytes", json_integer((json_int_t)ret->bytes));
    json_object_set_new(c->result, "holes", json_integer((json_int_t)ret->holes));
    json_object_set_new(c->result, "seconds", json_real(seconds));
    return 0;
}

static int open_source(const char *path, int *ret, unsigned long long *ret_size, struct err *e)
{
    struct stat st;
    // Not a wait for somebody who writes into a pipe.
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0) {
        int saved = errno;
        if (fd >= 0)
            close(fd);
        return err_errno(e, saved, "cannot read %s", path);
    }
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode)) {
        close(fd);
        return err_set(e, ERR_USAGE, "cannot read %s: it is neither a file nor a device", path);
    }
    off_t end = S_ISCHR(st.st_mode) ? 0 : lseek(fd, 0, SEEK_END);
    if (!S_ISCHR(st.st_mode) && lseek(fd, 0, SEEK_SET) < 0)
        end = 0;
    *ret = fd;
    *ret_size = end > 0 ? (unsigned long long)end : 0;
    return 0;
}

static int run_upload(struct cmd_call *c, struct err *e)
{
    const char *path = c->vals[FILE_OPT].s;
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    struct virt_transferred done;
    unsigned long long size = 0;
    int fd = -1;
    if (storage_vol(c, VOL, POOL, &vol, e) < 0 || open_source(path, &fd, &size, e) < 0)
        return -1;
    if (storage_refuse_used_vol(c, vol, true, c->vals[FORCE].b, e) < 0) {
        close(fd);
        return err_wrap(e, "nothing was uploaded");
    }
    int r = transfer(c, vol, fd, true, at_most(size, &c->vals[LENGTH]), &done, e);
    close(fd);
    if (r == 0)
        return 0;
    unsigned long long sent = done.bytes + done.holes;
    err_wrap(e, "cannot upload to volume %s", virt_vol_name(vol));
    if (!sent)
        return e->hint ? -1 : err_hint(e, "nothing of %s was sent; the volume is as it was", path);
    return err_hint(e, "the volume holds a part of %s now (%llu bytes were sent): upload it again, or vol-delete it",
                    path, sent);
}

// What there is to download, for the percentage only: 0 where the driver does not tell.
static unsigned long long size_of(struct virt_vol *vol, unsigned long long offset)
{
    _cleanup_err_ struct err e = ERR_INIT;
    json_t *info;
    if (virt_vol_info(vol, true, &info, &e) < 0)
        return 0;
    unsigned long long n = (unsigned long long)json_integer_value(json_object_get(info, "physical_bytes"));
    json_decref(info);
    return n > offset ? n - offset : 0;
}

static int run_download(struct cmd_call *c, struct err *e)
{
    const char *path = c->vals[FILE_OPT].s;
    _cleanup_(virt_vol_free_p) struct virt_vol *vol = NULL;
    _cleanup_(file_new_release) struct file_new f = {-1, NULL, NULL};
    struct virt_transferred done;
    if (storage_vol(c, VOL, POOL, &vol, e) < 0 || file_new_open(path, &f, e) < 0)
        return -1;
    unsigned long long total = at_most(size_of(vol, c->vals[OFFSET].bytes), &c->vals[LENGTH]);
    if (transfer(c, vol, f.fd, false, total, &done, e) < 0 || file_new_commit(&f, e) < 0) {
        err_wrap(e, "cannot download from volume %s", virt_vol_name(vol));
        return f.temp && !e->hint ? err_hint(e, "%s is as it was before", path) : -1;
    }
    return 0;
}

const struct cmd_def cmd_vol_download = {
    .name = "vol-download",
    .group = "Storage",
    .summary = "download volume contents to a file",
    .help = "The file gets its name when it is complete: after a failure or Ctrl-C it is not there, or as it was.",
    .example = "vol-download test01 /var/tmp/test01.qcow2 nfspool\n"
               "vol-download /mykvm/nfspool/test01 part.img --offset 1G --length 64M --sparse",
    .opts = download_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE},
    .run = run_download};

const struct cmd_def cmd_vol_upload = {
    .name = "vol-upload",
    .group = "Storage",
    .summary = "upload file contents to a volume",
    .help =
        "The volume must be there (vol-create-as). It is written in place: after a failure or Ctrl-C it holds a\n"
        "part of the file. Refused while an active guest uses it, or a disk lies on it, and where that is not known;\n"
        "--force insists.",
    .example = "vol-upload test01 /var/tmp/test01.qcow2 nfspool\nvol-upload test01 test01.img nfspool --sparse",
    .opts = upload_opts,
    .flags = CMD_CONN,
    .view = {VIEW_NONE},
    .run = run_upload};
