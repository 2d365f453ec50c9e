# SPDX-License-Identifier: GPL-3.0-or-later
# key_names.py HEADER: the keys of <linux/input-event-codes.h> as a table in C. Their codes are the compiler's business.
import re
import sys

print('#include <linux/input-event-codes.h>\n#include <stddef.h>\n\n#include "io/virt/keys_priv.h"\n')
print("const struct virt_key virt_keys[] = {")
with open(sys.argv[1], encoding="utf-8") as header:
    for name in re.findall(r"^#define\s+(KEY_[A-Z0-9_]+)\s", header.read(), re.M):
        if name not in ("KEY_MAX", "KEY_CNT", "KEY_MIN_INTERESTING"):
            print(f'    {{"{name}", {name}}},')
print("    {NULL, 0},\n};")
