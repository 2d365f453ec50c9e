// SPDX-License-Identifier: GPL-3.0-or-later
// Linked into migsh when it is built with the address sanitizer, and only then. libvirt forks for qemu+ssh while other
// threads allocate, and allocates in the child before it execs (it lists /proc/self/fd). glibc's malloc is prepared for
// that; GCC 12's sanitizer is not: a lock of its allocator that another thread held stays locked in the child for ever,
// about one connection in fifty. (LLVM 16 mended it in the same way.) Needs the static runtime, as its own names for
// these locks are hidden in the shared one.
#include <pthread.h>

void lock_allocator(void) __asm__("_ZN6__lsan13LockAllocatorEv");
void unlock_allocator(void) __asm__("_ZN6__lsan15UnlockAllocatorEv");
void lock_stacks(void) __asm__("_ZN11__sanitizer17StackDepotLockAllEv");
void unlock_stacks(void) __asm__("_ZN11__sanitizer19StackDepotUnlockAllEv");

static void before(void)
{
    lock_allocator();
    lock_stacks();
}

static void after(void)
{
    unlock_stacks();
    unlock_allocator();
}

static __attribute__((constructor)) void prepare(void)
{
    pthread_atfork(before, after, after);
}
