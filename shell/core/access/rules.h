// SPDX-License-Identifier: GPL-3.0-or-later
// What polkit's files say of libvirt. They are programs (rules.d) or lists (.pkla); what is looked for is how all of
// them are written in practice: a rule that names org.libvirt.unix.manage, a user or group, and YES. A rule that says
// it otherwise is not seen, and the connection that is really tried tells. Pure.
#pragma once

#include <stdbool.h>

#include "base/strv.h"

struct facts;

// Before 0.106 polkit reads .pkla files and no rules.d. "122" is later than "0.120".
bool polkit_is_old(const char *version);
// Is the user let in? *ret_by: the file that does, or that lets in *ret_group, if there is one; the caller frees both.
bool rules_grant(const struct facts *f, const char *user, const struct strv *groups, bool pkla, char **ret_by,
                 char **ret_group);
