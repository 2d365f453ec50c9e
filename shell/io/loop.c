// SPDX-License-Identifier: GPL-3.0-or-later
// libvirt's default event loop as the program's loop, plus a queue of functions that other threads post to the main
// thread. Main thread, except loop_post(). Must not block anywhere but in loop_run_until(). See loop.h.
#include "io/loop.h"

#include <errno.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

struct post {
    struct post *next;
    void (*fn)(void *data);
    void *data;
};

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static struct post *queue_head;
static struct post **queue_tail = &queue_head;
static int wake_fd = -1;

// libvirt's callbacks carry one pointer; ours also need the caller's function.
struct fd_watch {
    void (*fn)(int fd, int events, void *data);
    void *data;
};

struct timer {
    void (*fn)(int id, void *data);
    void *data;
};

static void on_fd(int id, int fd, int events, void *opaque)
{
    (void)id;
    struct fd_watch *w = opaque;
    w->fn(fd, events, w->data);
}

static void on_timer(int id, void *opaque)
{
    struct timer *t = opaque;
    t->fn(id, t->data);
}

static void on_wake(int fd, int events, void *data)
{
    (void)events;
    (void)data;
    uint64_t count;
    (void)!read(fd, &count, sizeof(count));
    loop_drain();
}

// libvirt prints errors to stderr by itself unless somebody else takes them; ours travel in struct err.
static void swallow_error(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

int loop_init(struct err *e)
{
    virSetErrorFunc(NULL, swallow_error);
    if (virEventRegisterDefaultImpl() < 0)
        return err_set(e, ERR_FAILED, "cannot start libvirt's event loop");
    wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake_fd < 0)
        return err_errno(e, errno, "eventfd");
    loop_add_fd(wake_fd, LOOP_READ, on_wake, NULL);
    return 0;
}

int loop_add_fd(int fd, int events, void (*fn)(int fd, int events, void *data), void *data)
{
    struct fd_watch *w = xnew(struct fd_watch);
    *w = (struct fd_watch){fn, data};
    return virEventAddHandle(fd, events, on_fd, w, free); // LOOP_* have the values of VIR_EVENT_HANDLE_*
}

void loop_update_fd(int id, int events)
{
    virEventUpdateHandle(id, events);
}

void loop_remove_fd(int id)
{
    virEventRemoveHandle(id);
}

int loop_add_timer(int ms, void (*fn)(int id, void *data), void *data)
{
    struct timer *t = xnew(struct timer);
    *t = (struct timer){fn, data};
    return virEventAddTimeout(ms, on_timer, t, free);
}

void loop_remove_timer(int id)
{
    virEventRemoveTimeout(id);
}

void loop_post(void (*fn)(void *data), void *data)
{
    struct post *p = xnew(struct post);
    *p = (struct post){NULL, fn, data};
    pthread_mutex_lock(&queue_lock);
    *queue_tail = p;
    queue_tail = &p->next;
    pthread_mutex_unlock(&queue_lock);
    uint64_t one = 1;
    (void)!write(wake_fd, &one, sizeof(one));
}

void loop_drain(void)
{
    pthread_mutex_lock(&queue_lock);
    struct post *p = queue_head;
    queue_head = NULL;
    queue_tail = &queue_head;
    pthread_mutex_unlock(&queue_lock);
    while (p) {
        struct post *next = p->next;
        p->fn(p->data);
        free(p);
        p = next;
    }
}

void loop_run_once(void)
{
    virEventRunDefaultImpl();
}

void loop_run_until(const bool *flag)
{
    while (!*flag)
        loop_run_once();
}
