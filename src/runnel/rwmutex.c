/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rwmutex.c: RWMutex.
 *
 * `guard_` is the runtime's lock over the queue of those that wait, oldest first
 * (waitq.h); what is handed over is handed over under it.
 *
 * `state_` counts the readers that are in, in steps of RW_READER, beside
 * RW_WRITER and RW_WAITERS. Whoever finds neither flag (a writer: nothing) enters
 * by one compare-and-swap. RW_WAITERS is set before anybody is queued, and from
 * then on entering and leaving are the guard's business.
 */
#include <runnel/sync.h>

#include "fatal.h"
#include "lock.h"
#include "mutant.h"
#include "sanitize.h"
#include "sched.h"
#include "waitq.h"
#include "watch.h"

#define LOCK_CLASS LOCK_PRIMITIVE

enum { RW_WRITER = 1, RW_WAITERS = 2, RW_READER = 4 };

/* For the race detector: writers see readers, readers see writers only. */
static void saw_writers(struct rn_rwmutex *rw)
{
    race_acquire(&rw->guard_);
}

static void saw_readers(struct rn_rwmutex *rw)
{
    race_acquire(&rw->state_);
}

static inline uint32_t rw_state(struct rn_rwmutex *rw)
{
    return atomic_load_explicit(&rw->state_, memory_order_relaxed);
}

/* Acquire: pairs with the release of whoever held it before. */
static inline bool rw_change(struct rn_rwmutex *rw, uint32_t *state,
                             uint32_t wanted)
{
    return atomic_compare_exchange_weak_explicit(
        &rw->state_, state, wanted, memory_order_acquire, memory_order_relaxed);
}

/* Under the guard: never both sides; whoever waits is seen by who leaves. */
static bool rwmutex_check(struct rn_rwmutex *rw)
{
    uint32_t state = rw_state(rw);
    return (!(state & RW_WRITER) || state < RW_READER) &&
           (!rw->first_ || state & RW_WAITERS);
}

/* Under the guard: the mark goes with the last waiter. */
static void rw_unmark(struct rn_rwmutex *rw)
{
    if (!rw->first_)
        atomic_fetch_and_explicit(&rw->state_, ~(uint32_t)RW_WAITERS,
                                  memory_order_relaxed);
}

bool rn_rwmutex_try_lock(struct rn_rwmutex *rw)
{
    sched_point();
    uint32_t state = 0;
    while (!rw_change(rw, &state, RW_WRITER))
        if (state != 0)
            return false;
    saw_writers(rw);
    saw_readers(rw);
    return true;
}

/*
 * Under the guard, with no writer in: lets in whom it can; the chain to be made
 * ready. With `readers_first` every reader that waits gets in, past waiting
 * writers; otherwise those at the front do. A writer gets in when nobody else
 * is: while the mark is set, readers only leave. *waited grows by what they
 * waited, when somebody wants to know.
 */
static struct task *grant(struct rn_rwmutex *rw, bool readers_first,
                          int64_t *waited)
{
    struct waitq q = WAITQ_OF(rw);
    struct task *chain = NULL;
    struct rn_waiter_ *next;
    for (struct rn_waiter_ *w = rw->first_; w; w = next) {
        next = w->next;
        if (!w->reader && (readers_first || rw_state(rw) >= RW_READER)) {
            if (readers_first)
                continue;
            break;
        }
        if (!waitq_win(q, w))
            continue; /* its limit was faster */
        chain = chain_task(w->task, chain);
        *waited += waitq_charge(w);
        if (!w->reader) {
            atomic_fetch_or_explicit(&rw->state_, RW_WRITER,
                                     memory_order_acquire);
            break;
        }
        atomic_fetch_add_explicit(&rw->state_, RW_READER, memory_order_acquire);
    }
    return chain;
}

/* One who waited has given up: who waited for its turn may go. */
static noinline void rw_given_up(struct rn_rwmutex *rw)
{
    struct task *chain = NULL;
    int64_t waited = 0; /* no wait for a lock that was held: not told */
    lock_acquire(&rw->guard_);
    if (!(rw_state(rw) & RW_WRITER))
        chain = grant(rw, false, &waited);
    rw_unmark(rw);
    INVARIANT(rwmutex_check(rw));
    lock_release(&rw->guard_);
    ready_chain(chain);
}

/*
 * Under the guard: waits for either side; releases the guard. A writer that
 * gives up lets in those who waited for its turn to pass.
 */
static int wait_for_turn(struct rn_rwmutex *rw, bool reader,
                         struct wait_limit limit)
{
    struct rn_waiter_ self = {.reader = reader, .since = waitq_since()};
    waitq_push_back(WAITQ_OF(rw), &self);
    int status = waitq_park(&rw->guard_, WAITQ_OF(rw), &self,
                            reader ? WAIT_RLOCK : WAIT_WLOCK, limit);
    if (status != RN_OK && !MUTANT(WRITER_GONE_BLOCKS))
        rw_given_up(rw);
    return status;
}

/* When it cannot be had at once, or somebody waits: looks under the guard. */
static noinline int rw_lock_slow(struct rn_rwmutex *rw, bool reader,
                                 struct wait_limit limit)
{
    uint32_t wanted;
    bool waits;
    lock_acquire(&rw->guard_);
    uint32_t state = rw_state(rw);
    do {
        waits =
            rw->first_ || (reader ? state & RW_WRITER && !MUTANT(READERS_PASS)
                                  : (state & ~(uint32_t)RW_WAITERS) != 0);
        if (waits)
            wanted = state | RW_WAITERS;
        else
            wanted = reader ? state + RW_READER : state | RW_WRITER;
    } while (!rw_change(rw, &state, wanted));
    if (waits)
        return wait_for_turn(rw, reader, limit);
    lock_release(&rw->guard_);
    return RN_OK;
}

static int write_lock(struct rn_rwmutex *rw, struct wait_limit limit)
{
    sched_point();
    int status = wait_limit_status(limit);
    uint32_t state = 0;
    if (status == RN_OK && unlikely(!rw_change(rw, &state, RW_WRITER)))
        status = rw_lock_slow(rw, false, limit);
    if (status != RN_OK)
        return status;
    saw_writers(rw);
    saw_readers(rw);
    return RN_OK;
}

void rn_rwmutex_lock(struct rn_rwmutex *rw)
{
    write_lock(rw, NO_LIMIT);
}

int rn_rwmutex_lock_until(int64_t deadline, struct rn_rwmutex *rw)
{
    return write_lock(rw, (struct wait_limit){.deadline = deadline});
}

int rn_rwmutex_lock_ctx(struct rn_ctx *ctx, struct rn_rwmutex *rw)
{
    return write_lock(rw, (struct wait_limit){RN_NEVER, ctx});
}

/*
 * The last step of leaving is under the guard when somebody waits: who is let in
 * then may be the last to use the lock, and free it.
 */
static noinline void rw_unlock_slow(struct rn_rwmutex *rw)
{
    struct task *chain = NULL;
    int64_t waited = 0;
    lock_acquire(&rw->guard_);
    /* Release: pairs with the next lock, by whatever way. */
    uint32_t state = atomic_fetch_and_explicit(
        &rw->state_, ~(uint32_t)RW_WRITER, memory_order_acq_rel);
    if (unlikely(!(state & RW_WRITER)))
        fatal("unlock of unlocked rwmutex");
    chain = grant(rw, true, &waited);
    if (!chain)
        chain = grant(rw, false, &waited);
    rw_unmark(rw);
    INVARIANT(rwmutex_check(rw));
    lock_release(&rw->guard_);
    ready_chain(chain);
    watch_tell_contended(waited);
}

void rn_rwmutex_unlock(struct rn_rwmutex *rw)
{
    race_release(&rw->guard_);
    uint32_t state = RW_WRITER;
    /* Release: pairs with the next lock, by whatever way. */
    if (unlikely(!atomic_compare_exchange_strong_explicit(
            &rw->state_, &state, 0, memory_order_release,
            memory_order_relaxed)))
        rw_unlock_slow(rw);
    sched_point();
}

/* A reader's way in while no writer is there or waits. */
static inline bool enter_as_reader(struct rn_rwmutex *rw, uint32_t kept_out_by)
{
    uint32_t state = rw_state(rw);
    while (likely(!(state & kept_out_by)))
        if (likely(rw_change(rw, &state, state + RW_READER)))
            return true;
    return false;
}

bool rn_rwmutex_try_rlock(struct rn_rwmutex *rw)
{
    sched_point();
    uint32_t waiters = MUTANT(WRITER_PASSED) ? 0 : RW_WAITERS;
    bool entered = enter_as_reader(rw, RW_WRITER | waiters);
    if (entered)
        saw_writers(rw);
    return entered;
}

static int read_lock(struct rn_rwmutex *rw, struct wait_limit limit)
{
    sched_point();
    int status = wait_limit_status(limit);
    if (status == RN_OK &&
        unlikely(!enter_as_reader(rw, RW_WRITER | RW_WAITERS)))
        status = rw_lock_slow(rw, true, limit);
    if (status != RN_OK)
        return status;
    saw_writers(rw);
    return RN_OK;
}

void rn_rwmutex_rlock(struct rn_rwmutex *rw)
{
    read_lock(rw, NO_LIMIT);
}

int rn_rwmutex_rlock_until(int64_t deadline, struct rn_rwmutex *rw)
{
    return read_lock(rw, (struct wait_limit){.deadline = deadline});
}

int rn_rwmutex_rlock_ctx(struct rn_ctx *ctx, struct rn_rwmutex *rw)
{
    return read_lock(rw, (struct wait_limit){RN_NEVER, ctx});
}

/* Somebody waits: he may be let in by this one's leaving (rw_unlock_slow). */
static noinline void rw_runlock_slow(struct rn_rwmutex *rw)
{
    struct task *chain = NULL;
    int64_t waited = 0;
    lock_acquire(&rw->guard_);
    /* Acquire as well: the last reader speaks for those before it. */
    uint32_t state =
        atomic_fetch_sub_explicit(&rw->state_, RW_READER, memory_order_acq_rel);
    if (state < 2 * RW_READER && !(state & RW_WRITER) && !MUTANT(LAST_READER))
        chain = grant(rw, false, &waited);
    rw_unmark(rw);
    INVARIANT(rwmutex_check(rw));
    lock_release(&rw->guard_);
    ready_chain(chain);
    watch_tell_contended(waited);
}

void rn_rwmutex_runlock(struct rn_rwmutex *rw)
{
    race_release(&rw->state_);
    uint32_t state = rw_state(rw);
    do {
        if (unlikely(state < RW_READER))
            fatal("runlock of rwmutex that is not locked for reading");
        if (unlikely(state & RW_WAITERS)) {
            rw_runlock_slow(rw);
            break;
        }
        /* Release: pairs with the next writer's lock. */
    } while (!atomic_compare_exchange_weak_explicit(
        &rw->state_, &state, state - RW_READER, memory_order_release,
        memory_order_relaxed));
    sched_point();
}
