/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock.h: the lock that protects the runtime's own structures.
 *
 * One word: 0 free, 1 held, 2 held and somebody may sleep on it. Held for tens
 * of nanoseconds, never across user code. The thread, not the goroutine, holds
 * it: a goroutine may take it and park, when the context that runs next on the
 * same thread releases it (sched.h).
 *
 * Order, where two are held: that of enum lock_class; of those that are equal
 * there, two channels, by address. With -Dchecks=true each thread keeps the locks
 * that it holds, and one that is taken out of order ends the program. Each file
 * says which class its locks are of (LOCK_CLASS); where it has more than one,
 * lock_acquire_as says so at the place.
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

/* First taken, first. See docs/design/locks.md. */
enum lock_class {
    LOCK_PROFILES,
    LOCK_SIGNALS,
    LOCK_TIMER,   /* of rn_timer */
    LOCK_CHANNEL, /* the next two are equal to it */
    LOCK_PRIMITIVE,
    LOCK_DESCRIPTOR,
    LOCK_WAIT, /* the guard of a wait record */
    LOCK_TOKEN,
    LOCK_TIMERQ,
    LOCK_LEAF,   /* of a file that calls nothing while it holds it */
    LOCK_HIRING, /* a thread is being made */
    LOCK_SCHED,
    LOCK_QUEUE,  /* within the bias of a worker's queue: by its owner */
    LOCK_SEIZED, /* the same by a thief, who only tries */
    LOCK_TRACE,
    LOCK_LABELS /* of a trace */
};

/*
 * Before a lock of that class is taken, and before it is released (or ends with
 * the record that it lies in). None is held where user code runs, so also where
 * a panic is raised.
 */
#ifdef RN_CHECKS
void lock_taking(enum lock_class class, const lock_word *lock);
void lock_leaving(const lock_word *lock);
int lock_held(void);
#else
static inline void lock_taking(enum lock_class class, const lock_word *lock)
{
    (void)class;
    (void)lock;
}
static inline void lock_leaving(const lock_word *lock)
{
    (void)lock;
}
static inline int lock_held(void)
{
    return 0;
}
#endif

static inline void lock_acquire_as(enum lock_class class, lock_word *lock)
{
    lock_taking(class, lock);
    uint32_t free = 0;
    /* Acquire: pairs with the release of whoever held it before. */
    if (unlikely(!atomic_compare_exchange_strong_explicit(
            lock, &free, 1, memory_order_acquire, memory_order_relaxed)))
        lock_acquire_slow(lock);
}

#define lock_acquire(lock) lock_acquire_as(LOCK_CLASS, (lock))

static inline void lock_release(lock_word *lock)
{
    lock_leaving(lock);
    if (unlikely(atomic_exchange_explicit(lock, 0, memory_order_release) != 1))
        lock_release_slow(lock);
}

#endif
