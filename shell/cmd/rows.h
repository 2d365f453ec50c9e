// SPDX-License-Identifier: GPL-3.0-or-later
// The rows that many commands have. What is the same is said here; what differs is an argument.
#pragma once

#include "cmd/engine/cmd.h"
#include "cmd/pool/storage.h"
#include "io/virt/dom.h"

#define DOMAIN_ROW                                                                                                     \
    {                                                                                                                  \
        "domain", OPT_DOMAIN, OPTF_POS | OPTF_REQ, "domain name, id or uuid"                                           \
    }
#define NODE_ROW(help)                                                                                                 \
    {                                                                                                                  \
        "node", OPT_NODE, OPTF_POS | OPTF_REQ, help                                                                    \
    }
#define NODES_ROW(flags, help)                                                                                         \
    {                                                                                                                  \
        "nodes", OPT_NODES, OPTF_POS | (flags), help                                                                   \
    }
#define POOL_ROW                                                                                                       \
    {                                                                                                                  \
        "pool", OPT_POOL, OPTF_POS | OPTF_REQ, "pool name or uuid"                                                     \
    }
// Of a volume that may be named by its path, too.
#define IN_POOL_ROW                                                                                                    \
    {                                                                                                                  \
        "pool", OPT_POOL, OPTF_POS, "pool name or uuid"                                                                \
    }
#define VOL_ROW                                                                                                        \
    {                                                                                                                  \
        "vol", OPT_STRING, OPTF_POS | OPTF_REQ, "vol name, key or path", .of_pool = "vol"                              \
    }
#define NETWORK_ROW                                                                                                    \
    {                                                                                                                  \
        "network", OPT_NETWORK, OPTF_POS | OPTF_REQ, "network name or uuid"                                            \
    }
#define NWFILTER_ROW                                                                                                   \
    {                                                                                                                  \
        "nwfilter", OPT_NWFILTER, OPTF_POS | OPTF_REQ, "network filter name or uuid"                                   \
    }
#define SECRET_ROW                                                                                                     \
    {                                                                                                                  \
        "secret", OPT_SECRET, OPTF_POS | OPTF_REQ, "secret UUID"                                                       \
    }
#define INTERFACE_ROW                                                                                                  \
    {                                                                                                                  \
        "interface", OPT_INTERFACE, OPTF_POS | OPTF_REQ, "interface name or MAC address"                               \
    }
// Of what goes to another node.
#define DEST_ROW(help)                                                                                                 \
    {                                                                                                                  \
        "dest", OPT_URI, OPTF_POS | OPTF_REQ, help                                                                     \
    }
#define FILE_ROW(help)                                                                                                 \
    {                                                                                                                  \
        "file", OPT_PATH, OPTF_POS | OPTF_REQ, help                                                                    \
    }
#define XPATH_ROW                                                                                                      \
    {                                                                                                                  \
        "xpath", OPT_STRING, 0, "xpath expression to filter the XML document"                                          \
    }
#define WRAP_ROW                                                                                                       \
    {                                                                                                                  \
        "wrap", OPT_BOOL, 0, "wrap xpath results in a common root element", .needs = "xpath"                           \
    }
#define VALIDATE_ROW(bit)                                                                                              \
    {                                                                                                                  \
        "validate", OPT_BOOL, 0, "validate the XML against the schema", .bits = (bit)                                  \
    }
#define SECURE_ROW(bit)                                                                                                \
    {                                                                                                                  \
        "security-info", OPT_BOOL, 0, "include security sensitive information in XML dump", .bits = (bit)              \
    }
// What of a domain is to be changed or shown, as bits of enum virt_affect.
#define AFFECT_CONFIG_ROW                                                                                              \
    {                                                                                                                  \
        "config", OPT_BOOL, 0, "affect next boot", .bits = VIRT_AFFECT_CONFIG                                          \
    }
#define AFFECT_LIVE_ROW                                                                                                \
    {                                                                                                                  \
        "live", OPT_BOOL, 0, "affect running domain", .bits = VIRT_AFFECT_LIVE                                         \
    }
#define AFFECT_CURRENT_ROW                                                                                             \
    {                                                                                                                  \
        "current", OPT_BOOL, 0, "affect current domain", .excludes = "config|live"                                     \
    }
#define AFFECT_CURRENT_ROWS AFFECT_CONFIG_ROW, AFFECT_LIVE_ROW, AFFECT_CURRENT_ROW
#define AFFECT_PERSISTENT_ROW                                                                                          \
    {                                                                                                                  \
        "persistent", OPT_BOOL, 0, "make live change persistent", .bits = VIRT_AFFECT_CONFIG, .excludes = "current"    \
    }
#define AFFECT_ROWS AFFECT_PERSISTENT_ROW, AFFECT_CURRENT_ROWS
enum { N_AFFECT_CURRENT_ROWS = 3, N_AFFECT_ROWS };
#define AFFECT_STATE_HINT "use --config for a domain that is not running"
#define AFFECT_HELP                                                                                                    \
    "--live changes the running guest, --config its next start, and --persistent both, if it is running. Without\n"    \
    "any of these only the running guest is changed."
