/* SPDX-License-Identifier: Apache-2.0 */
/*
 * semaphore.c: a number of places, taken several at a time.
 *
 * Invariants, under the guard:
 *
 *  1. 0 <= used_ <= size_.
 *  2. While somebody waits, the first in the queue wants more than is free;
 *     nobody passes it, so a large request is not starved by small ones.
 *
 * Whoever makes 2 false (a release, or the first giving up) hands places to the
 * front of the queue until it holds again.
 */
#include <runnel/sync.h>

#include "fatal.h"
#include "mutant.h"
#include "panic_internal.h"
#include "sanitize.h"
#include "sched.h"
#include "waitq.h"

#define LOCK_CLASS LOCK_PRIMITIVE

static bool fits(const struct rn_semaphore *semaphore, int64_t weight)
{
    return weight <= semaphore->size_ - semaphore->used_;
}

/* Under the guard, when places were handed out: invariants 1 and 2. */
static bool semaphore_check(const struct rn_semaphore *semaphore)
{
    return semaphore->used_ >= 0 && semaphore->used_ <= semaphore->size_ &&
           (!semaphore->first_ || !fits(semaphore, semaphore->first_->weight));
}

/* Under the guard: places for those at the front; the chain to make ready. */
static struct task *grant(struct rn_semaphore *semaphore)
{
    struct task *chain = NULL;
    struct task **end = &chain;
    while (semaphore->first_ && fits(semaphore, semaphore->first_->weight)) {
        struct rn_waiter_ *w = semaphore->first_;
        if (!waitq_win(WAITQ_OF(semaphore), w))
            continue; /* its limit was faster */
        semaphore->used_ += w->weight;
        w->task->next = NULL;
        *end = w->task; /* oldest first */
        end = &w->task->next;
    }
    INVARIANT(semaphore_check(semaphore));
    return chain;
}

static void check_weight(int64_t weight)
{
    if (weight < 0)
        misuse("negative weight for a semaphore");
}

bool rn_semaphore_try_acquire(struct rn_semaphore *semaphore, int64_t weight)
{
    sched_point();
    check_weight(weight);
    lock_acquire(&semaphore->guard_);
    bool taken =
        (!semaphore->first_ || MUTANT(LARGE_PASSED)) && fits(semaphore, weight);
    if (taken)
        semaphore->used_ += weight;
    lock_release(&semaphore->guard_);
    if (taken)
        race_acquire(semaphore);
    return taken;
}

/* Under the guard: waits for the places; releases the guard. */
static int wait_for_places(struct rn_semaphore *semaphore, int64_t weight,
                           struct wait_limit limit)
{
    struct rn_waiter_ self = {.weight = weight};
    waitq_push_back(WAITQ_OF(semaphore), &self);
    int status = waitq_park(&semaphore->guard_, WAITQ_OF(semaphore), &self,
                            WAIT_SEMAPHORE, limit);
    if (status == RN_OK)
        return RN_OK;
    /* Those behind may fit where we did not. */
    lock_acquire(&semaphore->guard_);
    struct task *chain = MUTANT(LARGE_GONE_BLOCKS) ? NULL : grant(semaphore);
    lock_release(&semaphore->guard_);
    ready_chain(chain);
    return status;
}

static int acquire_within(struct wait_limit limit,
                          struct rn_semaphore *semaphore, int64_t weight)
{
    sched_point();
    check_weight(weight);
    int status = wait_limit_status(limit);
    if (status != RN_OK)
        return status;
    if (weight > semaphore->size_)
        misuse("%lld places wanted of a semaphore that has %lld",
               (long long)weight, (long long)semaphore->size_);
    lock_acquire(&semaphore->guard_);
    if (!semaphore->first_ && fits(semaphore, weight)) {
        semaphore->used_ += weight;
        lock_release(&semaphore->guard_);
    } else {
        status = wait_for_places(semaphore, weight, limit);
    }
    if (status == RN_OK)
        race_acquire(semaphore);
    return status;
}

void rn_semaphore_acquire(struct rn_semaphore *semaphore, int64_t weight)
{
    acquire_within(NO_LIMIT, semaphore, weight);
}

int rn_semaphore_acquire_until(int64_t deadline, struct rn_semaphore *semaphore,
                               int64_t weight)
{
    return acquire_within((struct wait_limit){.deadline = deadline}, semaphore,
                          weight);
}

int rn_semaphore_acquire_ctx(struct rn_ctx *ctx, struct rn_semaphore *semaphore,
                             int64_t weight)
{
    return acquire_within((struct wait_limit){RN_NEVER, ctx}, semaphore,
                          weight);
}

void rn_semaphore_release(struct rn_semaphore *semaphore, int64_t weight)
{
    check_weight(weight);
    race_release(semaphore);
    lock_acquire(&semaphore->guard_);
    bool held = weight <= semaphore->used_;
    struct task *chain = NULL;
    if (held) {
        semaphore->used_ -= weight;
        chain = MUTANT(PLACES_UNSEEN) ? NULL : grant(semaphore);
    }
    lock_release(&semaphore->guard_);
    if (!held)
        misuse("a semaphore got back more places than were taken");
    ready_chain(chain);
    sched_point();
}
