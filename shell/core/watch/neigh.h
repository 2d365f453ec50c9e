// SPDX-License-Identifier: GPL-3.0-or-later
// Addresses of guests out of a node's neighbour table, for networks that libvirt has no leases of. Job threads.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "core/console/ctx.h"

// For each of `interfaces` (domxml_interfaces()) what the node's kernel, or else our own, has seen of its MAC: the
// shape of virt_dom_addresses(), with "prefix" null, as a neighbour table knows none. The caller owns *ret. Logs in
// over ssh; errors as session_output().
int neigh_addresses(struct ctx *ctx, struct job *job, struct node *node, const json_t *interfaces, json_t **ret,
                    struct err *e);
// The addresses that `table` (the output of "ip neigh show") has for a MAC; entries without an answer are left out.
// Pure. [{"protocol", "address", "prefix": null}]; the caller owns it.
json_t *neigh_parse(const char *table, const char *mac);
