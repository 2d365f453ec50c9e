// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands that start, stop and change a domain share.
#pragma once

#include <stddef.h>

#include "cmd/engine/cmd.h"
#include "core/guest/copies.h"

// The result {"name", "uuid", "node"?}: which domain it was, for the message and for a script.
void domain_result(struct cmd_call *c, const struct virt_dom *dom);
// "failed to VERB domain 'NAME': …"; for ERR_STATE without a hint of its own, `state_hint`. Returns -1.
int domain_failed(const struct virt_dom *dom, const char *verb, const char *state_hint, struct err *e);
// The same with a hint for a domain that does not run; of one that runs another state is meant.
int domain_failed_off(const struct virt_dom *dom, const char *verb, const char *off_hint, struct err *e);
// --force of what lets a guest run.
#define FORCE_ROW                                                                                                      \
    {                                                                                                                  \
        "force", OPT_BOOL, 0, "also if the guest was moved away, or a node that may run it does not answer"            \
    }
// How the other hypervisors are asked for it.
struct copies_query domain_query(struct cmd_call *c, const char *name, const char *uuid, bool force);
// ERR_STATE where a migration has left this definition behind: the guest is elsewhere. Only warns with `force`.
int domain_check_mark(struct cmd_call *c, const char *name, const char *uuid, const char *xml, bool force,
                      struct err *e);
// The same of a domain; `xml_flags` choose which of its descriptions.
int domain_check_moved(struct cmd_call *c, struct virt_dom *dom, unsigned xml_flags, bool force, struct err *e);
// Before the images of a domain that is off are written to: ERR_STATE where it was moved away, or runs elsewhere, with
// the same disks perhaps. Only that it runs elsewhere is refused with `force`, too.
int domain_refuse_elsewhere(struct cmd_call *c, struct virt_dom *dom, bool force, struct err *e);
// Lets a paused one go on, unless it may run elsewhere.
int domain_resume(struct cmd_call *c, struct virt_dom *dom, bool force, struct err *e);
// What begin() of a fence ends with where libvirt has not given the domain: it is up, `paused` or not, and looked up.
// An error says so, and is never ERR_UNSUPPORTED, after which it would be tried another way.
int domain_begun(struct cmd_call *c, const char *name, const char *uuid, bool paused, struct virt_dom **ret,
                 struct err *e);
// It is active here now: remembered for the day on which this node does not answer.
void domain_seen(const struct cmd_call *c, const struct virt_dom *dom, const char *state);
// "3,4": file descriptors for the guest; the caller frees *ret.
int parse_fds(const char *text, int **ret, size_t *ret_n, struct err *e);
