/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock.c: what happens when the lock is not free.
 *
 * The three-state futex lock of Drepper, "Futexes are tricky" (2004): a waiter
 * leaves a 2 behind, so that the holder knows it must wake somebody.
 */
#include "lock.h"

#include "os.h"

/* About a microsecond: most holders are done by then. */
#define SPINS 60

noinline void lock_acquire_slow(lock_word *lock)
{
    for (int i = 0; i < SPINS; i++) {
        uint32_t free = 0;
        if (atomic_load_explicit(lock, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_weak_explicit(
                lock, &free, 1, memory_order_acquire, memory_order_relaxed))
            return;
        cpu_pause();
    }
    while (atomic_exchange_explicit(lock, 2, memory_order_acquire) != 0)
        os_futex_wait(lock, 2, -1);
}

noinline void lock_release_slow(lock_word *lock)
{
    os_futex_wake(lock, 1);
}

#ifdef RN_CHECKS

static _Thread_local int held;

/* Not inlined: the next call may be made on another thread. */
noinline void lock_count(int delta)
{
    held += delta;
    __asm__ volatile("" ::: "memory");
}

noinline int lock_held(void)
{
    int count = held;
    __asm__ volatile("" : "+r"(count)::"memory");
    return count;
}

#endif
