/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timerq.h: what is to happen later, in the order in which it is due.
 *
 * A queue belongs to a worker but may be used from any thread: its lock
 * protects all of it, and `place` and `when` of every timer in it. A timer is
 * memory of its owner. When it is due it is taken out and returned, never
 * called from here; and if it carries a claim it is returned only when it won
 * that claim, which is tried under the lock: so once timerq_remove returned,
 * nobody touches the timer unless it has won.
 */
#ifndef RUNNEL_TIMERQ_H
#define RUNNEL_TIMERQ_H

#include "base.h"
#include "lock.h"
#include "timer_wheel.h"

struct timerq;

struct timer {
    int64_t when;
    struct timerq *home; /* the queue it was last put in, or NULL */
    /* Its slot, from 1; 0 = not in the queue. Written under the lock, read by
     * anybody (relaxed: a hint; but see timerq_may_hold). */
    _Atomic(uint32_t) place;
    uint32_t source;          /* what to claim with; or TIMER_CHAINS */
    _Atomic(uint32_t) *claim; /* or NULL: fires in any case */
    /* Called outside every lock by whoever expired the queue; it was due at
     * `now`. */
    void (*fire)(struct timer *timer, int64_t now);
};

/*
 * The source of a timer without a claim that starts a goroutine, which sees to
 * the next one that is due when it has ended.
 */
#define TIMER_CHAINS 1

/*
 * At most so many are taken out at once: enough that their memory is waited for
 * together, few enough that one whose function takes long (it ends a large tree
 * of contexts) holds up few others.
 */
#define TIMERQ_BATCH 16

union timer_slot {
    struct timer *timer; /* of a node; NULL: it was taken out */
    uint32_t next_free;
};

struct timerq {
    lock_word lock;
    /* The root is not due then any more: see timerq_next. */
    _Atomic(bool) stale;
    /* No timer is due before; RN_NEVER when there is none. Both are written
     * under the lock, read by anybody (relaxed: a hint, re-read under it). */
    _Atomic(int64_t) earliest;
    struct timer_node *heap; /* 4-ary, root at 0; in `memory` */
    void *memory;
    size_t count; /* its nodes, with the dead */
    size_t capacity;
    struct timer_wheel wheel; /* what is far away, once the heap is large */
    /* Due, out of the heap, and on their way from memory: [at, end). */
    struct timer_node soon[TIMERQ_BATCH];
    uint32_t soon_at;
    uint32_t soon_end;
    size_t dead; /* in all three */
    union timer_slot *slots;
    uint32_t slots_capacity;
    uint32_t slots_used; /* at any time so far */
    uint32_t free_slot;  /* the first in a chain */
};

void timerq_init(struct timerq *q);
void timerq_clear(struct timerq *q);

/* Puts in a timer that is in no queue. Out of memory is fatal. */
void timerq_add(struct timerq *q, struct timer *timer);

/* Takes it out of the queue it is in. True when this call did. */
bool timerq_remove(struct timer *timer);

/*
 * False: it is in no queue. Exact for whom nobody puts in meanwhile: it was
 * never put in, or has been taken out, and who did that is the caller or is
 * about to fire it.
 */
static inline bool timerq_may_hold(const struct timer *timer)
{
    return atomic_load_explicit(&timer->place, memory_order_relaxed) != 0;
}

/*
 * Moves one that is in a queue to a time that is not earlier than its own, and
 * costs nearly nothing. False, and nothing done, when it is not that. Nobody
 * else changes its time meanwhile.
 */
bool timerq_postpone(struct timer *timer, int64_t when);

/*
 * Takes out those that are due at `now`, earliest first, `most` at most (and
 * TIMERQ_BATCH); one that was put in with a time in the past may come behind some
 * that had been fetched by then. Of them it returns in `due` how many won their
 * claim, or have none; 0 when nothing is due. A timer without a claim may be put
 * in again by its owner as soon as it is out, so before the caller has seen to it.
 */
size_t timerq_expire(struct timerq *q, int64_t now, struct timer **due,
                     size_t most);
/* The same; but one that chains comes alone, and those behind it stay. */
size_t timerq_expire_chain(struct timerq *q, int64_t now, struct timer **due,
                           size_t most);

static inline bool timer_chains(const struct timer *timer)
{
    return !timer->claim && timer->source == TIMER_CHAINS;
}

/*
 * Simulation: of several that are due at `now` any may go first. How many there
 * are (looking at the first few places of the heap), and the one with a number
 * below that, or NULL when it lost its claim.
 */
uint32_t timerq_due(struct timerq *q, int64_t now);
struct timer *timerq_expire_one(struct timerq *q, int64_t now, uint32_t number);

/* Timers in it now. */
size_t timerq_count(struct timerq *q);

/* Not later than the first is due: before then there is nothing to do. */
static inline int64_t timerq_earliest(const struct timerq *q)
{
    return atomic_load_explicit(&q->earliest, memory_order_relaxed);
}

/* Drops what stands in the way of the first; returns when that is due. */
int64_t timerq_settle(struct timerq *q);

/*
 * When the first is due: for who decides how long to sleep, or to give up.
 * RN_NEVER exactly when none is to come. Otherwise it may be the time of one
 * that was far away and was taken out or postponed since; then one look at that
 * time is in vain.
 */
static inline int64_t timerq_next(struct timerq *q)
{
    if (atomic_load_explicit(&q->stale, memory_order_relaxed))
        return timerq_settle(q);
    return timerq_earliest(q);
}

#endif
