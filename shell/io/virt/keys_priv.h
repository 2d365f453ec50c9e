// SPDX-License-Identifier: GPL-3.0-or-later
// Linux's names of keys, made of the kernel's header by key_names.py.
#pragma once

struct virt_key {
    const char *name; // NULL ends
    unsigned code;
};
extern const struct virt_key virt_keys[];
