// SPDX-License-Identifier: GPL-3.0-or-later
// Results into files and programs. See outlet.h.
#include "core/console/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "core/console/out.h"
#include "io/file.h"
#include "io/file_memory.h"
#include "io/job.h"
#include "io/local.h"

struct outlet {
    struct file_new file;
    bool terminal;
    char *command;
    struct buf text;
    struct remote_result result;
    struct err err;
    outlet_done_fn *done;
    void *data;
};

int outlet_open(const char *path, bool append, struct file_new *ret, struct err *e)
{
    _cleanup_free_ char *name = file_expand_home(path);
    struct stat st;
    if (!append || (stat(name, &st) == 0 && !S_ISREG(st.st_mode)))
        return file_new_open(name, ret, e);
    int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_APPEND, 0666);
    if (fd < 0)
        return err_errno(e, errno, "cannot write %s", name);
    *ret = (struct file_new){fd, NULL, steal(&name)};
    return 0;
}

static int write_all(struct job *job, int fd, const struct buf *text, struct err *e)
{
    for (size_t done = 0; done < text->len;) {
        ssize_t n = write(fd, text->s + done, text->len - done);
        if (n < 0 && errno == EAGAIN) {
            struct pollfd fds[] = {{.fd = fd, .events = POLLOUT}, {.fd = job_cancel_fd(job), .events = POLLIN}};
            (void)poll(fds, ARRAY_SIZE(fds), -1);
            if (job_check(job, e) < 0)
                return -1;
        } else if (n < 0 && errno != EINTR) {
            return err_errno(e, errno, "the result could not be written");
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int into_file(struct job *job, struct outlet *o, struct err *e)
{
    int flags = fcntl(o->file.fd, F_GETFL);
    if (flags >= 0) // a full pipe must not keep us either
        (void)fcntl(o->file.fd, F_SETFL, flags | O_NONBLOCK);
    int r = write_all(job, o->file.fd, &o->text, e);
    if (r == 0)
        r = file_new_commit(&o->file, e);
    int closed = close(o->file.fd); // some file systems tell now that they are full
    o->file.fd = -1;
    if (r == 0 && closed < 0)
        r = err_errno(e, errno, "the result could not be written");
    return r < 0 ? err_wrap(e, "%s", o->file.target) : 0;
}

int outlet_on_terminal(struct job *job, const char *command, const struct buf *text, int *ret_status, struct err *e)
{
    _cleanup_free_ char *path = NULL;
    int fd;
    if (file_memory(buf_str(text), text->len, &fd, &path, e) < 0)
        return -1;
    int r = local_on_terminal(job, command, (const char *const[]){NULL}, fd, ret_status, e);
    close(fd);
    return r;
}

static int into_program(struct job *job, struct outlet *o, struct err *e)
{
    struct remote_exec spec = {.command = o->command, .input = buf_str(&o->text), .input_len = o->text.len};
    _cleanup_err_ struct err no = ERR_INIT;
    if (!o->terminal || out_lend(false, &no) < 0)
        return local_exec(job, &spec, &o->result, e);
    int r = outlet_on_terminal(job, o->command, &o->text, &o->result.status, e);
    out_take_back();
    return r;
}

static void run(struct job *job, void *arg)
{
    struct outlet *o = arg;
    (void)(o->file.fd >= 0 ? into_file(job, o, &o->err) : into_program(job, o, &o->err));
}

static void outlet_free(struct outlet *o)
{
    file_new_release(&o->file);
    free(o->command);
    buf_release(&o->text);
    remote_result_release(&o->result);
    err_release(&o->err);
    free(o);
}

static void ended(struct job *job, void *arg)
{
    (void)job;
    struct outlet *o = arg;
    o->done(&o->result, &o->err, o->data);
    outlet_free(o);
}

struct job *outlet_start(const struct outlet_to *to, const struct buf *text, outlet_done_fn *done, void *data,
                         struct err *e)
{
    struct outlet *o = xnew(struct outlet);
    o->file = to->file;
    o->terminal = out_screen().columns > 0;
    o->command = xstrdup(to->command);
    o->done = done;
    o->data = data;
    buf_add(&o->text, buf_str(text), text->len);
    struct job *job = job_start("outlet", run, ended, o, e);
    if (!job)
        outlet_free(o);
    return job;
}
