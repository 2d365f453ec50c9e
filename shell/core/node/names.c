// SPDX-License-Identifier: GPL-3.0-or-later
// Names that lead to a node. See names.h.
#include "core/node/names.h"

#include <string.h>

#include "base/mem.h"
#include "core/console/address.h"
#include "core/console/session.h"

static const double NAME_MS = 3000;

// Names that mean this machine, or that a fresh system's file gives to fixed addresses.
static const char *const reserved[] = {"localhost",
                                       "localhost.localdomain",
                                       "localhost4",
                                       "localhost6",
                                       "ip6-localhost",
                                       "ip6-loopback",
                                       "ip6-localnet",
                                       "ip6-mcastprefix",
                                       "ip6-allnodes",
                                       "ip6-allrouters",
                                       "broadcasthost",
                                       "localhost4.localdomain4",
                                       "localhost6.localdomain6"};

bool node_name_is_anybodys(const char *name)
{
    struct address a;
    if (address_parse(name, &a))
        return address_is_loopback(&a) || address_is_unspecified(&a);
    for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
        if (strcasecmp(name, reserved[i]) == 0)
            return true;
    }
    size_t n = strlen(name);
    return n > 10 && strcasecmp(name + n - 10, ".localhost") == 0;
}

void node_names_prove(struct ctx *ctx, struct job *job, struct node *node, const struct strv *said, bool *ret_proved)
{
    struct session *s = NULL;
    _cleanup_err_ struct err ignored = ERR_INIT;
    bool open = said->n && session_get(ctx, job, node, &s, &ignored) == 0;
    for (size_t i = 0; i < said->n; i++)
        ret_proved[i] = open && i < NODE_NAMES_MAX && !node_name_is_anybodys(said->s[i]) &&
                        remote_leads_to(job, session_remote(s), said->s[i], NAME_MS);
    session_put(s);
}
