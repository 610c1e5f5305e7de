/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait.h: a wait that may end in several ways, of which exactly one happens.
 *
 * Sources of an end: the thing itself (a channel, a lock, a descriptor), a
 * deadline, cancel tokens. Each knows the wait by its claim; the first to move
 * that from 0 to its own number wins and makes the task ready. The numbers are
 * the caller's, from 1; the deadline's is WAIT_BY_TIMER.
 *
 * A cancel token is what a context is underneath: it fires once, for ever.
 */
#ifndef RUNNEL_WAIT_H
#define RUNNEL_WAIT_H

#include "list.h"
#include "lock.h"
#include "task_internal.h"
#include "timerq.h"

#define WAIT_BY_TIMER UINT32_MAX

struct rn_ctx;

struct cancel_token {
    lock_word lock;
    _Atomic(int) status; /* 0, or the negative status it fired with; written
                            once under the lock, release; read with acquire */
    const void *cause;   /* what else he says who fired it; before status */
    struct list waiters; /* token_wait.node; under the lock */
};

/* A place in a token's list. */
struct token_wait {
    struct list node;
    struct cancel_token *token;
    struct task *task;
    _Atomic(uint32_t) *claim;
    uint32_t source;
    struct token_wait *next; /* in a chain of won ones */
};

void token_init(struct cancel_token *token);
/* 0, or what it fired with. */
int token_status(const struct cancel_token *token);
/*
 * Fires: sets the status (and the cause, which lasts as long as the token) and
 * wakes those who wait. False when it had fired. The caller holds no lock.
 */
bool token_fire(struct cancel_token *token, int status, const void *cause);

/* The token of a context: a struct rn_ctx begins with it. */
static inline struct cancel_token *ctx_token(struct rn_ctx *ctx)
{
    return (struct cancel_token *)ctx;
}

struct wait {
    _Atomic(uint32_t) claim;
    struct task *task;
    int64_t deadline;
    struct token_wait *tokens;
    size_t token_count;
    /*
     * Held from before the park until the last source is armed: the task, once
     * awake, takes it before it lets the record go.
     */
    lock_word guard;
    struct timer timer;
    void (*unlock)(void *arg);
    void *unlock_arg;
};

/*
 * A wait of the caller until the deadline or one of the tokens; `tokens` have
 * `token` and `source` filled and, like the wait, last until wait_park
 * returned.
 */
void wait_begin(struct wait *wait, int64_t deadline, struct token_wait *tokens,
                size_t token_count);

/*
 * Parks; `unlock(arg)` is called once the caller is off its stack and releases
 * what the caller holds (NULL: nothing). Returns the number of the source that
 * won; the deadline and the tokens are then disarmed. The caller takes its own
 * records out where it had put them.
 */
uint32_t wait_park(struct wait *wait, struct wait_for what,
                   void (*unlock)(void *arg), void *arg);

#endif
