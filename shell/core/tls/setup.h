// SPDX-License-Identifier: GPL-3.0-or-later
// Plans (core/change/change.h) that give nodes certificates. First: what is foreign is set aside, if the operator says
// so, and each node makes its private keys. Then, looked at anew: what this console's authorities sign for these keys.
// At last: who listens for TLS. Nothing secret is in a plan, and so none is in a journal. Job threads.
#pragma once

#include "core/change/change.h"
#include "core/tls/tls.h"

struct tls_setup_node {
    struct node *node; // lent
    bool looked, refused[TLS_WORLDS];
    bool aside[TLS_WORLDS]; // foreign files are set aside
    struct tls_node now;
    struct strv names; // for certificates
    struct err err;
};

struct tls_setup {
    struct ctx *ctx;
    struct job *job;
    bool dry;   // nothing will be carried out
    bool force; // set foreign files aside
    int days;   // how long certificates are good
    int within; // sign anew what ends within so many days
    bool all;   // renew every one
    bool renew; // what is there, and nothing else
    bool listen, restart;
    struct tls_setup_node *nodes;
    size_t n;
    json_t *refused; // edit_refusal()
    enum err_code code;
};

// The options are set already, and stay.
void tls_setup_init(struct tls_setup *s, struct ctx *ctx, struct job *job, struct node *const *nodes, size_t n);
void tls_setup_release(struct tls_setup *s);
// Looks at all nodes, anew if they have been looked at. Who cannot be looked at is in `refused`, and left out.
void tls_setup_look(struct tls_setup *s);

int tls_plan_keys(struct tls_setup *s, struct plan *p, struct err *e);
int tls_plan_certificates(struct tls_setup *s, struct plan *p, struct err *e);
void tls_plan_listening(struct tls_setup *s, struct plan *p);
// Daemons that listen for TLS read their certificates anew. Who could not is told.
void tls_reload_all(struct ctx *ctx, struct job *job, struct node *const *nodes, size_t n);
