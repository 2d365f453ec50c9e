# SPDX-License-Identifier: GPL-3.0-or-later
# objects.py DIRECTORY: a macro for each of the functions of libvirt's headers whose first argument is of a type of which
# trace_priv.h knows the connection.
import pathlib
import re
import sys

TYPES = ("virConnectPtr", "virDomainPtr", "virDomainCheckpointPtr", "virDomainSnapshotPtr", "virInterfacePtr",
         "virNetworkPtr", "virNetworkPortPtr", "virSecretPtr", "virStoragePoolPtr", "virStorageVolPtr")
FUNCTION = re.compile(r"\b(vir[A-Z]\w+)\s*\(\s*(" + "|".join(TYPES) + r")\s+\w+\s*[,)]")

names = {"virConnectOpenAuth": "uri"}
for path in pathlib.Path(sys.argv[1]).glob("*.h"):
    names.update(FUNCTION.findall(path.read_text(encoding="utf-8")))
print("#pragma once")
for name, kind in sorted(names.items()):
    print(f"#define {name}(o, ...) {name}(virt_at_{kind}(o), ##__VA_ARGS__)")
