// SPDX-License-Identifier: GPL-3.0-or-later
// A libvirt connection. Thread-safe once open (as virConnectPtr is). Every call but ref, unref, uri and alive talks to
// the daemon and may block: job threads only. Errors carry libvirt's text and a code chosen from its code and domain.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

struct job;
struct virt_conn;

// Asks the operator for what a transport wants to know (user name, password, yes/no for a host key). Called on the
// opening thread. *ret is freed (and wiped) by the caller.
typedef int virt_ask_fn(void *data, bool secret, const char *question, char **ret, struct err *e);

// How often a connection asks a peer that says nothing whether it is there, and how many times it does so in vain
// before it is taken for dead. Interval 0: it never asks, and what waits for a frozen peer waits until it is cancelled.
// Main thread, before the first connection.
void virt_keepalive_interval(int seconds);
void virt_keepalive_count(unsigned count);

// `uri` NULL: libvirt's own default. `ask` NULL: nobody can be asked. The caller owns one reference.
int virt_conn_open(const char *uri, bool readonly, virt_ask_fn *ask, void *ask_data, struct virt_conn **ret,
                   struct err *e);
struct virt_conn *virt_conn_ref(struct virt_conn *c);
void virt_conn_unref(struct virt_conn *c); // NULL is fine; the last one closes
DEFINE_CLEANUP(struct virt_conn, virt_conn_unref);

const char *virt_conn_uri(const struct virt_conn *c); // as libvirt canonicalised it; lives as long as c
bool virt_conn_alive(const struct virt_conn *c);      // from what is known, without asking

int virt_conn_hostname(struct virt_conn *c, char **ret, struct err *e);
// The host's own identity, whatever it is called from here: its UUID and its host name. The caller frees; NULL: it
// tells none.
char *virt_conn_identity(struct virt_conn *c);
// Do both lead to the same host, as far as that can be told? By their URIs, else by their identities.
bool virt_conn_same_host(struct virt_conn *a, struct virt_conn *b);
// Versions as major * 1000000 + minor * 1000 + release. ret_hv is 0 where the driver cannot tell.
int virt_conn_version(struct virt_conn *c, unsigned long *ret_lib, unsigned long *ret_hv, const char **ret_type,
                      struct err *e);

// Calls made to libvirt by this process so far (each is at most one RPC round trip): for tests and --timing.
uint64_t virt_calls(void);
