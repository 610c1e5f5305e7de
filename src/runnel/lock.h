/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock.h: the lock that protects the runtime's own structures.
 *
 * One word: 0 free, 1 held, 2 held and somebody may sleep on it. Held for tens
 * of nanoseconds, never across user code. The thread, not the goroutine, holds
 * it: a goroutine may take it and park, when the context that runs next on the
 * same thread releases it (sched.h).
 *
 * Order, where two are held: channels by address, then a cancel token, then a
 * timer queue, then the scheduler's lock, then those of a trace.
 *
 * The race detector does not see these locks, on purpose: an edge that a user's
 * program does not have would hide its races (sanitize.h).
 */
#ifndef RUNNEL_LOCK_H
#define RUNNEL_LOCK_H

#include "base.h"

typedef _Atomic(uint32_t) lock_word;

void lock_acquire_slow(lock_word *lock);
void lock_release_slow(lock_word *lock);

/*
 * Locks that the calling thread holds; counted with -Dchecks=true. None is held
 * where user code runs, so also where a panic is raised.
 */
#ifdef RN_CHECKS
void lock_count(int delta);
int lock_held(void);
#else
static inline void lock_count(int delta)
{
    (void)delta;
}
static inline int lock_held(void)
{
    return 0;
}
#endif

static inline void lock_acquire(lock_word *lock)
{
    uint32_t free = 0;
    /* Acquire: pairs with the release of whoever held it before. */
    if (unlikely(!atomic_compare_exchange_strong_explicit(
            lock, &free, 1, memory_order_acquire, memory_order_relaxed)))
        lock_acquire_slow(lock);
    lock_count(1);
}

static inline void lock_release(lock_word *lock)
{
    lock_count(-1);
    if (unlikely(atomic_exchange_explicit(lock, 0, memory_order_release) != 1))
        lock_release_slow(lock);
}

#endif
