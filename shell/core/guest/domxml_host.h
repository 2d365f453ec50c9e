// SPDX-License-Identifier: GPL-3.0-or-later
// What a description wants of the host it is defined on: who it says it is, and every file, device and service of the
// host that it names. The XML may come from anybody, so this errs on one side: whatever looks like a path is one,
// wherever it stands, also where no libvirt of today reads it. (core/guest/xml_map.h changes those that are the guest's
// own.) Pure; any thread.
#pragma once

#include <jansson.h>

#include "base/err.h"

// Of a domain's, a snapshot's or a checkpoint's XML:
//   root     the root element
//   domains  [{"name", "uuid"}]: the root, if it is a domain, or those that a snapshot or checkpoint holds. The uuid as
//            libvirt writes it. null: it has none, or several, or what is no uuid
//   claims   [{"kind", "name", "at"}], each once. `at` is the place, such as "disk/source/@file"; of a disk or loader
//            that is not read-only "…, written to". Kinds:
//     path       a file, directory, socket or device by its name: every text and attribute that begins with a slash,
//                and every script of an interface. Not: title, description and metadata of a domain, which libvirt
//                does not read; and what is a path in the guest or in a name space of its own
//     volume     of a storage pool: "POOL/VOLUME", with "pool" and "volume"
//     remote     a disk on the network: "PROTOCOL:NAME"
//     hostdev    a device of the host that is handed over
//     socket     a connection over the network that QEMU makes or waits for, beside its displays
//     shmem      memory shared by name
//     seclabel   a domain without the confinement that libvirt gives it by itself
//     namespace  elements and attributes of foreign name spaces, such as qemu:commandline
// The caller owns *ret. ERR_USAGE: no well-formed XML.
int domxml_host(const char *xml, json_t **ret, struct err *e);
