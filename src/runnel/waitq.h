/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waitq.h: those who wait for a primitive of sync.h, oldest first.
 *
 * The queue's ends lie in the public struct, under its `guard_`; a record is
 * on the stack of who waits. Invariants, under the guard:
 *
 *  1. A record is in the queue exactly while `queued` is set.
 *  2. Who takes a record out to wake its owner must win it (waitq_win): with a
 *     deadline or a context the wait may have ended by that meanwhile.
 *  3. Who was won is made ready once, after the guard is released; what it was
 *     given (the lock, the places) was given under the guard, so it need not
 *     look again.
 *
 * Rejected: a queue in a table by address, as futexes and Go's semaphores have
 * it. It makes the primitives a word large, but each wait takes a lock that
 * strangers share.
 */
#ifndef RUNNEL_WAITQ_H
#define RUNNEL_WAITQ_H

#include "lock.h"
#include "task_internal.h"
#include "wait.h"

struct rn_waiter_ {
    struct rn_waiter_ *next;
    struct rn_waiter_ *prev;
    bool queued;
    bool reader;              /* RWMutex: wants the read side */
    bool tried;               /* RWMutex: was woken before, in vain */
    _Atomic(bool) granted;    /* the lock was handed over; by the guard */
    int64_t weight;           /* Semaphore: places wanted */
    int64_t since;            /* it waits; 0: nobody wants to know */
    int64_t charged;          /* up to then it was told that it waits */
    struct task *task;        /* NULL: queued, but not parked yet */
    _Atomic(uint32_t) *claim; /* NULL: only its primitive ends the wait */
};

/* The first and last of a queue, wherever they lie. */
struct waitq {
    struct rn_waiter_ **first;
    struct rn_waiter_ **last;
};

#define WAITQ_OF(object) ((struct waitq){&(object)->first_, &(object)->last_})

/* What ends a wait besides its primitive. */
struct wait_limit {
    int64_t deadline;
    struct rn_ctx *ctx; /* or NULL */
};

#define NO_LIMIT ((struct wait_limit){.deadline = RN_NEVER})

/* Why the limit's context is done; RN_OK when it is not, or there is none. */
static inline int wait_limit_status(struct wait_limit limit)
{
    return limit.ctx ? token_status(ctx_token(limit.ctx)) : RN_OK;
}

/* For the profile of contention: now, when it is on. */
int64_t waitq_since(void);
/*
 * Under the guard, by who won the waiter: how long it has waited since that was
 * last asked; 0 while that profile is off.
 */
int64_t waitq_charge(struct rn_waiter_ *w);

void waitq_push_back(struct waitq q, struct rn_waiter_ *w);
void waitq_push_front(struct waitq q, struct rn_waiter_ *w);
/* Nothing when it is not queued. */
void waitq_take_out(struct waitq q, struct rn_waiter_ *w);
/* True when the waiter is to be woken by us; out of the queue either way. */
bool waitq_win(struct waitq q, struct rn_waiter_ *w);

/*
 * With the guard held and `self` queued: parks until it is won (RN_OK), or the
 * limit ends the wait (RN_TIMEOUT, or why the context is done; out of the queue
 * then). Releases the guard.
 */
int waitq_park(lock_word *guard, struct waitq q, struct rn_waiter_ *self,
               enum wait_reason reason, struct wait_limit limit);

/* Puts the task before a chain of those to be made ready; the new chain. */
static inline struct task *chain_task(struct task *task, struct task *chain)
{
    task->next = chain;
    return task;
}

/* Makes a chain of tasks ready; it was built under a guard that is free now. */
void ready_chain(struct task *chain);

#endif
