// SPDX-License-Identifier: GPL-3.0-or-later
// Results into files and programs. See outlet.h.
#include "core/console/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "core/console/out.h"
#include "io/file.h"
#include "io/job.h"
#include "io/local.h"

struct outlet {
    int fd;
    bool append, terminal;
    char *command;
    struct buf text;
    struct remote_result result;
    struct err err;
    outlet_done_fn *done;
    void *data;
};

int outlet_open(const char *path, bool append, int *ret_fd, struct err *e)
{
    _cleanup_free_ char *name = file_expand_home(path);
    // A pipe that nobody reads must not keep us.
    int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (append ? O_APPEND : 0), 0666);
    if (fd < 0)
        return errno == ENXIO ? err_set(e, ERR_IO, "%s: nobody reads it", name) : err_errno(e, errno, "%s", name);
    *ret_fd = fd;
    return 0;
}

// `job` NULL: the file takes all at once.
static int write_all(struct job *job, int fd, const struct buf *text, struct err *e)
{
    for (size_t done = 0; done < text->len;) {
        ssize_t n = write(fd, text->s + done, text->len - done);
        if (n < 0 && errno == EAGAIN && job) {
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
    struct stat st;
    if (!o->append && fstat(o->fd, &st) == 0 && S_ISREG(st.st_mode) && ftruncate(o->fd, 0) < 0)
        return err_errno(e, errno, "the result could not be written");
    int r = write_all(job, o->fd, &o->text, e);
    int closed = close(o->fd); // some file systems tell now that they are full
    o->fd = -1;
    return r == 0 && closed < 0 ? err_errno(e, errno, "the result could not be written") : r;
}

// In a file that nobody else can read; the shell takes its name away as soon as it has it open.
static int write_file(const struct buf *text, char **ret_path, struct err *e)
{
    const char *tmp = getenv("TMPDIR");
    _cleanup_free_ char *path = xasprintf("%s/migsh-page.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "%s", path);
    int r = write_all(NULL, fd, text, e);
    close(fd);
    if (r < 0) {
        unlink(path);
        return err_wrap(e, "%s", path);
    }
    *ret_path = steal(&path);
    return 0;
}

int outlet_on_terminal(struct job *job, const char *command, const struct buf *text, int *ret_status, struct err *e)
{
    static const char script[] = "exec 3<\"$1\"; rm -f -- \"$1\"; exec /bin/sh -c \"$2\" <&3 3<&-";
    _cleanup_free_ char *path = NULL;
    if (write_file(text, &path, e) < 0)
        return -1;
    int r = local_on_terminal(job, script, (const char *const[]){path, command, NULL}, ret_status, e);
    if (path)         // clang's analyzer does not see that it is there
        unlink(path); // the shell may not have begun
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
    (void)(o->fd >= 0 ? into_file(job, o, &o->err) : into_program(job, o, &o->err));
}

static void outlet_free(struct outlet *o)
{
    if (o->fd >= 0)
        close(o->fd);
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
    o->fd = to->fd;
    o->append = to->append;
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
