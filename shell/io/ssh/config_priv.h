// SPDX-License-Identifier: GPL-3.0-or-later
// Between ssh/config.c, which reads the files, and ssh/config_value.c, which makes values of what they say.
#pragma once

#include "io/ssh/config.h"

enum { UNSET = -1 }; // numbers and yes/no while nobody has said anything

char *remote_config_login_name(void); // of the user who runs us; the caller frees
// Expands tokens, and fills in what no file has said.
void remote_config_finish(struct remote_config *c);
// ERR_USAGE if a name in it could be taken for more than a name by the shell that runs it.
int remote_config_expand_proxy(struct remote_config *c, struct err *e);
