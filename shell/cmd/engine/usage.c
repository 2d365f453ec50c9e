// SPDX-License-Identifier: GPL-3.0-or-later
// See usage.h.
#include "cmd/engine/usage.h"

#include "base/mem.h"

const struct usage_row usage_rows[] = {
    {"command", 'c', "TEXT", "run the commands of TEXT; may be repeated. A URI: as -C"},
    {"file", 'f', "FILE", "run the commands of FILE"},
    {"connect", 'C', "URI", "the current host: a libvirt URI or a node of the inventory"},
    {"inventory", 'i', "FILE", "the inventory (default $XDG_CONFIG_HOME/migsh/nodes)"},
    {"readonly", 'r', NULL, "connect read-only"},
    {"keep-going", 'k', NULL, "a failing line does not stop a batch"},
    {"json", 'j', NULL, "results, progress and errors as lines of JSON"},
    {"quiet", 'q', NULL, "results only"},
    {"timing", 't', NULL, "tell how long each command took"},
    {"debug", 'd', "LEVEL", "log: 0 all, 1 no libvirt calls, 2 slow ones, 3 failed ones, 4 errors"},
    {"log", 'l', "FILE", "where to (else above the prompt, or on stderr); without --debug: all"},
    {"envelope", USAGE_ENVELOPE, NULL, "--json, and each line tells its command and node"},
    {"vertical", USAGE_VERTICAL, NULL, "tables as a line for each field"},
    {"human", USAGE_HUMAN, NULL, "sizes as 1.50 GiB"},
    {"no-color", USAGE_NO_COLOR, NULL, "no colours (also: NO_COLOR in the environment)"},
    {"version", 'V', NULL, "print the version"},
    {"help", 'h', NULL, "print this"},
    {NULL, 0, NULL, NULL},
};

void usage_form(const struct usage_row *row, struct buf *out)
{
    if (row->letter < USAGE_NO_COLOR)
        buf_addf(out, "-%c, ", row->letter);
    buf_addf(out, "--%s", row->name);
    if (row->arg)
        buf_addf(out, " %s", row->arg);
}

void usage_text(struct buf *out)
{
    buf_adds(out, "Usage: migsh [OPTION]... [COMMAND [ARG]... | SCRIPT.lua [ARG]...]\n"
                  "Move KVM guests between libvirt hosts, and measure what their users felt.\n"
                  "Without a command: an interactive shell, or commands from standard input.\n\n");
    for (const struct usage_row *row = usage_rows; row->name; row++) {
        _cleanup_buf_ struct buf form = BUF_INIT;
        usage_form(row, &form);
        buf_addf(out, row->letter < USAGE_NO_COLOR ? "  %-22s %s\n" : "      %-18s %s\n", buf_str(&form), row->text);
    }
}

struct option *usage_getopt(struct buf *ret_short)
{
    struct option *list = xcalloc(ARRAY_SIZE(usage_rows), sizeof(*list));
    buf_addc(ret_short, '+');
    for (size_t i = 0; usage_rows[i].name; i++) {
        const struct usage_row *row = &usage_rows[i];
        list[i] = (struct option){row->name, row->arg ? required_argument : no_argument, NULL, row->letter};
        if (row->letter < USAGE_NO_COLOR)
            buf_addf(ret_short, "%c%s", row->letter, row->arg ? ":" : "");
    }
    return list;
}
