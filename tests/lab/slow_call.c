// SPDX-License-Identifier: GPL-3.0-or-later
// Preloaded into a console by tests: the calls with which it lets a guest run or move come late, so that what happens
// between its asking and its acting can be made to happen there. No hook in the product is needed. The environment
// says:
//
//   MIGSH_SLOW_START=MS    before a domain is created
//   MIGSH_SLOW_RESUME=MS   before it is resumed
//   MIGSH_DIE_RESUME=1     killed instead of resuming
//   MIGSH_SLOW_MIGRATE=MS  before a migration begins
//   MIGSH_LOSE_RESTORED=1  once a guest was restored or reverted, it is looked up in vain
//   MIGSH_LOSE_DETACHED=1  once a device was detached, libvirt does not describe the guest
//   MIGSH_LOSE_CHILDREN=1  libvirt does not count a snapshot's children, but all that are below it
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <libvirt/libvirt.h>

static void slow(const char *name)
{
    const char *text = getenv(name);
    long ms = text ? strtol(text, NULL, 10) : 0;
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&t, &t) < 0) {
    }
}

#define REAL(name) __typeof__(&(name)) real = (__typeof__(&(name)))dlsym(RTLD_NEXT, #name)

__attribute__((visibility("default"))) int virDomainCreate(virDomainPtr d)
{
    REAL(virDomainCreate);
    slow("MIGSH_SLOW_START");
    return real(d);
}

__attribute__((visibility("default"))) int virDomainCreateWithFlags(virDomainPtr d, unsigned int flags)
{
    REAL(virDomainCreateWithFlags);
    slow("MIGSH_SLOW_START");
    return real(d, flags);
}

__attribute__((visibility("default"))) virDomainPtr virDomainCreateXML(virConnectPtr c, const char *xml,
                                                                       unsigned int flags)
{
    REAL(virDomainCreateXML);
    slow("MIGSH_SLOW_START");
    return real(c, xml, flags);
}

__attribute__((visibility("default"))) int virDomainResume(virDomainPtr d)
{
    REAL(virDomainResume);
    if (getenv("MIGSH_DIE_RESUME"))
        kill(getpid(), SIGKILL);
    slow("MIGSH_SLOW_RESUME");
    return real(d);
}

__attribute__((visibility("default"))) virDomainPtr
virDomainMigrate3(virDomainPtr d, virConnectPtr dest, virTypedParameterPtr params, unsigned int n, unsigned int flags)
{
    REAL(virDomainMigrate3);
    slow("MIGSH_SLOW_MIGRATE");
    return real(d, dest, params, n, flags);
}

static atomic_bool restored;

__attribute__((visibility("default"))) int virDomainRestore(virConnectPtr c, const char *from)
{
    REAL(virDomainRestore);
    int r = real(c, from);
    restored = r == 0;
    return r;
}

__attribute__((visibility("default"))) int virDomainRestoreFlags(virConnectPtr c, const char *from, const char *xml,
                                                                 unsigned int flags)
{
    REAL(virDomainRestoreFlags);
    int r = real(c, from, xml, flags);
    restored = r == 0;
    return r;
}

__attribute__((visibility("default"))) int virDomainRevertToSnapshot(virDomainSnapshotPtr s, unsigned int flags)
{
    REAL(virDomainRevertToSnapshot);
    int r = real(s, flags);
    restored = r == 0;
    return r;
}

__attribute__((visibility("default"))) virDomainPtr virDomainLookupByUUIDString(virConnectPtr c, const char *uuid)
{
    REAL(virDomainLookupByUUIDString);
    if (restored && getenv("MIGSH_LOSE_RESTORED"))
        uuid = "00000000-0000-0000-0000-000000000000";
    return real(c, uuid);
}

// What a daemon refuses, in its own words.
static const unsigned int no_such_flag = 1U << 30;
static atomic_bool detached;

__attribute__((visibility("default"))) int virDomainDetachDeviceFlags(virDomainPtr d, const char *xml,
                                                                      unsigned int flags)
{
    REAL(virDomainDetachDeviceFlags);
    int r = real(d, xml, flags);
    detached = r == 0;
    return r;
}

__attribute__((visibility("default"))) char *virDomainGetXMLDesc(virDomainPtr d, unsigned int flags)
{
    REAL(virDomainGetXMLDesc);
    return real(d, detached && getenv("MIGSH_LOSE_DETACHED") ? no_such_flag : flags);
}

__attribute__((visibility("default"))) int virDomainSnapshotNumChildren(virDomainSnapshotPtr s, unsigned int flags)
{
    REAL(virDomainSnapshotNumChildren);
    return real(s, !flags && getenv("MIGSH_LOSE_CHILDREN") ? no_such_flag : flags);
}
