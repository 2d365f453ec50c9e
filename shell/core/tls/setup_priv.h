// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of setup.h share.
#pragma once

#include "core/tls/setup.h"

// Tells it, and adds an item to `refused`, once; `why` is lent.
void tls_refuse(struct tls_setup *s, const struct tls_setup_node *n, const char *what, const struct err *why);
// The console's own authority, and what of it everybody may see; both NULL where there is none and none is to be made.
int tls_own_authority(enum tls_world w, bool make, char **ret_pem, struct x509_cert **ret_cert, struct err *e);
// The first file of that world that is not this console's; NULL: all are, or there is none.
const struct tls_file *tls_foreign(const struct tls_node *t, enum tls_world w, const struct x509_cert *authority);
void tls_refuse_foreign(struct tls_setup *s, struct tls_setup_node *n, enum tls_world w, const struct tls_file *f);
