// SPDX-License-Identifier: GPL-3.0-or-later
// The list of all commands, for the engine. See commands.h.
#include "cmd/commands.h"

#include "cmd/engine/table.h"

static const struct cmd_def *const all[] = {
#define COMMAND(name) &cmd_##name,
#include "cmd/commands.def"
#undef COMMAND
};

// What virsh has, and what is used here.
static const struct cmd_word words[] = {
    {"dom-fd-associate", NULL, "descriptors belong to the connection that has them: start --pass-fds hands them over"},
    {"lxc-enter-namespace", NULL, "containers are not moved here: virsh -c lxc:///system lxc-enter-namespace"},
    {"nodedev-dettach", "nodedev-detach", NULL},
    {"qemu-attach", NULL, "libvirt takes no QEMU over any more that it has not started: define and start the guest"},
    {"update-memory-device", NULL, "update-device with the device's XML, its <requested> changed (dumpxml shows it)"},
};

void commands_register(void)
{
    cmd_table_set(all, ARRAY_SIZE(all), words, ARRAY_SIZE(words));
}
