/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waitq.c: queue, park, be won.
 */
#include "waitq.h"

#include "fatal.h"
#include "mutant.h"
#include "sched.h"
#include "watch.h"

#define LOCK_CLASS LOCK_PRIMITIVE

enum { BY_OWNER = 1, BY_CONTEXT };

/* So many are looked at, with -Dchecks=true. */
#define CHECK_MAX 64

/* Under the guard: invariant 1, and every link goes both ways. */
static bool waitq_check(struct waitq q)
{
    const struct rn_waiter_ *before = NULL;
    const struct rn_waiter_ *w = *q.first;
    for (int i = 0; w && i < CHECK_MAX; i++) {
        if (!w->queued || w->prev != before)
            return false;
        before = w;
        w = w->next;
    }
    return w || *q.last == before;
}

void waitq_push_back(struct waitq q, struct rn_waiter_ *w)
{
    w->queued = true;
    w->next = NULL;
    w->prev = *q.last;
    *(w->prev ? &w->prev->next : q.first) = w;
    *q.last = w;
    INVARIANT(waitq_check(q));
}

void waitq_push_front(struct waitq q, struct rn_waiter_ *w)
{
    w->queued = true;
    w->prev = NULL;
    w->next = *q.first;
    *(w->next ? &w->next->prev : q.last) = w;
    *q.first = w;
    INVARIANT(waitq_check(q));
}

void waitq_take_out(struct waitq q, struct rn_waiter_ *w)
{
    if (!w->queued)
        return;
    w->queued = false;
    *(w->prev ? &w->prev->next : q.first) = w->next;
    *(w->next ? &w->next->prev : q.last) = w->prev;
    INVARIANT(waitq_check(q));
}

bool waitq_win(struct waitq q, struct rn_waiter_ *w)
{
    waitq_take_out(q, w);
    return !w->claim || MUTANT(QUEUE_WINS_TWICE) ||
           claim_take(w->claim, BY_OWNER);
}

int64_t waitq_since(void)
{
    return watch_is_on(WATCH_CONTENTION) ? seam_now() : 0;
}

int64_t waitq_charge(struct rn_waiter_ *w)
{
    if (!watch_is_on(WATCH_CONTENTION) || w->since == 0)
        return 0;
    int64_t now = seam_now();
    int64_t from = w->charged ? w->charged : w->since;
    w->charged = now;
    return now - from;
}

static void unlock_guard(void *guard)
{
    lock_release(guard);
}

/* Apart: what it needs of the stack, a wait without a limit does not. */
static noinline int park_within(lock_word *guard, struct waitq q,
                                struct rn_waiter_ *self, struct wait_for what,
                                struct wait_limit limit)
{
    struct wait wait;
    struct token_wait token = {.source = BY_CONTEXT};
    if (limit.ctx)
        token.token = ctx_token(limit.ctx);
    wait_begin(&wait, limit.deadline, &token, limit.ctx ? 1 : 0);
    self->task = wait.task;
    self->claim = &wait.claim;
    uint32_t winner = wait_park(&wait, what, unlock_guard, guard);
    if (winner == BY_OWNER)
        return RN_OK;
    lock_acquire(guard);
    waitq_take_out(q, self);
    lock_release(guard);
    return winner == BY_CONTEXT ? wait_limit_status(limit) : RN_TIMEOUT;
}

int waitq_park(lock_word *guard, struct waitq q, struct rn_waiter_ *self,
               enum wait_reason reason, struct wait_limit limit)
{
    struct wait_for what = {.reason = reason, .object = guard};
    INVARIANT(self->queued);
    if (limit.deadline != RN_NEVER || limit.ctx)
        return park_within(guard, q, self, what, limit);
    self->task = task_self();
    self->claim = NULL;
    sched_park(what, unlock_guard, guard);
    return RN_OK;
}

void ready_chain(struct task *chain)
{
    while (chain) {
        struct task *next = chain->next; /* used by queues once it is ready */
        sched_ready(chain);
        chain = next;
    }
}
