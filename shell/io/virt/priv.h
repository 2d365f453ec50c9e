// SPDX-License-Identifier: GPL-3.0-or-later
// What the io/virt_*.c files share: the structures behind the opaque types and the translation of libvirt's errors.
// Must not be included outside io/virt_*.c.
#pragma once

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdatomic.h>

#include "base/err.h"
#include "io/virt/conn.h"
#include "io/virt/dom.h"
#include "io/virt/trace_priv.h"

struct virt_conn {
    virConnectPtr ptr;
    char *uri;
    atomic_int refs;
    atomic_bool closed; // set by libvirt's close callback
    // virt/event.c's: held while the daemon is asked to begin or end telling events, so by job threads only.
    struct lock *events;
    struct lock *type; // libvirt remembers its answer to virConnectGetType(), and leaks one if two threads ask at once
    struct virt_source *sources;
};

struct virt_dom {
    virDomainPtr ptr;
    struct virt_conn *conn; // a reference
    char uuid[VIR_UUID_STRING_BUFLEN];
};

struct virt_pool {
    virStoragePoolPtr ptr;
    struct virt_conn *conn; // a reference
    char uuid[VIR_UUID_STRING_BUFLEN];
};

struct virt_vol {
    virStorageVolPtr ptr;
    struct virt_conn *conn; // a reference
};

// Fills `e` from this thread's last libvirt error, prefixed by "what: " when `what` is not NULL; returns -1.
int virt_fail(struct err *e, const char *what);
#if defined __clang_analyzer__ && !defined VIRT_IMPLEMENTS_FAIL // as of err_set()
#define virt_fail(...) ((void)virt_fail(__VA_ARGS__), -1)
#endif
// Takes over `ptr`.
struct virt_dom *virt_dom_wrap(struct virt_conn *c, virDomainPtr ptr);
struct virt_pool *virt_pool_wrap(struct virt_conn *c, virStoragePoolPtr ptr);

// virsh's words for virDomainState and its reason; static strings.
const char *virt_state_name(int state);
const char *virt_state_reason(int state, int reason);
