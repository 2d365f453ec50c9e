// SPDX-License-Identifier: GPL-3.0-or-later
// What a domain's XML says, as values. Pure; any thread. The source of the format: libvirt's formatdomain
// documentation.
#pragma once

#include <jansson.h>

#include "io/xml.h"

// [{"type": "file"|"block"|"network"|"volume"|…, "device": "disk"|"cdrom"|…, "target", "bus", "source", "pool",
//   "format", "cache" (null: QEMU's default), "readonly", "shareable": booleans}]; absent texts are null. "source" is
// virsh's: the file, device, directory, or a network disk's name, or the volume's name within "pool". The caller owns
// the value.
json_t *domxml_disks(struct xml_doc *doc);
// The same of one <disk>, which may be a snapshot's.
json_t *domxml_disk(struct xml_doc *doc, struct xml_node *disk);
// [{"interface": the host's device or null, "type", "source", "model", "mac"}]; the caller's.
json_t *domxml_interfaces(struct xml_doc *doc);
