/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock.c: what happens when the lock is not free.
 *
 * The three-state futex lock of Drepper, "Futexes are tricky" (2004): a waiter
 * leaves a 2 behind, so that the holder knows it must wake somebody.
 */
#include "lock.h"

#include "fatal.h"
#include "os.h"

/*
 * Looks before it sleeps, and pauses before each: about two microseconds in all;
 * most holders are done by then. Rare, for each look takes the line from a holder
 * who is about to write to it.
 */
#define LOOKS 4
#define GAP   30

noinline void lock_acquire_slow(lock_word *lock)
{
    for (int i = 0; i < LOOKS; i++) {
        uint32_t free = 0;
        for (int k = 0; k < GAP; k++)
            cpu_pause();
        if (atomic_load_explicit(lock, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_weak_explicit(
                lock, &free, 1, memory_order_acquire, memory_order_relaxed))
            return;
    }
    while (atomic_exchange_explicit(lock, 2, memory_order_acquire) != 0)
        os_futex_wait(lock, 2, -1);
}

noinline void lock_release_slow(lock_word *lock)
{
    os_futex_wake(lock, 1);
}

#ifdef RN_CHECKS

/* A select holds all of its channels. */
#define HELD_MAX 80

struct held {
    enum lock_class class;
    const lock_word *lock;
};

static _Thread_local struct {
    struct held locks[HELD_MAX];
    int count;
} these;

static const char *const names[] = {
    [LOCK_PROFILES] = "profiles",
    [LOCK_SIGNALS] = "list of signals",
    [LOCK_TIMER] = "timer",
    [LOCK_CHANNEL] = "channel",
    [LOCK_PRIMITIVE] = "primitive of sync.h",
    [LOCK_DESCRIPTOR] = "descriptor",
    [LOCK_WAIT] = "wait record",
    [LOCK_TOKEN] = "cancel token",
    [LOCK_TIMERQ] = "timer queue",
    [LOCK_LEAF] = "leaf",
    [LOCK_HIRING] = "making of threads",
    [LOCK_SCHED] = "scheduler",
    [LOCK_QUEUE] = "a worker's queue",
    [LOCK_SEIZED] = "another worker's queue",
    [LOCK_TRACE] = "trace",
    [LOCK_LABELS] = "labels of a trace",
};

static bool is_thing_waited_for(enum lock_class class)
{
    return class >= LOCK_CHANNEL && class <= LOCK_DESCRIPTOR;
}

static bool may_follow(const struct held *first, const struct held *then)
{
    if (first->class == LOCK_CHANNEL && then->class == LOCK_CHANNEL)
        return first->lock < then->lock;
    if (is_thing_waited_for(first->class) && is_thing_waited_for(then->class))
        return false;
    return first->class < then->class;
}

/* Not inlined: the next call may be made on another thread. */
noinline void lock_taking(enum lock_class class, const lock_word *lock)
{
    struct held new = {class, lock};
    for (int i = 0; i < these.count; i++)
        if (!may_follow(&these.locks[i], &new) && !fatal_begun())
            fatal("lock order: the lock of a %s is taken while that of a %s "
                  "is held",
                  names[class], names[these.locks[i].class]);
    CHECKED(these.count < HELD_MAX);
    these.locks[these.count++] = new;
    __asm__ volatile("" ::: "memory");
}

noinline void lock_leaving(const lock_word *lock)
{
    int at = these.count - 1;
    while (at >= 0 && these.locks[at].lock != lock)
        at--;
    if (at < 0)
        fatal("lock order: a lock is released that its thread does not hold");
    these.locks[at] = these.locks[--these.count];
    __asm__ volatile("" ::: "memory");
}

noinline int lock_held(void)
{
    int count = these.count;
    __asm__ volatile("" : "+r"(count)::"memory");
    return count;
}

#endif
