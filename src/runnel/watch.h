/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h: who wants to hear of waits: the profiles of blocking and of
 * contention, which stand above the scheduler.
 *
 * A wait that nobody watches costs one relaxed load and a branch that is not
 * taken.
 */
#ifndef RUNNEL_WATCH_H
#define RUNNEL_WATCH_H

#include "task_internal.h"

enum { WATCH_WAITS = 1, WATCH_CONTENTION = 2 };

/* Which are on. Changed by atomic or, and. */
extern hidden _Atomic(uint32_t) watch_bits;

/*
 * Set before the first bit is, and for ever. The waiter calls the one when it
 * runs again; who ends the wait of others for a lock, by unlocking it, the
 * other. Neither parks; no lock is held.
 */
extern void (*watch_waited)(enum wait_reason reason, int64_t ns);
extern void (*watch_contended)(int64_t ns);

static inline bool watch_is_on(uint32_t bit)
{
    return unlikely(atomic_load_explicit(&watch_bits, memory_order_relaxed) &
                    bit);
}

/* What others waited for a lock that the caller has let go of. */
static inline void watch_tell_contended(int64_t ns)
{
    if (unlikely(ns > 0))
        watch_contended(ns);
}

#endif
