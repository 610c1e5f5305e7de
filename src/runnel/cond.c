/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cond.c: wait until somebody says that something has changed.
 *
 * A waiter is in the queue before it unlocks the mutex, so whoever locks that
 * afterwards and signals finds it there. It may be taken out before it has
 * parked (`task` is still NULL then); it sees that under the guard and does not
 * park. The queue is in order of the calls of wait, and a newcomer goes to its
 * end, so nobody takes a signal that was meant for one who waited before.
 */
#include <runnel/sync.h>

#include "mutant.h"
#include "panic_internal.h"
#include "sanitize.h"
#include "sched.h"
#include "waitq.h"

#define LOCK_CLASS LOCK_PRIMITIVE

/* Takes the guard; a cond knows the place where it was first used. */
static void enter(struct rn_cond *cond)
{
    lock_acquire(&cond->guard_);
    if (!cond->self_)
        cond->self_ = cond;
    if (cond->self_ != cond) {
        lock_release(&cond->guard_);
        misuse("cond was copied after its first use");
    }
}

static int wait_within(struct wait_limit limit, struct rn_cond *cond,
                       struct rn_mutex *mutex)
{
    struct rn_waiter_ self = {0};
    int status = wait_limit_status(limit);
    if (status != RN_OK)
        return status;
    enter(cond);
    waitq_push_back(WAITQ_OF(cond), &self);
    lock_release(&cond->guard_);
    rn_mutex_unlock(mutex);
    lock_acquire(&cond->guard_);
    if (self.queued || MUTANT(SIGNAL_MISSED))
        status =
            waitq_park(&cond->guard_, WAITQ_OF(cond), &self, WAIT_COND, limit);
    else
        lock_release(&cond->guard_);
    if (status == RN_OK)
        race_acquire(cond);
    rn_mutex_lock(mutex);
    return status;
}

void rn_cond_wait(struct rn_cond *cond, struct rn_mutex *mutex)
{
    wait_within(NO_LIMIT, cond, mutex);
}

int rn_cond_wait_until(int64_t deadline, struct rn_cond *cond,
                       struct rn_mutex *mutex)
{
    return wait_within((struct wait_limit){.deadline = deadline}, cond, mutex);
}

int rn_cond_wait_ctx(struct rn_ctx *ctx, struct rn_cond *cond,
                     struct rn_mutex *mutex)
{
    return wait_within((struct wait_limit){RN_NEVER, ctx}, cond, mutex);
}

/* Wakes the oldest who can be woken, or all of them. */
static void wake(struct rn_cond *cond, bool all)
{
    struct task *chain = NULL;
    struct task **end = &chain;
    bool done = false;
    sched_point();
    race_release(cond);
    enter(cond);
    while (cond->first_ && !done) {
        struct rn_waiter_ *w = cond->first_;
        if (!waitq_win(WAITQ_OF(cond), w))
            continue; /* its limit was faster */
        done = !all && !MUTANT(SIGNAL_WAKES_ALL);
        if (w->task) {
            w->task->next = NULL;
            *end = w->task; /* oldest first */
            end = &w->task->next;
        }
    }
    lock_release(&cond->guard_);
    ready_chain(chain);
}

void rn_cond_signal(struct rn_cond *cond)
{
    wake(cond, false);
}

void rn_cond_broadcast(struct rn_cond *cond)
{
    wake(cond, true);
}
