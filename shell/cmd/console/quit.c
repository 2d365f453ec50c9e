// SPDX-License-Identifier: GPL-3.0-or-later
// Leave the console.
#include "cmd/commands.h"

static int run(struct cmd_call *c, struct err *e)
{
    (void)c;
    (void)e;
    return 0; // CMD_QUIT does it
}

const struct cmd_def cmd_quit = {.name = "quit",
                                 .group = "Console",
                                 .summary = "leave migsh",
                                 .example = "quit",
                                 .flags = CMD_MAIN | CMD_QUIT | CMD_NO_SCRIPT | CMD_FRONT,
                                 .run = run};
const struct cmd_def cmd_exit = {.name = "exit",
                                 .group = "Console",
                                 .summary = "leave migsh",
                                 .example = "exit",
                                 .flags = CMD_MAIN | CMD_QUIT | CMD_NO_SCRIPT | CMD_FRONT,
                                 .run = run};
