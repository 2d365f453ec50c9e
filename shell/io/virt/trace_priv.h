// SPDX-License-Identifier: GPL-3.0-or-later
// Each call of libvirt is counted, and traced with the connection that it went over, which is that of its first
// argument: objects.py makes a macro of each function of libvirt's headers, which notes it. See base/trace.h.
#pragma once

#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>

// Around every call.
#define VIRT(call)                                                                                                     \
    ({                                                                                                                 \
        double began_ms_ = virt_call_begins();                                                                         \
        __auto_type result_ = (call);                                                                                  \
        virt_call_ends(#call, began_ms_);                                                                              \
        result_;                                                                                                       \
    })

double virt_call_begins(void); // 0: nobody wants to know of it
void virt_call_ends(const char *call, double began_ms);
void virt_call_at(virConnectPtr c);
void virt_call_at_uri(const char *uri); // of a connection that is still to be opened

#define AT(type, connection)                                                                                           \
    static inline type virt_at_##type(type p)                                                                          \
    {                                                                                                                  \
        if (p)                                                                                                         \
            virt_call_at(connection);                                                                                  \
        return p;                                                                                                      \
    }
AT(virConnectPtr, p)
AT(virDomainPtr, virDomainGetConnect(p))
AT(virDomainCheckpointPtr, virDomainCheckpointGetConnect(p))
AT(virDomainSnapshotPtr, virDomainSnapshotGetConnect(p))
AT(virInterfacePtr, virInterfaceGetConnect(p))
AT(virNetworkPtr, virNetworkGetConnect(p))
AT(virNetworkPortPtr, virNetworkGetConnect(virNetworkPortGetNetwork(p)))
AT(virSecretPtr, virSecretGetConnect(p))
AT(virStoragePoolPtr, virStoragePoolGetConnect(p))
AT(virStorageVolPtr, virStorageVolGetConnect(p))
#undef AT
static inline const char *virt_at_uri(const char *uri)
{
    virt_call_at_uri(uri);
    return uri;
}

#include <virt_objects.h>
