// SPDX-License-Identifier: GPL-3.0-or-later
// tools/qemu_user.sh and tools/qemu_ids.sh, for every script that asks what QEMU may do on a node.
#pragma once

// Sets $u and $g to the user and group that libvirt starts QEMU as ($u empty: there is none) and defines the shell
// functions conf and as_qemu. It goes before the script.
extern const char qemu_user[];
// Behind that: defines users, which tells their names and numbers.
extern const char qemu_ids[];
